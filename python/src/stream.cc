#include "stream.h"

#include <stdexcept>
#include <utility>

#include "errors.h"

namespace virnucpro::python {
namespace {

/// Rows of a block: large enough that Python's part costs nothing, small beside the models.
constexpr std::size_t kBlockRows = 4096;
/// Sequences are taken from Python until they hold so many bases, or are so many: what a window of
/// the run reads.
constexpr std::size_t kFedBases = std::size_t{1} << 18;
constexpr std::size_t kFedSequences = 1024;

/// The bytes of a str or bytes object.
std::string bytes_of(nb::handle object) {
  char* data = nullptr;
  Py_ssize_t size = 0;
  if (PyUnicode_Check(object.ptr())) {
    const char* text = PyUnicode_AsUTF8AndSize(object.ptr(), &size);
    if (text == nullptr) throw nb::python_error();
    return std::string(text, static_cast<std::size_t>(size));
  }
  if (PyBytes_AsStringAndSize(object.ptr(), &data, &size) != 0) throw nb::python_error();
  return std::string(data, static_cast<std::size_t>(size));
}

}  // namespace

template <typename Columns>
Stream<Columns>::Stream(Run run, nb::object sequences, nb::object progress,
                        std::uint64_t most_bases)
    : progress_(std::move(progress)) {
  if (!sequences.is_none()) sequences_ = nb::iter(sequences);
  start(std::move(run), most_bases);
}

template <typename Columns>
void Stream<Columns>::start(Run run, std::uint64_t most_bases) {
  RunControl control;
  control.stop = stop_.get_token();
  control.most_bases = most_bases;
  if (!progress_.is_none()) {
    control.progress = [pump = pump_](const Progress& progress) { pump->tell(progress); };
  }
  const bool has_sequences = sequences_.is_valid();
  thread_ = std::thread([pump = pump_, run = std::move(run), control, has_sequences] {
    Columns columns;
    const auto hand_on = [&](std::size_t least_rows) {
      if (columns.rows() < least_rows) return;
      pump->give(std::move(columns), control.stop);
      columns = Columns();
    };
    const NextSequence next = [&](Sequence& to) { return pump->next(to, control.stop); };
    try {
      run(
          has_sequences ? &next : nullptr, columns, [&] { hand_on(kBlockRows); }, control);
      hand_on(0);
      pump->end(nullptr);
    } catch (...) {
      pump->end(std::current_exception());
    }
  });
}

template <typename Columns>
void Stream<Columns>::feed() {
  std::size_t bases = 0;
  for (std::size_t count = 0; count < kFedSequences && bases < kFedBases; ++count) {
    nb::object item = nb::steal(PyIter_Next(sequences_.ptr()));
    if (!item.is_valid()) {
      if (PyErr_Occurred() != nullptr) throw nb::python_error();
      return pump_->input_added(/*is_all=*/true);
    }
    Sequence sequence;
    const nb::object id = item[0];
    const nb::object letters = item[1];
    sequence.id = bytes_of(id);
    sequence.bases = bytes_of(letters);
    bases += sequence.bases.size();
    pump_->add_input(std::move(sequence));
  }
  pump_->input_added(/*is_all=*/false);
}

template <typename Columns>
void Stream<Columns>::tell(const Progress& progress) {
  progress_(progress.sequences_read, progress.bases_read, progress.frames_found,
            progress.frames_computed, progress.sequences_finished, progress.seconds);
}

template <typename Columns>
nb::object Stream<Columns>::step() {
  for (;;) {
    const Event event = pump_->wait();
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
    switch (event) {
      case Event::kInput:
        feed();
        break;
      case Event::kProgress:
        tell(pump_->take_progress());
        break;
      case Event::kBlock:
        return pump_->take_block().take();
      case Event::kEnd:
        finish();
        if (pump_->error() == nullptr) return nb::none();
        translated([&] { std::rethrow_exception(pump_->error()); });
        break;
      case Event::kNothing:
        break;
    }
  }
}

template <typename Columns>
nb::object Stream<Columns>::next() {
  if (is_in_use_) throw std::runtime_error("another thread waits for this stream already");
  if (has_ended_) return nb::none();
  is_in_use_ = true;
  try {
    nb::object block = step();
    is_in_use_ = false;
    return block;
  } catch (...) {
    is_in_use_ = false;
    finish();
    throw;
  }
}

template <typename Columns>
void Stream<Columns>::close() {
  if (is_in_use_) {
    stop_.request_stop();
  } else {
    finish();
  }
}

template <typename Columns>
void Stream<Columns>::finish() {
  has_ended_ = true;
  if (thread_.joinable()) {
    const nb::gil_scoped_release release;
    stop_.request_stop();
    thread_.join();
  }
  sequences_ = nb::object();
}

template class Stream<CallColumns>;
template class Stream<EmbeddingColumns>;

}  // namespace virnucpro::python
