// The library's errors as Python exceptions of the same names.
#pragma once

#include <nanobind/nanobind.h>

#include <exception>

namespace virnucpro::python {

/// Text that may hold any bytes: those that are not UTF-8 become \xHH, as in the program's tables.
inline nanobind::object text_of(const char* bytes, std::size_t size) {
  return nanobind::steal(
      PyUnicode_DecodeUTF8(bytes, static_cast<Py_ssize_t>(size), "backslashreplace"));
}

/// Throws the exception of virnucpro.errors that stands for `error`. Needs the GIL.
[[noreturn]] void raise(const std::exception& error);
[[noreturn]] void raise(const char* name, const char* text);

/// Runs `function`, whose errors of the library become Python's. Needs the GIL at its end.
template <typename Function>
auto translated(const Function& function) {
  try {
    return function();
  } catch (const nanobind::python_error&) {
    throw;
  } catch (const std::exception& error) {
    raise(error);
  }
}

}  // namespace virnucpro::python
