#include "embeddings/embedding_reader.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <span>

#include "base/errors.h"
#include "base/format.h"
#include "base/sha256.h"
#include "embeddings/embedding_manifest.h"

namespace virnucpro {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{4} << 20;
constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw InputError(fmt::format("{}: {}. Make it again with 'virnucpro embed'.", path, what));
}

/// A file, with its size when it was opened.
class Bytes {
 public:
  explicit Bytes(const std::string& path) : path_(path), file_(path, std::ios::binary) {
    std::error_code error;
    size_ = std::filesystem::file_size(path, error);
    if (!file_ || error) {
      throw InputError(fmt::format("{}: cannot be read: {}.", path,
                                   error ? error.message() : std::strerror(errno)));
    }
  }

  std::uint64_t size() const { return size_; }
  void read(std::uint64_t offset, char* target, std::uint64_t size) {
    file_.clear();
    file_.seekg(static_cast<std::streamoff>(offset));
    file_.read(target, static_cast<std::streamsize>(size));
    if (!file_) fail(path_, "cannot be read to its end");
  }
  ReadBytes reader() {
    return [this](std::uint64_t offset, std::uint64_t size) {
      std::string bytes(size, '\0');
      read(offset, bytes.data(), size);
      return bytes;
    };
  }

 private:
  const std::string& path_;
  std::ifstream file_;
  std::uint64_t size_ = 0;
};

/// Gives out the rows of a dataset in order.
class ColumnReader {
 public:
  ColumnReader(const std::string& path, Bytes& bytes, const EmbeddingManifest& manifest,
               EmbeddingColumn column)
      : path_(path),
        bytes_(bytes),
        column_(manifest.of(column)),
        name_(kEmbeddingColumns[static_cast<std::size_t>(column)]),
        rows_(manifest.rows_of(column)),
        row_bytes_(manifest.row_bytes_of(column)) {}

  /// Fills `values`; the dataset must have as many left.
  template <typename Value>
  void next(std::span<Value> values) {
    auto* target = reinterpret_cast<char*>(values.data());
    for (std::size_t left = values.size_bytes(); left > 0;) {
      if (used_ == chunk_.size()) load();
      const std::size_t count = std::min(left, chunk_.size() - used_);
      std::memcpy(target, chunk_.data() + used_, count);
      used_ += count;
      target += count;
      left -= count;
    }
  }

 private:
  void load() {
    const EmbeddingChunk& chunk = column_.chunks.at(next_);
    const std::uint64_t first = next_ * column_.chunk_rows;
    const std::uint64_t end = std::min(first + column_.chunk_rows, rows_);
    ++next_;
    chunk_.resize((end - first) * row_bytes_);
    bytes_.read(chunk.offset, chunk_.data(), chunk_.size());
    used_ = 0;
    if (sha256_hex(std::as_bytes(std::span(chunk_))) == chunk.sha256) return;
    fail(path_, fmt::format("dataset {}, rows {} to {}: the file is damaged, since these are not "
                            "the values that were written",
                            name_, first + 1, end));
  }

  const std::string& path_;
  Bytes& bytes_;
  const EmbeddingManifest::Column& column_;
  const char* name_;
  std::uint64_t rows_;
  std::uint64_t row_bytes_;
  std::string chunk_;
  std::size_t used_ = 0;
  std::size_t next_ = 0;
};

}  // namespace

bool is_embedding_file(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  const std::uint64_t size = std::filesystem::file_size(path, error);
  if (error || size < kSignature.size()) return false;
  try {
    Bytes bytes(path);
    return bytes.reader()(0, kSignature.size()) == kSignature ||
           has_embedding_footer(size, bytes.reader());
  } catch (const InputError&) {
    return false;  // the code that reads it next reports the error
  }
}

struct EmbeddingReader::State {
  explicit State(std::string name)
      : path(std::move(name)),
        bytes(path),
        manifest(read_embedding_trailer(path, bytes.size(), bytes.reader())) {}

  ColumnReader column(EmbeddingColumn which) { return {path, bytes, manifest, which}; }
  void next_row(EmbeddingRow& row);
  void require_finite(const EmbeddingBlock& block, EmbeddingColumn which,
                      const std::vector<float>& values) const;

  const std::string path;
  Bytes bytes;
  const EmbeddingManifest manifest;
  std::uint64_t position = 0;
  EmbeddingRow last;
  ColumnReader record = column(EmbeddingColumn::kRecord);
  ColumnReader chunk = column(EmbeddingColumn::kChunk);
  ColumnReader frame = column(EmbeddingColumn::kFrame);
  ColumnReader dnabert_s = column(EmbeddingColumn::kDnabertS);
  ColumnReader esm2 = column(EmbeddingColumn::kEsm2);
  // Unused where the file does not say what was read.
  ColumnReader start = column(EmbeddingColumn::kStart);
  ColumnReader end = column(EmbeddingColumn::kEnd);
  ColumnReader run = column(EmbeddingColumn::kRun);
};

