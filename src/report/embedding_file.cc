#include "report/embedding_file.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/partial_file.h"
#include "report/hdf5_handle.h"

namespace virnucpro {
namespace {

// A chunk must fit into HDF5's cache of 1 MiB a dataset, or every append would read it back.
constexpr hsize_t kChunkBytes = hsize_t{1} << 19;

hsize_t chunk_rows(std::size_t row_bytes) {
  return std::clamp<hsize_t>(kChunkBytes / row_bytes, 1, 8192);
}

[[noreturn]] void fail(const std::string& path, const char* what) {
  throw OutputError(fmt::format(
      "{}: cannot {}: {}. Free some space or choose another place with -o, and run again.", path,
      what, hdf5_reason()));
}

/// Hands `value` through unless it is HDF5's mark of a failure.
template <typename T>
T checked(T value, const std::string& path, const char* what) {
  if (value < 0) fail(path, what);
  return value;
}

Hdf5Type utf8_type(const std::string& path) {
  Hdf5Type type(checked(H5Tcopy(H5T_C_S1), path, "make a string type"));
  checked(H5Tset_size(type.get(), H5T_VARIABLE), path, "make a string type");
  checked(H5Tset_cset(type.get(), H5T_CSET_UTF8), path, "make a string type");
  return type;
}

}  // namespace

std::mutex& hdf5_mutex() {
  // The one static of the module: what it guards is global, too.
  static std::mutex mutex;
  return mutex;
}

std::string hdf5_reason() {
  std::string reason;
  // Upward: from the function that failed first. Its text holds errno where there was one.
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_UPWARD,
      [](unsigned number, const H5E_error2_t* error, void* text) -> herr_t {
        if (number == 0 && error->desc != nullptr) {
          static_cast<std::string*>(text)->assign(error->desc);
        }
        return 0;
      },
      &reason);
  return reason.empty() ? "HDF5 gives no reason" : reason;
}

struct EmbeddingFile::State {
  explicit State(const std::string& path) : file(path) {}
  ~State() {
    const std::lock_guard lock(hdf5_mutex());
    ids = {};
    dnabert_s = {};
    esm2 = {};
    hdf5 = {};
  }

  PartialFile file;
  Hdf5File hdf5;
  Hdf5Dataset ids;
  Hdf5Dataset dnabert_s;
  Hdf5Dataset esm2;
  std::int64_t dnabert_width = 0;
  std::int64_t esm2_width = 0;
  std::uint64_t rows = 0;
  std::vector<const char*> pointers;  // reused

  const std::string& path() const { return file.path(); }

  Hdf5Dataset create(const char* name, hid_t type, std::int64_t width);
  void attribute(const char* name, hid_t type, const void* value);
  void extend(const Hdf5Dataset& dataset, std::int64_t width, hsize_t count, hid_t type,
              std::int64_t first_column, std::int64_t columns, const void* values);
};

/// An empty dataset [0] or, with a width, [0, width] that can grow downwards.
Hdf5Dataset EmbeddingFile::State::create(const char* name, hid_t type, std::int64_t width) {
  const int rank = width > 0 ? 2 : 1;
  const auto columns = static_cast<hsize_t>(width);
  const std::size_t row_bytes = width > 0 ? columns * sizeof(float) : sizeof(hvl_t);
  const std::array<hsize_t, 2> size = {0, columns};
  const std::array<hsize_t, 2> limit = {H5S_UNLIMITED, columns};
  const std::array<hsize_t, 2> chunk = {chunk_rows(row_bytes), columns};
  const Hdf5Space space(
      checked(H5Screate_simple(rank, size.data(), limit.data()), path(), "make a data space"));
  const Hdf5Properties properties(checked(H5Pcreate(H5P_DATASET_CREATE), path(), "make a dataset"));
  checked(H5Pset_chunk(properties.get(), rank, chunk.data()), path(), "make a dataset");
  // No time stamps: equal runs write equal bytes.
  checked(H5Pset_obj_track_times(properties.get(), false), path(), "make a dataset");
  return Hdf5Dataset(checked(
      H5Dcreate2(hdf5.get(), name, type, space.get(), H5P_DEFAULT, properties.get(), H5P_DEFAULT),
      path(), "make a dataset"));
}

void EmbeddingFile::State::attribute(const char* name, hid_t type, const void* value) {
  const Hdf5Space space(checked(H5Screate(H5S_SCALAR), path(), "make an attribute"));
  Hdf5Attribute attribute(
      checked(H5Acreate2(hdf5.get(), name, type, space.get(), H5P_DEFAULT, H5P_DEFAULT), path(),
              "make an attribute"));
  checked(H5Awrite(attribute.get(), type, value), path(), "write an attribute");
}

