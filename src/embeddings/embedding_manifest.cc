#include "embeddings/embedding_manifest.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <span>

#include "base/errors.h"
#include "base/format.h"
#include "base/sha256.h"

namespace virnucpro {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are stored as they lie");

// The footer: the manifest's offset and size, its SHA-256 as text, and the mark, whose last
// character counts the versions of all of this.
constexpr std::string_view kMark = "VNPEMBD1";
/// Of a file that says what was read.
constexpr std::string_view kReadingMark = "VNPEMBD2";
static_assert(kMark.size() == kReadingMark.size());
constexpr std::size_t kHashBytes = 64;
constexpr std::uint64_t kFooterBytes = 2 * sizeof(std::uint64_t) + kHashBytes + kMark.size();

/// Wider than any encoder, but small enough that no product of sizes overflows.
constexpr std::uint64_t kLargestWidth = std::uint64_t{1} << 20;
/// More than any file holds.
constexpr std::uint64_t kLargestCount = std::uint64_t{1} << 40;

std::string hash_of(std::string_view bytes) { return sha256_hex(std::as_bytes(std::span(bytes))); }

void put(std::string& bytes, std::uint64_t number) {
  char raw[sizeof number];
  std::memcpy(raw, &number, sizeof number);
  bytes.append(raw, sizeof number);
}

void put(std::string& bytes, const std::string& text) {
  put(bytes, text.size());
  bytes += text;
}

/// Takes numbers and texts from the front of the bytes.
class Cursor {
 public:
  Cursor(const std::string& path, std::string_view bytes) : path_(path), bytes_(bytes) {}

  std::uint64_t number(std::uint64_t most) {
    std::uint64_t value = 0;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    if (value > most) fail();
    return value;
  }
  std::string text() { return std::string(take(number(bytes_.size()))); }
  std::string_view take(std::uint64_t size) {
    if (size > bytes_.size()) fail();
    const std::string_view front = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return front;
  }
  std::size_t left() const { return bytes_.size(); }
  [[noreturn]] void fail() const {
    throw InputError(fmt::format(
        "{}: its list of contents is damaged. Make it again with 'virnucpro embed'.", path_));
  }

 private:
  const std::string& path_;
  std::string_view bytes_;
};

/// Reads the chunks of a column and adds their bytes to `total`.
void take_column(Cursor& cursor, EmbeddingManifest& manifest, EmbeddingColumn column,
                 std::uint64_t data_end, std::uint64_t& total) {
  const std::uint64_t rows = manifest.rows_of(column);
  const std::uint64_t row_bytes = manifest.row_bytes_of(column);
  EmbeddingManifest::Column& target = manifest.of(column);
  target.chunk_rows = cursor.number(kEmbeddingChunkBytes);
  const bool is_small =
      target.chunk_rows == 1 || target.chunk_rows * row_bytes <= kEmbeddingChunkBytes;
  if (target.chunk_rows == 0 || !is_small) cursor.fail();
  const std::uint64_t count = (rows + target.chunk_rows - 1) / target.chunk_rows;
  if (count > cursor.left() / (sizeof(std::uint64_t) + kHashBytes)) cursor.fail();
  target.chunks.reserve(count);
  for (std::uint64_t first = 0; first < rows; first += target.chunk_rows) {
    const std::uint64_t bytes = std::min(target.chunk_rows, rows - first) * row_bytes;
    const std::uint64_t offset = cursor.number(data_end);
    if (bytes > data_end - offset) cursor.fail();
    target.chunks.push_back({offset, std::string(cursor.take(kHashBytes))});
    total += bytes;
  }
}

/// A rule that is not the published one.
FrameRule take_frames(Cursor& cursor) {
  FrameRule rule;
  const auto choice = frame_choice_of(cursor.text());
  rule.least_run =
      static_cast<std::uint32_t>(cursor.number(std::numeric_limits<std::uint32_t>::max()));
  const auto code = GeneticCode::of_number(cursor.number(kLargestCount));
  if (!choice || !code) cursor.fail();
  rule.choice = *choice;
  rule.code = *code;
  if (rule == FrameRule{}) cursor.fail();
  return rule;
}

EmbeddingManifest parse(const std::string& path, std::string_view bytes, std::uint64_t data_end,
                        bool says_what_was_read) {
  Cursor cursor(path, bytes);
  EmbeddingManifest manifest;
  manifest.rows = cursor.number(kLargestCount);
  manifest.records = cursor.number(kLargestCount);
  manifest.id_bytes = cursor.number(kLargestCount);
  manifest.dnabert_width = cursor.number(kLargestWidth);
  manifest.esm2_width = cursor.number(kLargestWidth);
  if (manifest.dnabert_width == 0 || manifest.esm2_width == 0) cursor.fail();
  EmbeddingOrigin& origin = manifest.origin;
  origin.expected_length = static_cast<std::int64_t>(cursor.number(kLargestCount));
  origin.program_version = cursor.text();
  origin.bundle = cursor.text();
  origin.precision = cursor.text();
  const std::uint64_t parts = cursor.number(cursor.left());
  for (std::uint64_t i = 0; i < parts; ++i) {
    std::string name = cursor.text();
    origin.parts.push_back({std::move(name), cursor.text()});
  }
  if (says_what_was_read) origin.frames = take_frames(cursor);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < manifest.column_count(); ++i) {
    take_column(cursor, manifest, static_cast<EmbeddingColumn>(i), data_end, total);
  }
  // Otherwise a small file could claim any number of rows.
  if (total > data_end || cursor.left() > 0) cursor.fail();
  return manifest;
}

}  // namespace

