#include "embeddings/hdf5_columns.h"

#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/sha256.h"

namespace virnucpro {
namespace {

/// zlib's fastest level, because the data are mostly zeros.
constexpr unsigned kCompression = 1;

}  // namespace

std::mutex& hdf5_mutex() {
  // The one static of the module, because the library's state is global, too.
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

void fail_hdf5(const std::string& path, const char* what) {
  throw OutputError(fmt::format(
      "{}: cannot {}: {}. Free some space or choose another place with -o, and run again.", path,
      what, hdf5_reason()));
}

Hdf5Column::Hdf5Column(const Hdf5File& hdf5, const PartialFile& file, const char* name,
                       Hdf5Type type, std::uint64_t width, std::uint64_t row_bytes,
                       bool is_compressed)
    : hdf5_(hdf5),
      file_(file),
      name_(name),
      type_(std::move(type)),
      width_(width),
      row_bytes_(row_bytes),
      is_compressed_(is_compressed) {
  written_.chunk_rows = std::max<std::uint64_t>(1, kEmbeddingChunkBytes / row_bytes);
}

/// An empty dataset that can grow downwards.
void Hdf5Column::create(std::uint64_t chunk_rows) {
  const std::string& path = file_.path();
  const char* const what = "make a dataset";
  const int rank = width_ > 0 ? 2 : 1;
  const std::array<hsize_t, 2> size = {0, width_};
  const std::array<hsize_t, 2> limit = {H5S_UNLIMITED, width_};
  const std::array<hsize_t, 2> chunk = {chunk_rows, width_};
  const Hdf5Space space(
      hdf5_checked(H5Screate_simple(rank, size.data(), limit.data()), path, what));
  const Hdf5Properties creation(hdf5_checked(H5Pcreate(H5P_DATASET_CREATE), path, what));
  hdf5_checked(H5Pset_chunk(creation.get(), rank, chunk.data()), path, what);
  if (is_compressed_ && H5Zfilter_avail(H5Z_FILTER_DEFLATE) > 0) {
    hdf5_checked(H5Pset_deflate(creation.get(), kCompression), path, what);
  }
  hdf5_checked(H5Pset_fletcher32(creation.get()), path, what);
  hdf5_checked(H5Pset_obj_track_times(creation.get(), false), path, what);
  const Hdf5Properties access(hdf5_checked(H5Pcreate(H5P_DATASET_ACCESS), path, what));
  // No cache: a chunk comes once and whole, and must be in the file when it is searched for.
  hdf5_checked(H5Pset_chunk_cache(access.get(), 0, 0, 1.0), path, what);
  dataset_ = Hdf5Dataset(hdf5_checked(H5Dcreate2(hdf5_.get(), name_, type_.get(), space.get(),
                                                 H5P_DEFAULT, creation.get(), access.get()),
                                      path, what));
}

void Hdf5Column::append(const void* rows, std::size_t count) {
  const char* bytes = static_cast<const char*>(rows);
  const std::uint64_t chunk_bytes = written_.chunk_rows * row_bytes_;
  for (std::uint64_t left = count * row_bytes_; left > 0;) {
    const std::uint64_t taken = std::min(left, chunk_bytes - chunk_.size());
    chunk_.append(bytes, taken);
    bytes += taken;
    left -= taken;
    if (chunk_.size() == chunk_bytes) write_chunk();
  }
}

void Hdf5Column::write_chunk() {
  const std::string& path = file_.path();
  const std::uint64_t count = chunk_.size() / row_bytes_;
  if (!dataset_.valid()) create(written_.chunk_rows);
  const haddr_t end_before = end_of_file();
  const int rank = width_ > 0 ? 2 : 1;
  const std::array<hsize_t, 2> size = {rows_ + count, width_};
  hdf5_checked(H5Dset_extent(dataset_.get(), size.data()), path, "grow a dataset");
  const Hdf5Space target(hdf5_checked(H5Dget_space(dataset_.get()), path, "grow a dataset"));
  const std::array<hsize_t, 2> start = {rows_, 0};
  const std::array<hsize_t, 2> block = {count, width_};
  hdf5_checked(H5Sselect_hyperslab(target.get(), H5S_SELECT_SET, start.data(), nullptr,
                                   block.data(), nullptr),
               path, "select rows");
  const Hdf5Space source(
      hdf5_checked(H5Screate_simple(rank, block.data(), nullptr), path, "select rows"));
  hdf5_checked(
      H5Dwrite(dataset_.get(), type_.get(), source.get(), target.get(), H5P_DEFAULT, chunk_.data()),
      path, "write");
  if (!is_compressed_) {
    written_.chunks.push_back(
        {place_of_chunk(end_before), sha256_hex(std::as_bytes(std::span(chunk_)))});
  }
  rows_ += count;
  chunk_.clear();
}

haddr_t Hdf5Column::end_of_file() const {
  haddr_t end = 0;
  hdf5_checked(H5Fget_eoa(hdf5_.get(), &end), file_.path(), "write");
  return end;
}

/// HDF5 finds the place of a chunk by walking through all earlier ones (H5Dget_chunk_info of 1.10),
/// which takes a quarter of an hour for 30 GB. But a new chunk is put at the end of the file, with
/// at most a few hundred bytes of its index, so a search there finds it.
std::uint64_t Hdf5Column::place_of_chunk(haddr_t search_from) const {
  std::string tail(end_of_file() - search_from, '\0');
  for (std::size_t read = 0; read < tail.size();) {
    const ssize_t count = ::pread(file_.descriptor(), tail.data() + read, tail.size() - read,
                                  static_cast<off_t>(search_from + read));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_output(file_.path(), "read back", errno);
    if (count == 0) break;  // space that HDF5 has not written to yet
    read += static_cast<std::size_t>(count);
  }
  const std::size_t found = tail.find(chunk_);
  check(found != std::string::npos, "HDF5 has put rows of {} elsewhere than at the end of {}",
        name_, file_.path());
  return search_from + found;
}

EmbeddingManifest::Column Hdf5Column::finish() {
  if (!dataset_.valid()) {
    // With few rows, one chunk holds them all.
    written_.chunk_rows = std::max<std::uint64_t>(1, chunk_.size() / row_bytes_);
    create(written_.chunk_rows);
  }
  if (!chunk_.empty()) write_chunk();
  if (!dataset_.close()) fail_hdf5(file_.path(), "close a dataset");
  return std::move(written_);
}

}  // namespace virnucpro
