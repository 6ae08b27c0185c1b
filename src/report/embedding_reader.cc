#include "report/embedding_reader.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "base/errors.h"
#include "base/format.h"
#include "report/hdf5_handle.h"

namespace virnucpro {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{4} << 20;
/// Wider than any encoder: what is beyond is damage, and would be asked of the memory.
constexpr hsize_t kLargestWidth = hsize_t{1} << 20;
constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";
constexpr std::array kPartNames = {"tokenizer", "dnabert_s", "esm2"};

std::string hash_attribute(const char* part) { return std::string(part) + "_sha256"; }

/// Gives back the strings that HDF5 has allocated.
class StringBuffer {
 public:
  StringBuffer(hid_t type, hid_t space, std::size_t count)
      : type_(type), space_(space), pointers_(count, nullptr) {}
  ~StringBuffer() {
    if (!pointers_.empty()) H5Dvlen_reclaim(type_, space_, H5P_DEFAULT, pointers_.data());
  }
  StringBuffer(const StringBuffer&) = delete;
  StringBuffer& operator=(const StringBuffer&) = delete;
  char** data() { return pointers_.data(); }
  const char* operator[](std::size_t i) const { return pointers_[i]; }

 private:
  hid_t type_;
  hid_t space_;
  std::vector<char*> pointers_;
};

}  // namespace

bool is_hdf5_file(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  std::ifstream file(path, std::ios::binary);
  std::array<char, kSignature.size()> start{};
  file.read(start.data(), start.size());
  return file.good() && std::string_view(start.data(), start.size()) == kSignature;
}

struct EmbeddingReader::State {
  ~State() {
    const std::lock_guard lock(hdf5_mutex());
    ids = {};
    dnabert_s = {};
    esm2 = {};
    hdf5 = {};
  }

  std::string path;
  Hdf5File hdf5;
  Hdf5Dataset ids;
  Hdf5Dataset dnabert_s;
  Hdf5Dataset esm2;
  EmbeddingOrigin origin;
  std::uint64_t rows = 0;
  std::uint64_t position = 0;
  std::int64_t dnabert_width = 0;
  std::int64_t esm2_width = 0;

  [[noreturn]] void fail(const std::string& what) const {
    throw InputError(fmt::format(
        "{}: {}. It is damaged or no file of embeddings: make it with 'virnucpro embed'.", path,
        what));
  }
  [[noreturn]] void fail_reading(const char* dataset) const {
    fail(fmt::format("dataset {} cannot be read: {}", dataset, hdf5_reason()));
  }

  void open();
  Hdf5Dataset open_dataset(const char* name);
  std::array<hsize_t, 2> size_of(const Hdf5Dataset& dataset, const char* name, int rank);
  std::int64_t open_values(Hdf5Dataset& dataset, const char* name);
  std::string text(const std::string& name);
  std::int64_t number(const char* name);
  Hdf5Space select(const Hdf5Dataset& dataset, const char* name, hsize_t count, hsize_t columns);
  void read_ids(hsize_t count, std::vector<std::string>& values);
  void read_values(const Hdf5Dataset& dataset, const char* name, hsize_t count, std::int64_t width,
                   const std::vector<std::string>& names, std::vector<float>& values);
};

