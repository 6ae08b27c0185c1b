// Cuts a stream of records into windows of chunks and ORFs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "pipeline/window.h"
#include "run/ledger.h"
#include "sequence/chunks.h"
#include "sequence/frames.h"

namespace virnucpro {

/// Overwrites the record with the next one; false at the end. May throw InputError.
using RecordStream = std::function<bool(Record&)>;

/// Ordinals rise, with gaps where records are left out. Thread-confined. A long record goes through
/// as many windows as it needs, and its bases are held only once.
class WindowBuilder {
 public:
  WindowBuilder(RecordStream records, std::int64_t expected_length, WindowLimits limits,
                FrameRule frames = {});

  /// Clears and fills `window`. False, with an empty window, when the input has ended.
  bool fill(Window& window);

  const Intake& intake() const { return intake_; }

 private:
  bool open_record(Window::Read& read);
  bool is_full(const Window::Read& read) const;
  void add_chunk(Window::Read& read);

  RecordStream records_;
  std::uint64_t expected_length_;
  WindowLimits limits_;
  FrameRule frames_;
  Intake intake_;
  std::uint64_t next_number_ = 0;
  std::uint64_t next_ordinal_ = 0;
  OrfBuffer orfs_;

  // The record that the last window ended in; null between records.
  std::shared_ptr<const Record> record_;
  std::uint64_t next_chunk_ = 0;
  bool ended_ = false;
};

}  // namespace virnucpro
