#include "embeddings/embedding_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>

#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/partial_file.h"
#include "embeddings/embedding_manifest.h"
#include "embeddings/hdf5_columns.h"
#include "embeddings/line_spool.h"

namespace virnucpro {
namespace {

/// A type for texts of a fixed size; HDF5 needs at least one byte.
Hdf5Type text_type(const std::string& path, std::size_t bytes) {
  Hdf5Type type(hdf5_checked(H5Tcopy(H5T_C_S1), path, "make a string type"));
  hdf5_checked(H5Tset_size(type.get(), std::max<std::size_t>(1, bytes)), path,
               "make a string type");
  hdf5_checked(H5Tset_strpad(type.get(), H5T_STR_NULLPAD), path, "make a string type");
  hdf5_checked(H5Tset_cset(type.get(), H5T_CSET_UTF8), path, "make a string type");
  return type;
}

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

void write_attribute(const Hdf5File& file, const std::string& path, const char* name, hid_t type,
                     const void* value) {
  const Hdf5Space space(hdf5_checked(H5Screate(H5S_SCALAR), path, "write an attribute"));
  const Hdf5Attribute attribute(
      hdf5_checked(H5Acreate2(file.get(), name, type, space.get(), H5P_DEFAULT, H5P_DEFAULT), path,
                   "write an attribute"));
  hdf5_checked(H5Awrite(attribute.get(), type, value), path, "write an attribute");
}

}  // namespace

struct EmbeddingFile::State {
  explicit State(const std::string& path) : file(path), ids(folder_of(path)) {}
  ~State() {
    const std::lock_guard lock(hdf5_mutex());
    for (std::optional<Hdf5Column>& column : columns) column.reset();
    hdf5 = {};
  }

  const std::string& path() const { return file.path(); }
  Hdf5Column& of(EmbeddingColumn column) { return *columns[static_cast<std::size_t>(column)]; }
  void create();
  void write_origin();
  void open_columns();
  void write_ids();
  void write_trailer();