void EmbeddingReader::State::open() {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // the library never prints
  hdf5 = Hdf5File(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
  if (!hdf5.valid()) fail(fmt::format("cannot be opened as HDF5: {}", hdf5_reason()));
  ids = open_dataset("ids");
  const Hdf5Type type(H5Dget_type(ids.get()));
  if (!type.valid() || H5Tis_variable_str(type.get()) <= 0) {
    fail("dataset ids: expected strings of variable length");
  }
  rows = size_of(ids, "ids", 1)[0];
  dnabert_width = open_values(dnabert_s, "dnabert_s");
  esm2_width = open_values(esm2, "esm2");
  origin.program_version = text("program_version");
  origin.bundle = text("bundle");
  origin.precision = text("precision");
  origin.expected_length = number("expected_length");
  for (const char* part : kPartNames) {
    const std::string sha256 = text(hash_attribute(part));
    if (!sha256.empty()) origin.parts.push_back({part, sha256});
  }
}

Hdf5Dataset EmbeddingReader::State::open_dataset(const char* name) {
  if (H5Lexists(hdf5.get(), name, H5P_DEFAULT) <= 0) {
    fail(fmt::format("expected the datasets ids, dnabert_s and esm2, found no {}", name));
  }
  Hdf5Dataset dataset(H5Dopen2(hdf5.get(), name, H5P_DEFAULT));
  if (!dataset.valid()) fail_reading(name);
  return dataset;
}

std::array<hsize_t, 2> EmbeddingReader::State::size_of(const Hdf5Dataset& dataset, const char* name,
                                                       int rank) {
  const Hdf5Space space(H5Dget_space(dataset.get()));
  if (!space.valid()) fail_reading(name);
  const int found = H5Sget_simple_extent_ndims(space.get());
  if (found != rank) {
    fail(fmt::format("dataset {}: expected {} dimension{}, found {}", name, rank,
                     rank == 1 ? "" : "s", found));
  }
  std::array<hsize_t, 2> size{};
  if (H5Sget_simple_extent_dims(space.get(), size.data(), nullptr) != rank) fail_reading(name);
  return size;
}

std::int64_t EmbeddingReader::State::open_values(Hdf5Dataset& dataset, const char* name) {
  dataset = open_dataset(name);
  const Hdf5Type type(H5Dget_type(dataset.get()));
  if (!type.valid() || H5Tget_class(type.get()) != H5T_FLOAT) {
    fail(fmt::format("dataset {}: expected floating point numbers", name));
  }
  const auto [found, width] = size_of(dataset, name, 2);
  if (found != rows || width == 0 || width > kLargestWidth) {
    fail(
        fmt::format("dataset {}: expected {} rows, as there are ids, of 1 to {} values, found {} "
                    "of {}",
                    name, rows, kLargestWidth, found, width));
  }
  return static_cast<std::int64_t>(width);
}

std::string EmbeddingReader::State::text(const std::string& name) {
  if (H5Aexists(hdf5.get(), name.c_str()) <= 0) return {};
  const Hdf5Attribute attribute(H5Aopen(hdf5.get(), name.c_str(), H5P_DEFAULT));
  const Hdf5Type type(H5Aget_type(attribute.get()));
  const Hdf5Space space(H5Aget_space(attribute.get()));
  if (!type.valid() || !space.valid() || H5Tis_variable_str(type.get()) <= 0 ||
      H5Sget_simple_extent_npoints(space.get()) != 1) {
    fail(fmt::format("attribute {}: expected a text", name));
  }
  StringBuffer buffer(type.get(), space.get(), 1);
  if (H5Aread(attribute.get(), type.get(), buffer.data()) < 0) {
    fail(fmt::format("attribute {} cannot be read: {}", name, hdf5_reason()));
  }
  return buffer[0] == nullptr ? std::string() : std::string(buffer[0]);
}

std::int64_t EmbeddingReader::State::number(const char* name) {
  if (H5Aexists(hdf5.get(), name) <= 0) return 0;
  const Hdf5Attribute attribute(H5Aopen(hdf5.get(), name, H5P_DEFAULT));
  const Hdf5Type type(H5Aget_type(attribute.get()));
  const Hdf5Space space(H5Aget_space(attribute.get()));
  std::int64_t value = 0;
  if (!type.valid() || !space.valid() || H5Tget_class(type.get()) != H5T_INTEGER ||
      H5Sget_simple_extent_npoints(space.get()) != 1 ||
      H5Aread(attribute.get(), H5T_NATIVE_INT64, &value) < 0 || value < 0) {
    fail(fmt::format("attribute {}: expected a whole number that is not negative", name));
  }
  return value;
}

/// The next `count` rows of a dataset; `columns` 0: of one with one dimension.
Hdf5Space EmbeddingReader::State::select(const Hdf5Dataset& dataset, const char* name,
                                         hsize_t count, hsize_t columns) {
  Hdf5Space space(H5Dget_space(dataset.get()));
  const std::array<hsize_t, 2> start = {position, 0};
  const std::array<hsize_t, 2> block = {count, columns};
  if (!space.valid() || H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr,
                                            block.data(), nullptr) < 0) {
    fail_reading(name);
  }
  return space;
}

