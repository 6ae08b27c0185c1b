#include "download/file_download.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/git_blob.h"
#include "base/sha256.h"
#include "base/stop.h"
#include "download/failures.h"
#include "download/part_file.h"
#include "download/patience.h"
#include "download/transfer.h"

namespace virnucpro {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

/// What one request asks for: large enough that asking costs nothing, small enough that the last
/// ones end together.
constexpr std::uint64_t kPieceBytes = std::uint64_t{32} << 20;
/// The first request shows what the server is like; small files come whole by it.
constexpr std::uint64_t kFirstPieceBytes = std::uint64_t{1} << 20;
/// How often a stop is looked for.
constexpr int kPollMilliseconds = 100;
/// A file that changes on the server more often than this while it is fetched cannot be had.
constexpr int kMostRestarts = 3;

struct CloseMulti {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};

/// What to ask for next; without a range, the whole file.
struct Ask {
  std::optional<ByteRange> range;
};

/// What bytes on the disk belong to; empty: only the server can say.
std::string identity_of(const FileRequest& request) {
  if (!request.sha256.empty()) return "sha256 " + request.sha256;
  if (!request.git_id.empty()) return "git " + request.git_id;
  return {};
}

class FileDownload {
 public:
  FileDownload(const FileRequest& request, const DownloadContext& context)
      : request_(request),
        context_(context),
        part_(part_path_of(request.path), first_identity()),
        identity_(identity_of(request)),
        size_(request.size) {
    start_curl();
    multi_.reset(curl_multi_init());
    if (!multi_) throw ResourceError("the library for downloads (libcurl) has no memory left");
    if (part_.has_old_bytes()) {
      size_ = part_.state().size;
      context_.log.info("{}: going on after {} of {} bytes", request_.name,
                        part_.state().done.size(), *size_);
    }
  }
  ~FileDownload() { drop_transfers(); }
  FileDownload(const FileDownload&) = delete;
  FileDownload& operator=(const FileDownload&) = delete;

  FetchedFile run() {
    for (;;) {
      fetch_all();
      FetchedFile result;
      const std::string problem = problem_of(result);
      if (problem.empty()) {
        part_.publish(request_.path);
        return result;
      }
      if (!part_.has_old_bytes()) {
        part_.remove();
        throw ModelError(problem);
      }
      // An earlier process, or another mirror, may have left bytes of another file.
      context_.log.warning("{} It was continued from an earlier download; it is fetched anew.",
                           problem);
      restart();
    }
  }

 private:
  /// A note of an earlier process may tell the server's name for the version; the request proves
  /// it.
  std::string first_identity() const {
    const std::string known = identity_of(request_);
    if (!known.empty()) return known;
    const std::optional<DownloadState> old =
        read_download_state(state_path_of(part_path_of(request_.path)));
    const bool is_same = old && old->identity.starts_with("version " + request_.url + " ");
    return is_same ? old->identity : std::string();
  }

  bool is_whole() const { return is_ended_ || (is_begun_ && size_ && missing_bytes() == 0); }
  std::uint64_t missing_bytes() const { return *size_ - part_.state().done.size(); }

  // ---- the loop

  void fetch_all() {
    while (!is_whole()) {
      throw_if_stopped(context_.stop);
      start_transfers();
      int running = 0;
      curl_multi_perform(multi_.get(), &running);
      take_ended();
      if (context_.progress) context_.progress(part_.state().done.size(), size_);
      if (is_whole()) break;
      curl_multi_poll(multi_.get(), nullptr, 0, kPollMilliseconds, nullptr);
    }
    drop_transfers();
    part_.save();
  }

  void start_transfers() {
    if (Clock::now() < not_before_) return;
    const std::size_t most = is_begun_ && takes_ranges_ ? connections_ : 1;
    while (transfers_.size() < most) {
      const std::optional<Ask> next = next_ask();
      if (!next) return;
      start(next->range);
    }
  }

  /// Absent: all is there, or has been asked for.
  std::optional<Ask> next_ask() const {
    if (!takes_ranges_) return Ask{};
    // An empty file has no range; its size shows with any request.
    const std::uint64_t end = size_ && *size_ > 0 ? *size_ : kFirstPieceBytes;
    std::vector<ByteRange> asked;
    for (const auto& transfer : transfers_) asked.push_back(*transfer->range());
    std::uint64_t longest = is_begun_ ? kPieceBytes : kFirstPieceBytes;
    if (is_begun_) {  // so that the connections end together
      const std::uint64_t share = missing_bytes() / connections_ + 1;
      longest = std::clamp(share, std::min(kFirstPieceBytes, longest), longest);
    }
    std::optional<ByteRange> range = part_.state().done.first_missing(end, longest, asked);
    if (!range && !is_begun_) range = ByteRange{0, 1};  // all is there: the server confirms it
    if (!range) return std::nullopt;
    return Ask{range};
  }

