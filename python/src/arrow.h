// Tables in Arrow's C data interface, as PyCapsules: any Arrow library takes them without a copy.
#pragma once

#include <nanobind/nanobind.h>

namespace virnucpro::python {

/// Adds `arrow_schema`, `arrow_array` and `arrow_stream` to the module. Each takes a list of
/// columns (name, format, buffers), where a buffer is an object with the buffer protocol or None;
/// the latter two the number of rows, too, and keep the buffers until the consumer releases the
/// table.
void add_arrow(nanobind::module_& module);

}  // namespace virnucpro::python