  PartialFile file;
  Hdf5File hdf5;
  EmbeddingManifest manifest;
  std::array<std::optional<Hdf5Column>, kEmbeddingColumns.size()> columns;
  LineSpool ids;
};

void EmbeddingFile::State::create() {
  // Every handle is closed by its owner, and HDF5 1.10's own clean-up at exit crashes after a full
  // disk.
  H5dont_atexit();
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // the library never prints
  const Hdf5Properties access(hdf5_checked(H5Pcreate(H5P_FILE_ACCESS), path(), "create"));
  // PartialFile holds the lock already, and a second one of this process would be refused.
  hdf5_checked(H5Pset_file_locking(access.get(), false, true), path(), "create");
  // The oldest form with checksums of its metadata, for users who read the file by HDF5.
  hdf5_checked(H5Pset_libver_bounds(access.get(), H5F_LIBVER_V110, H5F_LIBVER_V110), path(),
               "create");
  // Small chunks, too, must lie at the end of the file when they are written.
  hdf5_checked(H5Pset_small_data_block_size(access.get(), 0), path(), "create");
  const Hdf5Properties creation(hdf5_checked(H5Pcreate(H5P_FILE_CREATE), path(), "create"));
  // No time stamps: equal runs write equal bytes.
  hdf5_checked(H5Pset_obj_track_times(creation.get(), false), path(), "create");
  hdf5 = Hdf5File(hdf5_checked(
      H5Fcreate(file.partial_path().c_str(), H5F_ACC_TRUNC, creation.get(), access.get()), path(),
      "create"));
}

void EmbeddingFile::State::write_origin() {
  const EmbeddingOrigin& origin = manifest.origin;
  const auto write_text = [&](const std::string& name, const std::string& value) {
    write_attribute(hdf5, path(), name.c_str(), text_type(path(), value.size()).get(),
                    value.c_str());
  };
  write_text("program", "virnucpro");
  write_text("program_version", origin.program_version);
  write_text("bundle", origin.bundle);
  write_text("precision", origin.precision);
  for (const ModelPart& part : origin.parts) write_text(part.name + "_sha256", part.sha256);
  write_attribute(hdf5, path(), "expected_length", H5T_NATIVE_INT64, &origin.expected_length);
  if (!origin.says_what_was_read()) return;
  write_text("frames", std::string(name_of(origin.frames.choice)));
  const std::int64_t least_run = origin.frames.least_run;
  const std::int64_t genetic_code = origin.frames.code.number();
  write_attribute(hdf5, path(), "least_run", H5T_NATIVE_INT64, &least_run);
  write_attribute(hdf5, path(), "genetic_code", H5T_NATIVE_INT64, &genetic_code);
}

void EmbeddingFile::State::open_columns() {
  for (std::size_t i = 0; i < manifest.column_count(); ++i) {
    const auto column = static_cast<EmbeddingColumn>(i);
    hsize_t width = 0;  // a dataset of one dimension
    Hdf5Type type;
    if (column == EmbeddingColumn::kFrame) {
      type = text_type(path(), FrameName().size());
    } else if (column == EmbeddingColumn::kDnabertS || column == EmbeddingColumn::kEsm2) {
      width = manifest.row_bytes_of(column) / sizeof(float);
      type = Hdf5Type(hdf5_checked(H5Tcopy(H5T_IEEE_F32LE), path(), "make a type"));
    } else {
      type = Hdf5Type(
          hdf5_checked(H5Tcopy(manifest.row_bytes_of(column) == 1 ? H5T_STD_U8LE : H5T_STD_U64LE),
                       path(), "make a type"));
    }
    columns[i].emplace(hdf5, file, kEmbeddingColumns[i], std::move(type), width,
                       manifest.row_bytes_of(column));
  }
}

/// Writes the ids for users, once the length of the longest one is known.
void EmbeddingFile::State::write_ids() {
  const std::size_t size = std::max<std::size_t>(1, ids.longest());
  // Compressed, because one long id makes all of them long.
  Hdf5Column column(hdf5, file, "ids", text_type(path(), size), 0, size, /*is_compressed=*/true);
  std::string row;
  ids.for_each([&](std::string_view id) {
    row.assign(id);
    row.resize(size, '\0');
    column.append(row.data(), 1);
  });
  column.finish();
}

/// Writes the trailer after the HDF5 part, where HDF5's readers do not look.
void EmbeddingFile::State::write_trailer() {
  const off_t end = ::lseek(file.descriptor(), 0, SEEK_END);
  if (end < 0) fail_output(path(), "write", errno);
  const std::string trailer = embedding_trailer(manifest, static_cast<std::uint64_t>(end));
  for (std::size_t written = 0; written < trailer.size();) {
    const ssize_t count = ::pwrite(file.descriptor(), trailer.data() + written,
                                   trailer.size() - written, end + static_cast<off_t>(written));
    if (count < 0 && errno != EINTR) fail_output(path(), "write", errno);
    if (count > 0) written += static_cast<std::size_t>(count);
  }
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
  s.manifest.origin = origin;
  s.manifest.dnabert_width = static_cast<std::uint64_t>(dnabert_width);
  s.manifest.esm2_width = static_cast<std::uint64_t>(esm2_width);
  const std::lock_guard lock(hdf5_mutex());
  s.create();
  s.write_origin();
  s.open_columns();
}

EmbeddingFile::~EmbeddingFile() = default;

void EmbeddingFile::add_record(std::string_view id) {
  State& s = *state_;
  const std::lock_guard lock(hdf5_mutex());
  s.of(EmbeddingColumn::kIdBytes).append(id.data(), id.size());
  s.manifest.id_bytes += id.size();
  s.of(EmbeddingColumn::kIdEnds).append(&s.manifest.id_bytes, 1);
  ++s.manifest.records;
}

void EmbeddingFile::append(std::span<const EmbeddingRow> rows, std::span<const std::string> ids,
                           std::span<const float> features) {
  State& s = *state_;
  const auto dna = static_cast<std::size_t>(s.manifest.dnabert_width);
  const std::size_t width = dna + static_cast<std::size_t>(s.manifest.esm2_width);
  check(ids.size() == rows.size() && features.size() == rows.size() * width,
        "{} ids and {} features for {} rows of width {}", ids.size(), features.size(), rows.size(),
        width);
  const std::lock_guard lock(hdf5_mutex());
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    check(rows[i].record < s.manifest.records, "a row of record {}, which was not added",
          rows[i].record);
    const std::uint64_t record = rows[i].record + 1;
    const std::uint64_t chunk = rows[i].chunk + 1;
    const float* const values = features.data() + i * width;
    s.of(EmbeddingColumn::kRecord).append(&record, 1);
    s.of(EmbeddingColumn::kChunk).append(&chunk, 1);
    s.of(EmbeddingColumn::kFrame).append(rows[i].frame.data(), 1);
    s.of(EmbeddingColumn::kDnabertS).append(values, 1);
    s.of(EmbeddingColumn::kEsm2).append(values + dna, 1);
    s.ids.add(ids[i]);
    if (!s.manifest.origin.says_what_was_read()) continue;
    const std::uint8_t is_run = rows[i].is_run ? 1 : 0;
    s.of(EmbeddingColumn::kStart).append(&rows[i].start, 1);
    s.of(EmbeddingColumn::kEnd).append(&rows[i].end, 1);
    s.of(EmbeddingColumn::kRun).append(&is_run, 1);
  }
  s.manifest.rows += rows.size();
}

void EmbeddingFile::finish() {
  State& s = *state_;
  {
    const std::lock_guard lock(hdf5_mutex());
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    for (std::size_t i = 0; i < s.manifest.column_count(); ++i) {
      s.manifest.columns[i] = s.columns[i]->finish();
      s.columns[i].reset();
    }
    s.write_ids();
    hdf5_checked(H5Fflush(s.hdf5.get(), H5F_SCOPE_GLOBAL), s.path(), "write");
    if (!s.hdf5.close()) fail_hdf5(s.path(), "close");
  }
  s.write_trailer();
  s.file.sync();
}

void EmbeddingFile::publish() { state_->file.publish(); }

std::uint64_t EmbeddingFile::rows() const { return state_->manifest.rows; }
std::uint64_t EmbeddingFile::records() const { return state_->manifest.records; }

}  // namespace virnucpro
