#include "sequence/input_feed.h"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/errors.h"
#include "base/feed_pipe.h"
#include "base/format.h"
#include "base/read_input.h"
#include "base/sha256.h"
#include "base/start_thread.h"
#include "base/stop.h"

namespace virnucpro {
namespace {

// Large enough for a system call to cost nothing. The display of progress counts what was read as
// done, so a piece must not be large beside a small input.
constexpr std::size_t kPieceBytes = std::size_t{1} << 16;

}  // namespace

InputFeed::InputFeed(Descriptor input, std::string path, std::string name, InputTerms terms,
                     std::function<void()> finish)
    : input_(std::move(input)),
      path_(std::move(path)),
      name_(std::move(name)),
      terms_(std::move(terms)),
      finish_(std::move(finish)),
      stamp_(stamp_of(input_.get())),
      pipe_(open_feed_pipe(name_)),
      thread_(start_thread([this] { run(); })) {}

InputFeed::~InputFeed() {
  is_abandoned_ = true;
  if (thread_.joinable()) thread_.join();
}

std::string InputFeed::tail(std::size_t count) const {
  if (!stamp_ || terms_.piece) return {};
  std::string bytes(std::min<std::uint64_t>(count, stamp_->bytes), '\0');
  const ssize_t got = ::pread(input_.get(), bytes.data(), bytes.size(),
                              static_cast<off_t>(stamp_->bytes - bytes.size()));
  // Bytes that cannot be read here are left to run(), which says why.
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

const KnownFile& InputFeed::finish() {
  has_no_reader_ = true;
  if (thread_.joinable()) thread_.join();
  if (error_) std::rethrow_exception(error_);
  return found_;
}

void InputFeed::check_refused() {
  check();
  if (!stamp_) return;  // may never end
  const std::optional<FileStamp> now = stamp_of(input_.get());
  if (terms_.known) {
    // The rest is read only if there is a reason to.
    if (!have_same_content(now, terms_.known->stamp)) static_cast<void>(finish());
  } else if (!have_same_content(now, stamp_)) {
    throw_changed(name_, "was written to");
  }
}

void InputFeed::run() noexcept {
  block_broken_pipe_signal();
  try {
    if (terms_.piece) {
      pass_piece();
    } else {
      pass_all();
    }
  } catch (...) {
    error_ = std::current_exception();
    is_cut_short_ = true;  // before the parser can see the end
  }
  pipe_.input.close();
}

void InputFeed::look() const {
  throw_if_stopped(terms_.stop);
  if (is_abandoned_) throw Interrupted("nobody wants the rest");
}

void InputFeed::pass_all() {
  std::uint64_t bytes = 0;
  const auto buffer = std::make_unique<std::array<std::byte, kPieceBytes>>();
  while (const std::size_t got = read_some(input_, *buffer, name_, [this] { look(); })) {
    const std::span<const std::byte> piece = std::span(*buffer).first(got);
    hash_.update(piece);
    bytes += got;
    write(piece);
  }
  if (finish_) finish_();
  found_.content = {hash_.finish(), bytes};
  if (stamp_) found_.stamp = *stamp_;
  if (stamp_ || terms_.known) require_same_file();
}

void InputFeed::pass_piece() {
  if (terms_.piece->head) pass_text_of(*terms_.piece->head);
  pass_text_of(*terms_.piece);
  found_ = *terms_.known;
  if (path_.empty() || !stamp_) return;
  const std::optional<FileStamp> named = stamp_of(path_);
  if (named && !named->is_same_file(*stamp_)) throw_changed(name_, "was replaced by another file");
}

void InputFeed::pass_text_of(const TextPiece& piece) {
  Sha256 hash;
  bool is_as_planned = true;
  PieceReader reader(piece, [this](std::span<const std::byte> text) { write(text); });
  const auto buffer = std::make_unique<std::array<std::byte, kPieceBytes>>();
  std::uint64_t position = piece.place.begin;
  if (::lseek(input_.get(), static_cast<off_t>(position), SEEK_SET) < 0) {
    throw_changed(name_, "can no longer be read in the middle");
  }
  while (position < piece.end && is_as_planned) {
    const auto room =
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer->size(), piece.end - position));
    const std::size_t got =
        read_some(input_, std::span(*buffer).first(room), name_, [this] { look(); });
    if (got == 0) break;
    const std::span<const std::byte> bytes = std::span(*buffer).first(got);
    hash.update(bytes);
    position += got;
    is_as_planned = reader.put(bytes);
  }
  if (hash.finish() != piece.sha256 || !is_as_planned || !reader.is_complete()) {
    throw_changed(name_, fmt::format("holds other bytes from {} to {} than its plan of shards says",
                                     piece.place.begin, piece.end));
  }
}

void InputFeed::require_same_file() const {
  const std::optional<FileStamp> now = stamp_of(input_.get());
  if (terms_.known) {
    require_same_content(name_, terms_.known->content, found_.content);
  } else if (!have_same_content(now, stamp_)) {
    throw_changed(name_, "was written to");
  }
  if (path_.empty() || !stamp_) return;
  const std::optional<FileStamp> named = stamp_of(path_);
  // A file that was removed meanwhile is still the one that was asked for.
  if (named && !named->is_same_file(*stamp_)) throw_changed(name_, "was replaced by another file");
}

void InputFeed::write(std::span<const std::byte> bytes) {
  const auto goes_on = [this] {
    if (has_no_reader_ || is_abandoned_) return false;
    throw_if_stopped(terms_.stop);
    return true;
  };
  if (!write_to_pipe(pipe_.input, bytes, goes_on)) has_no_reader_ = true;  // has seen enough
}

}  // namespace virnucpro
