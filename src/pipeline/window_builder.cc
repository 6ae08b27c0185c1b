#include "pipeline/window_builder.h"

#include <utility>

#include "base/check.h"

namespace virnucpro {

WindowBuilder::WindowBuilder(RecordStream records, std::int64_t expected_length,
                             WindowLimits limits, FrameRule frames)
    : records_(std::move(records)),
      expected_length_(static_cast<std::uint64_t>(expected_length)),
      limits_(limits),
      frames_(frames) {
  check(expected_length > 0, "an expected length of {}", expected_length);
}

bool WindowBuilder::is_full(const Window::Read& read) const {
  return read.orfs.size() >= limits_.orfs || read.chunks.size() >= limits_.chunks ||
         read.bases >= limits_.bases;
}

/// Adds a part for the current or the next record; false at the end of the input.
bool WindowBuilder::open_record(Window::Read& read) {
  const bool begins = record_ == nullptr;
  if (begins) {
    auto record = std::make_shared<Record>();
    if (ended_ || !records_(*record)) {
      ended_ = true;
      return false;
    }
    check(record->ordinal >= next_ordinal_, "record {} read where {} or a later one is due",
          record->ordinal, next_ordinal_);
    next_ordinal_ = record->ordinal + 1;
    ++intake_.records;
    intake_.bases += record->bases.size();
    read.bases += record->bases.size();
    record_ = std::move(record);
    next_chunk_ = 0;
  }
  read.parts.push_back({record_, begins, false, 0});
  return true;
}

void WindowBuilder::add_chunk(Window::Read& read) {
  const Record& record = *record_;
  const ChunkRange range(record.ordinal, record.bases.size(), expected_length_);
  const Chunk chunk = range[next_chunk_++];
  find_orfs(std::string_view(record.bases).substr(chunk.start, chunk.end - chunk.start), frames_,
            orfs_);
  for (const Orf& orf : orfs_.orfs()) {
    std::string& nucleotides = read.texts[EncoderKind::kDnabertS];
    std::string& proteins = read.texts[EncoderKind::kEsm2];
    nucleotides += orf.nucleotides;
    proteins += orf.protein;
    read.orfs.push_back({.frame = orf.frame,
                         .text_end = {{nucleotides.size(), proteins.size()}},
                         .start = chunk.start + orf.start,
                         .end = chunk.start + orf.end,
                         .is_run = orf.is_run});
  }
  read.chunks.push_back({chunk, orfs_.orfs().size()});
  ++read.parts.back().chunk_count;
  ++intake_.chunks;
  intake_.orfs += orfs_.orfs().size();
}

bool WindowBuilder::fill(Window& window) {
  window.clear();
  window.number = next_number_;
  Window::Read& read = window.read;
  read.first_chunk = intake_.chunks;
  read.first_orf = intake_.orfs;
  while (!is_full(read) && open_record(read)) {
    const std::size_t count = chunk_count(record_->bases.size(), expected_length_);
    // The first chunk is always taken, so that every window makes progress.
    while (next_chunk_ < count) {
      add_chunk(read);
      if (read.orfs.size() >= limits_.orfs || read.chunks.size() >= limits_.chunks) break;
    }
    if (next_chunk_ < count) break;
    read.parts.back().ends = true;
    record_.reset();
    // Records without chunks count against the same limit, so that a window always ends.
    if (read.parts.size() >= limits_.chunks) break;
  }
  if (read.parts.empty()) return false;
  ++next_number_;
  return true;
}

}  // namespace virnucpro
