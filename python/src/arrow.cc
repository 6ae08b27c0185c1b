#include "arrow.h"

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace virnucpro::python {
namespace {

namespace nb = nanobind;

// The structures of https://arrow.apache.org/docs/format/CDataInterface.html, which fixes them.
struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  std::int64_t flags;
  std::int64_t n_children;
  ArrowSchema** children;
  ArrowSchema* dictionary;
  void (*release)(ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  std::int64_t length;
  std::int64_t null_count;
  std::int64_t offset;
  std::int64_t n_buffers;
  std::int64_t n_children;
  const void** buffers;
  ArrowArray** children;
  ArrowArray* dictionary;
  void (*release)(ArrowArray*);
  void* private_data;
};

struct ArrowArrayStream {
  int (*get_schema)(ArrowArrayStream*, ArrowSchema* out);
  int (*get_next)(ArrowArrayStream*, ArrowArray* out);
  const char* (*get_last_error)(ArrowArrayStream*);
  void (*release)(ArrowArrayStream*);
  void* private_data;
};

constexpr std::int64_t kNullable = 2;
constexpr std::int64_t kNullsNotCounted = -1;

/// The buffers of Python objects, held until the consumer releases them, on whatever thread.
class HeldBuffers {
 public:
  HeldBuffers() = default;
  HeldBuffers(const HeldBuffers&) = delete;
  HeldBuffers& operator=(const HeldBuffers&) = delete;
  ~HeldBuffers() {
    // After the interpreter has ended its memory is nobody's any more.
    if (views_.empty() || !nb::is_alive()) return;
    const nb::gil_scoped_acquire acquire;
    for (const auto& view : views_) PyBuffer_Release(view.get());
  }
  const void* hold(nb::handle object) {
    auto view = std::make_unique<Py_buffer>();
    if (PyObject_GetBuffer(object.ptr(), view.get(), PyBUF_SIMPLE) != 0) throw nb::python_error();
    views_.push_back(std::move(view));
    return views_.back()->buf;
  }

 private:
  std::vector<std::unique_ptr<Py_buffer>> views_;
};

struct Column {
  std::string name;
  std::string format;
  std::vector<const void*> buffers;
};

/// What all structures of one table share.
struct Table {
  std::vector<Column> columns;
  HeldBuffers held;
  std::int64_t rows = 0;
};

std::shared_ptr<Table> table_of(const nb::list& columns, std::int64_t rows) {
  auto table = std::make_shared<Table>();
  table->rows = rows;
  for (nb::handle each : columns) {
    Column column;
    column.name = nb::cast<nb::str>(each[0]).c_str();
    column.format = nb::cast<nb::str>(each[1]).c_str();
    for (nb::handle buffer : nb::cast<nb::list>(each[2])) {
      column.buffers.push_back(buffer.is_none() ? nullptr : table->held.hold(buffer));
    }
    table->columns.push_back(std::move(column));
  }
  return table;
}

/// Owns the children of a structure and what they point to.
template <typename Struct>
struct Parts {
  std::shared_ptr<Table> table;
  std::vector<Struct> children;
  std::vector<Struct*> pointers;
  const void* no_validity = nullptr;  // the one buffer of a struct array
};

template <typename Struct>
void release(Struct* structure) {
  auto* parts = static_cast<Parts<Struct>*>(structure->private_data);
  structure->release = nullptr;
  if (parts == nullptr) return;
  for (Struct& child : parts->children) {
    if (child.release != nullptr) child.release(&child);
  }
  delete parts;
}

/// A child that a consumer has moved away needs the table still.
template <typename Struct>
void keep_table(Struct& child, const std::shared_ptr<Table>& table) {
  child.private_data = new Parts<Struct>{table, {}, {}, nullptr};
  child.release = release<Struct>;
}

void export_schema(const std::shared_ptr<Table>& table, ArrowSchema* out) {
  auto parts = std::make_unique<Parts<ArrowSchema>>();
  parts->table = table;
  for (const Column& column : table->columns) {
    ArrowSchema& child = parts->children.emplace_back(ArrowSchema{});
    child.format = column.format.c_str();
    child.name = column.name.c_str();
    child.flags = kNullable;
    keep_table(child, table);
  }
  for (ArrowSchema& child : parts->children) parts->pointers.push_back(&child);
  *out = {};
  out->format = "+s";
  out->name = "";
  out->n_children = static_cast<std::int64_t>(parts->children.size());
  out->children = parts->pointers.data();
  out->release = release<ArrowSchema>;
  out->private_data = parts.release();
}

void export_array(const std::shared_ptr<Table>& table, ArrowArray* out) {
  auto parts = std::make_unique<Parts<ArrowArray>>();
  parts->table = table;
  for (Column& column : table->columns) {
    ArrowArray& child = parts->children.emplace_back(ArrowArray{});
    child.length = table->rows;
    child.null_count = column.buffers.front() == nullptr ? 0 : kNullsNotCounted;
    child.n_buffers = static_cast<std::int64_t>(column.buffers.size());
    child.buffers = column.buffers.data();
    keep_table(child, table);
  }
  for (ArrowArray& child : parts->children) parts->pointers.push_back(&child);
  *out = {};
  out->length = table->rows;
  out->n_buffers = 1;
  out->buffers = &parts->no_validity;
  out->n_children = static_cast<std::int64_t>(parts->children.size());
  out->children = parts->pointers.data();
  out->release = release<ArrowArray>;
  out->private_data = parts.release();
}

/// The whole table in one batch.
struct StreamState {
  std::shared_ptr<Table> table;
  bool is_given = false;
};

void export_stream(const std::shared_ptr<Table>& table, ArrowArrayStream* out) {
  *out = {};
  out->private_data = new StreamState{table};
  out->get_schema = [](ArrowArrayStream* stream, ArrowSchema* schema) {
    try {
      export_schema(static_cast<StreamState*>(stream->private_data)->table, schema);
      return 0;
    } catch (const std::exception&) {
      return ENOMEM;
    }
  };
  out->get_next = [](ArrowArrayStream* stream, ArrowArray* array) {
    auto& state = *static_cast<StreamState*>(stream->private_data);
    try {
      if (state.is_given) {
        *array = {};  // the end
      } else {
        export_array(state.table, array);
      }
      state.is_given = true;
      return 0;
    } catch (const std::exception&) {
      return ENOMEM;
    }
  };
  out->get_last_error = [](ArrowArrayStream*) -> const char* { return "out of memory"; };
  out->release = [](ArrowArrayStream* stream) {
    delete static_cast<StreamState*>(stream->private_data);
    stream->release = nullptr;
  };
}

/// A capsule with the structure that `fill` makes; releases it unless a consumer has.
template <typename Struct, typename Fill>
nb::object capsule_of(const char* name, const Fill& fill) {
  auto structure = std::make_unique<Struct>();
  fill(structure.get());
  PyObject* capsule = PyCapsule_New(structure.get(), name, [](PyObject* self) {
    auto* held = static_cast<Struct*>(PyCapsule_GetPointer(self, PyCapsule_GetName(self)));
    if (held->release != nullptr) held->release(held);
    delete held;
  });
  if (capsule == nullptr) {
    structure->release(structure.get());
    throw nb::python_error();
  }
  structure.release();
  return nb::steal(capsule);
}

nb::object schema_capsule(const std::shared_ptr<Table>& table) {
  return capsule_of<ArrowSchema>("arrow_schema",
                                 [&](ArrowSchema* out) { export_schema(table, out); });
}

}  // namespace

void add_arrow(nb::module_& module) {
  module.def("arrow_schema",
             [](const nb::list& columns) { return schema_capsule(table_of(columns, 0)); });
  module.def("arrow_array", [](const nb::list& columns, std::int64_t rows) {
    const auto table = table_of(columns, rows);
    return nb::make_tuple(
        schema_capsule(table),
        capsule_of<ArrowArray>("arrow_array", [&](ArrowArray* out) { export_array(table, out); }));
  });
  module.def("arrow_stream", [](const nb::list& columns, std::int64_t rows) {
    const auto table = table_of(columns, rows);
    return capsule_of<ArrowArrayStream>("arrow_array_stream",
                                        [&](ArrowArrayStream* out) { export_stream(table, out); });
  });
}

}  // namespace virnucpro::python
