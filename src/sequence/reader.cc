#include "sequence/reader.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "sequence/alignment_source.h"
#include "sequence/input_file.h"
#include "sequence/record_source.h"
#include "sequence/text_source.h"

namespace virnucpro {

SequenceReader::SequenceReader(std::vector<std::string> paths, Log log)
    : paths_(std::move(paths)), log_(std::move(log)) {
  if (std::count(paths_.begin(), paths_.end(), "-") > 1) {
    throw InputError("standard input ('-') is given more than once; it can be read only once.");
  }
  for (const std::string& path : paths_) check_readable(path);
}

SequenceReader::~SequenceReader() = default;
SequenceReader::SequenceReader(SequenceReader&&) noexcept = default;
SequenceReader& SequenceReader::operator=(SequenceReader&&) noexcept = default;

bool SequenceReader::next(Record& record) {
  check(!failed_, "a sequence reader was used after it had failed");
  failed_ = true;  // until this call has gone well
  bool found = false;
  while (!found) {
    if (!source_) {
      if (next_path_ == paths_.size()) break;
      open_next();
    }
    found = source_->next(record);
    if (!found) close();
  }
  failed_ = false;
  if (!found) return false;
  record.ordinal = next_ordinal_++;
  record.file = static_cast<std::uint32_t>(next_path_ - 1);
  return true;
}

void SequenceReader::open_next() {
  InputFile input = open_input(paths_[next_path_]);
  ++next_path_;
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
    log_.info("{}: skipped {} secondary and {} supplementary records; each read is taken once",
              paths_[next_path_ - 1], secondary, supplementary);
  }
  skipped_secondary_ += secondary;
  skipped_supplementary_ += supplementary;
  source_.reset();
}

}  // namespace virnucpro
