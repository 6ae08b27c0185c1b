// A run whose results Python takes block by block.
#pragma once

#include <nanobind/nanobind.h>

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "columns.h"
#include "pump.h"

namespace virnucpro::python {

/// Used by one Python thread at a time (RuntimeError otherwise). Memory: some blocks of at least
/// kBlockRows rows, beside that of the run.
template <typename Columns>
class Stream {
 public:
  /// A run with a source (null: files), which fills `columns` and calls `after` when it has added
  /// to them; on a thread of its own, without the GIL.
  using Run = std::function<void(const NextSequence* next, Columns& columns,
                                 const std::function<void()>& after, const RunControl& control)>;

  /// `sequences` gives pairs (id, bases) of str or bytes; None: the run reads files. `progress` is
  /// called with six numbers; None: it is not. `most_bases`: as in RunControl.
  Stream(Run run, nb::object sequences, nb::object progress, std::uint64_t most_bases);
  ~Stream() { finish(); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// The next block, None at the end. Errors of the run, of the iterator and of `progress`, and
  /// signals, end the stream.
  nb::object next();
  /// Stops the run, if it still goes on, and waits for it: at most for parts of a batch. While
  /// another thread is in next(), it only stops the run.
  void close();

 private:
  void start(Run run, std::uint64_t most_bases);
  void finish();
  void feed();
  void tell(const Progress& progress);
  nb::object step();

  nb::object sequences_;
  nb::object progress_;
  std::shared_ptr<Pump<Columns>> pump_ = std::make_shared<Pump<Columns>>();
  std::stop_source stop_;
  std::thread thread_;
  bool is_in_use_ = false;
  bool has_ended_ = false;
};

extern template class Stream<CallColumns>;
extern template class Stream<EmbeddingColumns>;

using CallStream = Stream<CallColumns>;
using EmbeddingStream = Stream<EmbeddingColumns>;

}  // namespace virnucpro::python
