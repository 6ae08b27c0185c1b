#include "download/remote_stream.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "base/feed_pipe.h"
#include "base/format.h"
#include "base/known_file.h"
#include "base/start_thread.h"
#include "base/stop.h"
#include "download/failures.h"
#include "download/transfer.h"

namespace virnucpro {
namespace {

/// A range waits in memory while the models compute: no connection is held open meanwhile, and
/// asking costs little beside so many bytes.
constexpr std::uint64_t kPieceBytes = std::uint64_t{8} << 20;
/// How soon a request to stop is seen.
constexpr int kLookMilliseconds = 100;

struct CloseMulti {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};

[[noreturn]] void fail(const RemoteFile& file, const std::string& problem) {
  throw InputError(fmt::format("{}: {}", file.name, problem));
}

std::string by_pipe(const RemoteFile& file) {
  return fmt::format(
      "Fetch the file first, or pass it through a pipe: curl -sSfL '{}' | virnucpro "
      "predict - ...",
      file.name);
}

/// What to do about an answer that does not pass by itself.
std::string advice_on(const RemoteFile& file, long status) {
  if (status == 401 || status == 403) {
    if (file.keys_hint.empty()) {
      return "The address must allow reading as it is: signed, and not expired.";
    }
    return fmt::format("Access is given by {}.", file.keys_hint);
  }
  if (status == 404 || status == 410) return "There is no such file; correct the address.";
  if (status >= 300 && status < 400 && !file.keys.id.empty()) {
    return "The bucket may be in another region: set AWS_REGION.";
  }
  return "This does not pass by itself.";
}

}  // namespace

/// One request for a range. Thread-confined.
class RemoteStream::Piece {
 public:
  Piece(RemoteStream& stream, std::uint64_t begin) : stream_(stream), begin_(begin) {
    TransferRequest request;
    const RemoteFile& file = stream.file_;
    request.url = file.url;
    request.token = file.token;
    request.keys = file.keys;
    request.may_be_http = file.may_be_http;
    request.range =
        ByteRange{begin, std::min(begin + kPieceBytes, stream.total_.value_or(UINT64_MAX))};
    request.accept = [this](const ResponseHead& head) { return accept(head); };
    request.write = [this](std::uint64_t /*offset*/, std::span<const std::byte> bytes) {
      std::vector<std::byte>& buffer = stream_.buffer_;
      if (buffer.size() + bytes.size() > kPieceBytes) {
        fail(stream_.file_, fmt::format("{} sends more bytes than were asked for. {}",
                                        transfer_->last_address(), by_pipe(stream_.file_)));
      }
      buffer.insert(buffer.end(), bytes.begin(), bytes.end());
      return true;
    };
    transfer_ = std::make_unique<Transfer>(std::move(request), stream.network_);
  }

  /// Runs to its end; the answer's bytes are in buffer_ then. Empty: it went well.
  std::optional<Failure> run(CURLM* multi) {
    const CURLMcode added = curl_multi_add_handle(multi, transfer_->handle());
    check(added == CURLM_OK, "libcurl takes no transfer: {}", curl_multi_strerror(added));
    const std::unique_ptr<CURL, std::function<void(CURL*)>> leaving(
        transfer_->handle(), [multi](CURL* handle) { curl_multi_remove_handle(multi, handle); });
    for (;;) {
      stream_.look();
      int running = 0;
      curl_multi_perform(multi, &running);
      int left = 0;
      while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
        if (message->msg == CURLMSG_DONE) return take(message->data.result);
      }
      curl_multi_poll(multi, nullptr, 0, kLookMilliseconds, nullptr);
    }
  }

 private:
  std::optional<Failure> take(CURLcode code) {
    transfer_->rethrow();
    if (code == CURLE_OK && transfer_->finish()) {
      transfer_->rethrow();
      return std::nullopt;
    }
    const ResponseHead& head = transfer_->head();
    if (head.status == 416 && begin_ == 0 && head.total == 0) {  // an empty file has no range
      stream_.total_ = 0;
      return std::nullopt;
    }
    FileRequest request;
    request.name = stream_.file_.name;
    Failure failure = failure_of(request, *transfer_, code);
    const bool is_status = !transfer_->was_accepted() && head.status >= 300 &&
                           (code == CURLE_OK || code == CURLE_WRITE_ERROR);
    if (!failure.is_passing && is_status) {
      failure.text = fmt::format("{} answers with HTTP status {}. {}",
                                 place_of(request.name, transfer_->last_address()), head.status,
                                 advice_on(stream_.file_, head.status));
    }
    return failure;
  }

