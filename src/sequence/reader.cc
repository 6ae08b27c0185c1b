#include "sequence/reader.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/counted.h"
#include "base/errors.h"
#include "base/format.h"
#include "sequence/alignment_source.h"
#include "sequence/input_feed.h"
#include "sequence/input_file.h"
#include "sequence/record_source.h"
#include "sequence/text_source.h"

namespace virnucpro {

SequenceReader::SequenceReader(std::vector<std::string> paths, Log log, std::stop_token stop)
    : paths_(std::move(paths)), log_(std::move(log)), stop_(std::move(stop)) {
  if (std::count(paths_.begin(), paths_.end(), "-") > 1) {
    throw InputError("standard input ('-') is given more than once; it can be read only once.");
  }
  for (const std::string& path : paths_) check_readable(path, /*takes_addresses=*/true);
}

SequenceReader::~SequenceReader() = default;
SequenceReader::SequenceReader(SequenceReader&&) noexcept = default;
SequenceReader& SequenceReader::operator=(SequenceReader&&) noexcept = default;

void SequenceReader::expect(std::vector<std::optional<KnownFile>> known) {
  check(known.size() == paths_.size() && next_path_ == 0, "{} known files of {}", known.size(),
        paths_.size());
  known_ = std::move(known);
}

void SequenceReader::take(std::vector<InputShare> shares) {
  check(shares.size() == paths_.size() && known_.size() == paths_.size() && next_path_ == 0,
        "{} shares of {} inputs", shares.size(), paths_.size());
  shares_ = std::move(shares);
}

std::optional<std::uint64_t> SequenceReader::text_offset() const {
  return source_ ? source_->text_offset() : std::nullopt;
}

std::uint64_t SequenceReader::head_bytes() const { return source_ ? source_->head_bytes() : 0; }

bool SequenceReader::next(Record& record) {
  check(!failed_, "a sequence reader was used after it had failed");
  failed_ = true;  // until this call has gone well
  bool found = false;
  while (!found) {
    if (!source_ && next_path_ == paths_.size()) break;
    if (!source_ && !shares_.empty() && shares_[next_path_].is_left_out) {
      files_.push_back(known_[next_path_].value());
      ++next_path_;
      continue;
    }
    found = read(record);
    if (!found) close();
  }
  failed_ = false;
  if (!found) return false;
  record.ordinal = next_ordinal_++;
  record.file = static_cast<std::uint32_t>(next_path_ - 1);
  return true;
}

/// Reads the next record of the current file; false at its end.
bool SequenceReader::read(Record& record) {
  try {
    if (!source_) open_next();
    const bool found = source_->next(record);
    // Bytes that end too early can look like a whole record, or a whole file.
    feed_->check();
    return found;
  } catch (const InputError&) {
    source_.reset();
    if (feed_) feed_->check_refused();
    throw;
  }
}

void SequenceReader::open_next() {
  feed_.reset();
  InputTerms terms = {stop_, known_.empty() ? std::nullopt : known_[next_path_]};
  terms.open_address = open_address_;
  if (!shares_.empty()) {
    terms.piece = shares_[next_path_].piece;
    next_ordinal_ = shares_[next_path_].first_ordinal;
  }
  InputFile input = open_input(paths_[next_path_], std::move(terms));
  ++next_path_;
  feed_ = std::move(input.feed);
  switch (input.format) {
    case InputFormat::kText:
      source_ = open_text_source(std::move(input), log_);
      return;
    case InputFormat::kAlignment:
      source_ = open_alignment_source(std::move(input), log_);
      return;
  }
}

void SequenceReader::close() {
  const std::uint64_t secondary = source_->skipped_secondary();
  const std::uint64_t supplementary = source_->skipped_supplementary();
  if (secondary + supplementary > 0) {
    log_.info("{}: skipped {} and {}; each read is taken once", paths_[next_path_ - 1],
              counted(secondary, "secondary record"),
              counted(supplementary, "supplementary record"));
  }
  skipped_secondary_ += secondary;
  skipped_supplementary_ += supplementary;
  source_.reset();
  files_.push_back(feed_->finish());
}

}  // namespace virnucpro