void EmbeddingReader::State::next_row(EmbeddingRow& row) {
  record.next(std::span(&row.record, 1));
  chunk.next(std::span(&row.chunk, 1));
  frame.next(std::span<char>(row.frame));
  if (manifest.origin.says_what_was_read()) {
    std::uint8_t is_run = 0;
    start.next(std::span(&row.start, 1));
    end.next(std::span(&row.end, 1));
    run.next(std::span(&is_run, 1));
    row.is_run = is_run != 0;
  }
  const bool is_known = row.record >= 1 && row.record <= manifest.records && row.chunk >= 1;
  if (!is_known) fail(path, fmt::format("row {} is of no record of the file", position + 1));
  --row.record;
  --row.chunk;
  const bool is_first = position == 0;
  const bool is_next = is_first || row.record > last.record ||
                       (row.record == last.record && row.chunk >= last.chunk);
  if (!is_next) fail(path, fmt::format("row {} is out of order", position + 1));
  last = row;
  ++position;
}

void EmbeddingReader::State::require_finite(const EmbeddingBlock& block, EmbeddingColumn which,
                                            const std::vector<float>& values) const {
  const auto bad = std::find_if_not(values.begin(), values.end(),
                                    [](float value) { return std::isfinite(value); });
  if (bad == values.end()) return;
  const std::size_t width = values.size() / block.rows.size();
  const auto index = static_cast<std::size_t>(bad - values.begin()) / width;
  const EmbeddingRow& row = block.rows[index];
  fail(path,
       fmt::format("dataset {}, row {} (record {}, chunk {}, frame {}{}): a value is not finite",
                   kEmbeddingColumns[static_cast<std::size_t>(which)],
                   position - block.rows.size() + index + 1, row.record + 1, row.chunk + 1,
                   row.frame[0], row.frame[1]));
}

EmbeddingReader::EmbeddingReader(const std::string& path) : state_(std::make_unique<State>(path)) {}

EmbeddingReader::~EmbeddingReader() = default;

const EmbeddingOrigin& EmbeddingReader::origin() const { return state_->manifest.origin; }
std::uint64_t EmbeddingReader::rows() const { return state_->manifest.rows; }
std::uint64_t EmbeddingReader::records() const { return state_->manifest.records; }
std::int64_t EmbeddingReader::dnabert_width() const {
  return static_cast<std::int64_t>(state_->manifest.dnabert_width);
}
std::int64_t EmbeddingReader::esm2_width() const {
  return static_cast<std::int64_t>(state_->manifest.esm2_width);
}

void EmbeddingReader::for_each_record(const std::function<void(std::string_view id)>& take) {
  State& s = *state_;
  ColumnReader ends = s.column(EmbeddingColumn::kIdEnds);
  ColumnReader texts = s.column(EmbeddingColumn::kIdBytes);
  std::string id;
  std::uint64_t begin = 0;
  for (std::uint64_t record = 0; record < s.manifest.records; ++record) {
    std::uint64_t end = 0;
    ends.next(std::span(&end, 1));
    if (end < begin || end > s.manifest.id_bytes) {
      fail(s.path, fmt::format("record {} has no id", record + 1));
    }
    id.resize(end - begin);
    texts.next(std::span(id.data(), id.size()));
    begin = end;
    take(id);
  }
}

bool EmbeddingReader::next(EmbeddingBlock& block) {
  State& s = *state_;
  const EmbeddingManifest& manifest = s.manifest;
  const std::uint64_t left = manifest.rows - s.position;
  if (left == 0) return false;
  const std::uint64_t width = manifest.dnabert_width + manifest.esm2_width;
  const std::uint64_t fitting = std::max<std::uint64_t>(1, kBlockBytes / (width * sizeof(float)));
  block.rows.resize(std::min(fitting, left));
  for (EmbeddingRow& row : block.rows) s.next_row(row);
  block.dnabert_s.resize(block.rows.size() * manifest.dnabert_width);
  block.esm2.resize(block.rows.size() * manifest.esm2_width);
  s.dnabert_s.next(std::span(block.dnabert_s));
  s.esm2.next(std::span(block.esm2));
  s.require_finite(block, EmbeddingColumn::kDnabertS, block.dnabert_s);
  s.require_finite(block, EmbeddingColumn::kEsm2, block.esm2);
  return true;
}

}  // namespace virnucpro