  bool accept(const ResponseHead& head) const {
    const RemoteFile& file = stream_.file_;
    const bool is_small = begin_ == 0 && head.total && *head.total <= kPieceBytes;
    if (head.status == 200 && !is_small) {
      fail(file, fmt::format("{} sends it only as a whole, which cannot be gone on with when a "
                             "connection breaks. {}",
                             transfer_->last_address(), by_pipe(file)));
    }
    if (head.status == 206 && (head.begin != begin_ || !head.total)) {
      fail(file, fmt::format("{} answers with other bytes than those that were asked for. {}",
                             transfer_->last_address(), by_pipe(file)));
    }
    const std::string& version = head.version.empty() ? head.modified : head.version;
    if (!stream_.total_) {
      if (version.empty() && !is_small) {
        fail(file, fmt::format("{} does not name the version of the file (ETag, Last-Modified), so "
                               "that a change between two ranges would not be noticed. {}",
                               transfer_->last_address(), by_pipe(file)));
      }
      stream_.total_ = head.total;
      stream_.version_ = version;
    } else if (head.total != stream_.total_ || version != stream_.version_) {
      throw_changed(file.name, fmt::format("is another version at {}", transfer_->last_address()));
    }
    return true;
  }

  RemoteStream& stream_;
  const std::uint64_t begin_;
  std::unique_ptr<Transfer> transfer_;
};

RemoteStream::RemoteStream(RemoteFile file, NetworkSettings network, Log log, std::stop_token stop)
    : file_(std::move(file)),
      network_(std::move(network)),
      log_(std::move(log)),
      stop_(std::move(stop)),
      pipe_(open_feed_pipe(file_.name)) {
  start_curl();
  thread_ = start_thread([this] { run(); });
}

RemoteStream::~RemoteStream() {
  is_abandoned_ = true;
  if (thread_.joinable()) thread_.join();
}

void RemoteStream::finish() {
  if (thread_.joinable()) thread_.join();
  if (error_) std::rethrow_exception(error_);
}

void RemoteStream::run() noexcept {
  block_broken_pipe_signal();
  try {
    fetch_all();
  } catch (...) {
    error_ = std::current_exception();
  }
  pipe_.input.close();
}

void RemoteStream::look() const {
  throw_if_stopped(stop_);
  if (is_abandoned_) throw Interrupted("nobody wants the rest");
}

void RemoteStream::fetch_all() {
  for (std::uint64_t begin = 0; !total_ || begin < *total_; begin += buffer_.size()) {
    fetch(begin);
    write();
  }
}

void RemoteStream::fetch(std::uint64_t begin) {
  // Kept for one range only: while the models compute, a server would close the connection.
  const std::unique_ptr<CURLM, CloseMulti> multi(curl_multi_init());
  if (!multi) throw ResourceError("the library for downloads (libcurl) has no memory left");
  Patience patience;
  for (;;) {
    buffer_.clear();
    const std::optional<Failure> failure = Piece(*this, begin).run(multi.get());
    if (!buffer_.empty() || (!failure && total_ == begin))
      return;  // what came before a break counts
    if (failure && !failure->is_passing) throw InputError(failure->text);
    const std::string text =
        failure ? failure->text : fmt::format("{}: no bytes came.", file_.name);
    const Patience::Verdict verdict =
        patience.after_failure(text, failure ? failure->seconds_to_wait : 0, "", log_);
    if (!verdict.given_up.empty()) throw InputError(verdict.given_up);
    wait(verdict.wait);
  }
}

void RemoteStream::wait(Patience::Seconds time) const {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
    look();
    std::this_thread::sleep_for(std::chrono::milliseconds(kLookMilliseconds));
  }
}

void RemoteStream::write() {
  const auto goes_on = [this] {
    look();
    return true;
  };
  if (!write_to_pipe(pipe_.input, buffer_, goes_on)) throw Interrupted("nobody wants the rest");
}

}  // namespace virnucpro