std::uint64_t EmbeddingManifest::rows_of(EmbeddingColumn column) const {
  if (column == EmbeddingColumn::kIdEnds) return records;
  return column == EmbeddingColumn::kIdBytes ? id_bytes : rows;
}

std::uint64_t EmbeddingManifest::row_bytes_of(EmbeddingColumn column) const {
  switch (column) {
    case EmbeddingColumn::kFrame:
      return FrameName().size();
    case EmbeddingColumn::kDnabertS:
      return dnabert_width * sizeof(float);
    case EmbeddingColumn::kEsm2:
      return esm2_width * sizeof(float);
    case EmbeddingColumn::kIdBytes:
    case EmbeddingColumn::kRun:
      return 1;
    default:
      return sizeof(std::uint64_t);
  }
}

std::string embedding_trailer(const EmbeddingManifest& manifest, std::uint64_t offset) {
  const EmbeddingOrigin& origin = manifest.origin;
  std::string bytes;
  for (const std::uint64_t number :
       {manifest.rows, manifest.records, manifest.id_bytes, manifest.dnabert_width,
        manifest.esm2_width, static_cast<std::uint64_t>(origin.expected_length)}) {
    put(bytes, number);
  }
  for (const std::string& text : {origin.program_version, origin.bundle, origin.precision}) {
    put(bytes, text);
  }
  put(bytes, origin.parts.size());
  for (const ModelPart& part : origin.parts) {
    put(bytes, part.name);
    put(bytes, part.sha256);
  }
  if (origin.says_what_was_read()) {
    put(bytes, std::string(name_of(origin.frames.choice)));
    put(bytes, origin.frames.least_run);
    put(bytes, static_cast<std::uint64_t>(origin.frames.code.number()));
  }
  for (std::size_t i = 0; i < manifest.column_count(); ++i) {
    const EmbeddingManifest::Column& column = manifest.columns[i];
    put(bytes, column.chunk_rows);
    for (const EmbeddingChunk& chunk : column.chunks) {
      put(bytes, chunk.offset);
      bytes += chunk.sha256;
    }
  }
  std::string footer;
  put(footer, offset);
  put(footer, bytes.size());
  footer += hash_of(bytes);
  footer += origin.says_what_was_read() ? kReadingMark : kMark;
  return bytes + footer;
}

bool has_embedding_footer(std::uint64_t file_size, const ReadBytes& read) {
  if (file_size < kFooterBytes) return false;
  const std::string mark = read(file_size - kMark.size(), kMark.size());
  return mark == kMark || mark == kReadingMark;
}

EmbeddingManifest read_embedding_trailer(const std::string& path, std::uint64_t file_size,
                                         const ReadBytes& read) {
  if (!has_embedding_footer(file_size, read)) {
    throw InputError(fmt::format(
        "{}: does not end as a file of 'virnucpro embed' does: it was cut short or changed, or "
        "made by an earlier version or another program. Make it again with 'virnucpro embed'.",
        path));
  }
  const std::uint64_t footer_at = file_size - kFooterBytes;
  const std::string footer = read(footer_at, kFooterBytes);
  Cursor cursor(path, footer);
  const std::uint64_t offset = cursor.number(footer_at);
  const std::uint64_t size = cursor.number(footer_at - offset);
  const std::string_view hash = cursor.take(kHashBytes);
  if (offset + size != footer_at) cursor.fail();
  const std::string bytes = read(offset, size);
  if (hash_of(bytes) != hash) cursor.fail();
  return parse(path, bytes, offset, footer.ends_with(kReadingMark));
}

}  // namespace virnucpro