/// Appends `count` rows: columns [first_column, +columns) of `values` [count, width].
void EmbeddingFile::State::extend(const Hdf5Dataset& dataset, std::int64_t width, hsize_t count,
                                  hid_t type, std::int64_t first_column, std::int64_t columns,
                                  const void* values) {
  const int rank = columns > 0 ? 2 : 1;
  const std::array<hsize_t, 2> size = {rows + count, static_cast<hsize_t>(columns)};
  checked(H5Dset_extent(dataset.get(), size.data()), path(), "grow a dataset");
  const Hdf5Space target(checked(H5Dget_space(dataset.get()), path(), "grow a dataset"));
  const std::array<hsize_t, 2> target_start = {rows, 0};
  const std::array<hsize_t, 2> block = {count, static_cast<hsize_t>(columns)};
  checked(H5Sselect_hyperslab(target.get(), H5S_SELECT_SET, target_start.data(), nullptr,
                              block.data(), nullptr),
          path(), "select rows");
  const std::array<hsize_t, 2> source_size = {count, static_cast<hsize_t>(width)};
  const Hdf5Space source(
      checked(H5Screate_simple(rank, source_size.data(), nullptr), path(), "select rows"));
  const std::array<hsize_t, 2> source_start = {0, static_cast<hsize_t>(first_column)};
  checked(H5Sselect_hyperslab(source.get(), H5S_SELECT_SET, source_start.data(), nullptr,
                              block.data(), nullptr),
          path(), "select rows");
  checked(H5Dwrite(dataset.get(), type, source.get(), target.get(), H5P_DEFAULT, values), path(),
          "write");
}

EmbeddingFile::EmbeddingFile(const std::string& path, const EmbeddingOrigin& origin,
                             std::int64_t dnabert_width, std::int64_t esm2_width) {
  if (path == "-") {
    throw ConfigError(
        "embed writes HDF5, which needs a file to seek in: '-' (standard output) cannot be used. "
        "Name a file, such as -o features.h5.");
  }
  check(dnabert_width > 0 && esm2_width > 0, "embedding widths {} and {}", dnabert_width,
        esm2_width);
  state_ = std::make_unique<State>(path);
  State& s = *state_;
  s.dnabert_width = dnabert_width;
  s.esm2_width = esm2_width;

  const std::lock_guard lock(hdf5_mutex());
  // Everything is closed by its owner, and HDF5 1.10's own clean-up at exit crashes after a full
  // disk.
  H5dont_atexit();
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // the library never prints
  const Hdf5Properties access(checked(H5Pcreate(H5P_FILE_ACCESS), path, "create"));
  // PartialFile holds the lock already, and a second one of this process would be refused.
  checked(H5Pset_file_locking(access.get(), false, true), path, "create");
  s.hdf5 = Hdf5File(
      checked(H5Fcreate(s.file.partial_path().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.get()),
              path, "create"));
  const Hdf5Type text = utf8_type(path);
  const auto write_text = [&](const char* name, const std::string& value) {
    const char* pointer = value.c_str();
    s.attribute(name, text.get(), &pointer);
  };
  write_text("program", "virnucpro");
  write_text("program_version", origin.program_version);
  write_text("bundle", origin.bundle);
  write_text("precision", origin.precision);
  for (const ModelPart& part : origin.parts)
    write_text((part.name + "_sha256").c_str(), part.sha256);
  s.attribute("expected_length", H5T_NATIVE_INT64, &origin.expected_length);
  s.ids = s.create("ids", text.get(), 0);
  s.dnabert_s = s.create("dnabert_s", H5T_NATIVE_FLOAT, dnabert_width);
  s.esm2 = s.create("esm2", H5T_NATIVE_FLOAT, esm2_width);
}

EmbeddingFile::~EmbeddingFile() = default;

void EmbeddingFile::append(std::span<const std::string> ids, std::span<const float> features) {
  State& s = *state_;
  const std::int64_t width = s.dnabert_width + s.esm2_width;
  check(features.size() == ids.size() * static_cast<std::size_t>(width),
        "{} features for {} ids of width {}", features.size(), ids.size(), width);
  if (ids.empty()) return;
  s.pointers.clear();
  for (const std::string& id : ids) s.pointers.push_back(id.c_str());

  const std::lock_guard lock(hdf5_mutex());
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  const Hdf5Type text = utf8_type(s.path());
  const auto count = static_cast<hsize_t>(ids.size());
  s.extend(s.ids, 0, count, text.get(), 0, 0, s.pointers.data());
  s.extend(s.dnabert_s, width, count, H5T_NATIVE_FLOAT, 0, s.dnabert_width, features.data());
  s.extend(s.esm2, width, count, H5T_NATIVE_FLOAT, s.dnabert_width, s.esm2_width, features.data());
  s.rows += ids.size();
}

void EmbeddingFile::finish() {
  State& s = *state_;
  {
    const std::lock_guard lock(hdf5_mutex());
    checked(H5Fflush(s.hdf5.get(), H5F_SCOPE_GLOBAL), s.path(), "write");
    if (!s.ids.close() || !s.dnabert_s.close() || !s.esm2.close() || !s.hdf5.close()) {
      fail(s.path(), "close");
    }
  }
  s.file.sync();
}

void EmbeddingFile::publish() { state_->file.publish(); }

std::uint64_t EmbeddingFile::rows() const { return state_->rows; }

}  // namespace virnucpro