  void start(const std::optional<ByteRange>& range) {
    TransferRequest request;
    request.url = request_.url;
    request.token = request_.token;
    request.range = range;
    request.accept = [this, range](const ResponseHead& head) { return accept(range, head); };
    request.write = [this, range](std::uint64_t offset, std::span<const std::byte> bytes) {
      const std::uint64_t end = takes_ranges_ && range ? range->end : size_.value_or(UINT64_MAX);
      if (offset + bytes.size() > end) {
        throw ModelError(size_text(offset + bytes.size(), /*is_more=*/true));
      }
      part_.write(offset, bytes);
      part_.add_done({offset, offset + bytes.size()});
      patience_.restore();
      return true;
    };
    transfers_.push_back(std::make_unique<Transfer>(std::move(request), context_.network));
    const CURLMcode code = curl_multi_add_handle(multi_.get(), transfers_.back()->handle());
    check(code == CURLM_OK, "libcurl takes no transfer: {}", curl_multi_strerror(code));
  }

  void drop_transfers() {
    for (const auto& transfer : transfers_) {
      curl_multi_remove_handle(multi_.get(), transfer->handle());
    }
    transfers_.clear();
  }

  void take_ended() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      const auto place = std::ranges::find(transfers_, message->easy_handle,
                                           [](const auto& each) { return each->handle(); });
      check(place != transfers_.end(), "libcurl ended a transfer that was not begun");
      const std::unique_ptr<Transfer> transfer = std::move(*place);
      transfers_.erase(place);
      curl_multi_remove_handle(multi_.get(), transfer->handle());
      take(*transfer, code);
      if (wants_restart_) return restart_for_change();
    }
  }

  // ---- answers

  /// The whole error about a size that is not as expected.
  std::string size_text(std::uint64_t found, bool is_more = false) const {
    return fmt::format(
        "{}: expected {} bytes, found {}{} at {}. This is another file, or it was changed there: "
        "choose another mirror (HF_ENDPOINT), or copy the right file and name its folder with "
        "--from.",
        request_.name, size_.value_or(0), is_more ? "at least " : "", found, request_.url);
  }

  bool accept(const std::optional<ByteRange>& range, const ResponseHead& head) {
    take_announced(head);
    if (head.total && request_.size && *head.total != *request_.size) {
      throw ModelError(size_text(*head.total));
    }
    if (head.status == 200 && range) {  // the server knows no ranges, or not for this file
      takes_ranges_ = false;
      if (!part_.state().done.empty() || transfers_.size() > 1) return want_restart();
    } else if (head.status == 206 &&
               (!range || !head.begin || *head.begin != range->begin || !head.total)) {
      throw ModelError(fmt::format(
          "{}: {} answers with other bytes than those that were asked for. Choose another mirror "
          "(HF_ENDPOINT).",
          request_.name, request_.url));
    }
    const std::string identity = identity_.empty() && !head.version.empty()
                                     ? fmt::format("version {} {}", request_.url, head.version)
                                     : identity_;
    const bool is_other = size_ && head.total && *size_ != *head.total;
    // Without a hash, only the server's name for the version says whether bytes belong together.
    const bool is_other_version = !part_.state().done.empty() && identity_.empty() &&
                                  (identity.empty() || identity != part_.state().identity) &&
                                  head.status == 206;
    const bool is_unnamed_begin = identity.empty() && is_begun_;
    if (is_other || (is_other_version && !is_unnamed_begin)) return want_restart();
    if (!is_begun_) {
      size_ = head.total ? head.total : size_;
      is_begun_ = true;
      part_.begin(identity, size_.value_or(0));
    }
    return true;
  }

  /// Compares what the server announces with what is known, before gigabytes have come.
  void take_announced(const ResponseHead& head) {
    const bool is_sha256_there = is_sha256(head.announced_hash);
    if (is_sha256_there && announced_.empty()) announced_ = head.announced_hash;
    if (is_sha256_there && !request_.sha256.empty() && head.announced_hash != request_.sha256) {
      throw ModelError(fmt::format(
          "{}: expected the content with SHA-256 {}, found that {} has {}. This is another file, "
          "or it was changed there: choose another mirror (HF_ENDPOINT), or copy the right file "
          "and name its folder with --from.",
          request_.name, request_.sha256, request_.url, head.announced_hash));
    }
  }

  bool want_restart() {
    wants_restart_ = true;
    return false;
  }

  void restart_for_change() {
    wants_restart_ = false;
    if (++restarts_ > kMostRestarts) {
      throw ModelError(fmt::format(
          "{}: {} changes while it is fetched. Try later, or choose another mirror (HF_ENDPOINT).",
          request_.name, request_.url));
    }
    if (takes_ranges_) {
      context_.log.warning("{}: the file has changed on the server; it is fetched anew",
                           request_.name);
    }
    restart();
  }

  void restart() {
    drop_transfers();
    part_.restart();
    size_ = request_.size;
    is_begun_ = false;
    is_ended_ = false;
  }

  // ---- the end of a transfer

  void take(Transfer& transfer, CURLcode code) {
    transfer.rethrow();
    if (wants_restart_) return;
    if (code == CURLE_OK && transfer.finish()) {
      transfer.rethrow();
      if (takes_ranges_ && transfer.written().size() == 0) {
        return wait_after(
            {.is_passing = true,
             .text = fmt::format("{}: {} sends no bytes.", request_.name, transfer.last_address())},
            transfer);
      }
      if (!takes_ranges_) {  // the whole file in one answer
        if (size_ && transfer.written().size() != *size_) {
          throw ModelError(size_text(transfer.written().size()));
        }
        size_ = transfer.written().size();
        is_ended_ = true;
      }
      return;
    }
    if (wants_restart_) return;
    const Failure failure = failure_of(request_, transfer, code);
    if (!failure.is_passing) throw ModelError(failure.text);
    wait_after(failure, transfer);
  }

  /// Several requests that fail at once are one failure: they share a server.
  void wait_after(const Failure& failure, const Transfer& transfer) {
    if (!takes_ranges_ && transfer.was_accepted()) restart();  // nothing to go on from
    if (Clock::now() < not_before_) return;
    const Patience::Verdict verdict = patience_.after_failure(
        failure.text, failure.seconds_to_wait, "; what has come so far is kept", context_.log);
    if (!verdict.given_up.empty()) throw ModelError(verdict.given_up);
    not_before_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(verdict.wait);
    if (failure.is_too_much) connections_ = std::max<std::uint64_t>(1, connections_ / 2);
  }

  // ---- the whole

  /// The message about content that is not the right one; empty where it is. Fills `result`.
  std::string problem_of(FetchedFile& result) {
    result.size = size_.value_or(0);
    result.sha256 = sha256_file(part_.path(), context_.stop);
    const std::string& expected = request_.sha256.empty() ? announced_ : request_.sha256;
    result.was_known = !expected.empty() || !request_.git_id.empty();
    const auto problem = [&](std::string_view kind, const std::string& wanted,
                             const std::string& found) {
      return fmt::format(
          "{}: expected {} {}, found {} in what came from {}. The file there is another one, or "
          "it was changed on its way: run the command again, choose another mirror "
          "(HF_ENDPOINT), or copy the right file and name its folder with --from.",
          request_.name, kind, wanted, found, request_.url);
    };
    if (!expected.empty() && expected != result.sha256) {
      return problem("SHA-256", expected, result.sha256);
    }
    if (request_.git_id.empty()) return {};
    const std::string found = git_blob_id(part_.path(), context_.stop);
    if (found != request_.git_id) return problem("the git hash", request_.git_id, found);
    return {};
  }

  const FileRequest& request_;
  const DownloadContext& context_;
  PartFile part_;
  const std::string identity_;  // empty: only the server can name the version
  std::unique_ptr<CURLM, CloseMulti> multi_;
  std::vector<std::unique_ptr<Transfer>> transfers_;

  std::optional<std::uint64_t> size_;
  std::string announced_;  // SHA-256 that the server tells
  bool is_begun_ = false;  // the server has answered
  bool is_ended_ = false;  // of a file that came in one answer
  bool takes_ranges_ = true;
  bool wants_restart_ = false;
  int restarts_ = 0;
  Patience patience_;
  std::uint64_t connections_ = std::max<std::uint64_t>(1, context_.connections);
  Clock::time_point not_before_ = Clock::now();
};

}  // namespace

std::string part_path_of(const std::string& path) { return path + ".part"; }

std::uint64_t bytes_there(const FileRequest& request) {
  const auto state = read_download_state(state_path_of(part_path_of(request.path)));
  const std::string identity = identity_of(request);
  return state && !identity.empty() && state->identity == identity ? state->done.size() : 0;
}

FetchedFile fetch_file(const FileRequest& request, const DownloadContext& context) {
  return FileDownload(request, context).run();
}

}  // namespace virnucpro