void EmbeddingReader::State::read_ids(hsize_t count, std::vector<std::string>& values) {
  // The file's own type: HDF5 does not convert between its character sets.
  const Hdf5Type type(H5Dget_type(ids.get()));
  const Hdf5Space source = select(ids, "ids", count, 0);
  const Hdf5Space target(H5Screate_simple(1, &count, nullptr));
  StringBuffer buffer(type.get(), target.get(), count);
  if (H5Dread(ids.get(), type.get(), target.get(), source.get(), H5P_DEFAULT, buffer.data()) < 0) {
    fail_reading("ids");
  }
  values.clear();
  for (hsize_t i = 0; i < count; ++i) {
    if (buffer[i] == nullptr) fail(fmt::format("row {} has no id", position + i + 1));
    values.emplace_back(buffer[i]);
  }
}

void EmbeddingReader::State::read_values(const Hdf5Dataset& dataset, const char* name,
                                         hsize_t count, std::int64_t width,
                                         const std::vector<std::string>& names,
                                         std::vector<float>& values) {
  const auto columns = static_cast<hsize_t>(width);
  const Hdf5Space source = select(dataset, name, count, columns);
  const std::array<hsize_t, 2> size = {count, columns};
  const Hdf5Space target(H5Screate_simple(2, size.data(), nullptr));
  values.resize(count * columns);
  if (H5Dread(dataset.get(), H5T_NATIVE_FLOAT, target.get(), source.get(), H5P_DEFAULT,
              values.data()) < 0) {
    fail_reading(name);
  }
  const auto bad = std::find_if_not(values.begin(), values.end(),
                                    [](float value) { return std::isfinite(value); });
  if (bad == values.end()) return;
  const auto row = static_cast<std::size_t>(bad - values.begin()) / columns;
  fail(fmt::format("dataset {}, row {} ('{}'): a value is not finite", name, position + row + 1,
                   names[row].substr(0, 100)));
}

EmbeddingReader::EmbeddingReader(const std::string& path) : state_(std::make_unique<State>()) {
  state_->path = path;
  const std::lock_guard lock(hdf5_mutex());  // ends before a state that failed to open does
  state_->open();
}

EmbeddingReader::~EmbeddingReader() = default;

const EmbeddingOrigin& EmbeddingReader::origin() const { return state_->origin; }
std::uint64_t EmbeddingReader::rows() const { return state_->rows; }
std::int64_t EmbeddingReader::dnabert_width() const { return state_->dnabert_width; }
std::int64_t EmbeddingReader::esm2_width() const { return state_->esm2_width; }

bool EmbeddingReader::next(EmbeddingBlock& block) {
  State& s = *state_;
  if (s.position == s.rows) return false;
  const auto row_bytes = static_cast<std::size_t>(s.dnabert_width + s.esm2_width) * sizeof(float);
  const hsize_t count =
      std::min<hsize_t>(std::max<std::size_t>(1, kBlockBytes / row_bytes), s.rows - s.position);
  const std::lock_guard lock(hdf5_mutex());
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  s.read_ids(count, block.ids);
  s.read_values(s.dnabert_s, "dnabert_s", count, s.dnabert_width, block.ids, block.dnabert_s);
  s.read_values(s.esm2, "esm2", count, s.esm2_width, block.ids, block.esm2);
  s.position += count;
  return true;
}

}  // namespace virnucpro
