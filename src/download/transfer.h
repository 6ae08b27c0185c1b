// One request for a range of bytes, wrapped around libcurl's handle.
#pragma once

#include <curl/curl.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "download/byte_ranges.h"
#include "download/network_settings.h"
#include "download/remote_file.h"

namespace virnucpro {

/// What a server says before the bytes.
struct ResponseHead {
  long status = 0;
  std::optional<std::uint64_t> begin;  ///< of the bytes that follow, with status 206
  std::optional<std::uint64_t> total;  ///< size of the whole file
  /// The server's name for this version of the content; empty: none that can be relied on.
  std::string version;
  std::string modified;  ///< when the content last changed, in the server's words; may be empty
  /// What Hugging Face says of the file before it sends the request elsewhere: a hash, a size.
  std::string announced_hash;
  std::optional<std::uint64_t> announced_size;
};

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

struct CloseTransfer {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};

/// Readies libcurl for the process; call before the first handle is made. Thread-safe.
void start_curl();

/// Where one transfer asks, and where its bytes go.
struct TransferRequest {
  std::string url;
  std::string token;         ///< sent to the host of `url` alone; empty: none
  SigningKeys keys = {};     ///< for the host of `url` alone
  bool may_be_http = false;  ///< `url`, not what it leads to
  /// Absent: the whole file, without a range.
  std::optional<ByteRange> range;
  /// Called once, before the first byte of an answer with status 200 or 206. False ends the
  /// transfer. What this and `write` throw is thrown by rethrow().
  std::function<bool(const ResponseHead& head)> accept;
  /// Takes bytes and their place in the file. False ends the transfer.
  std::function<bool(std::uint64_t offset, std::span<const std::byte> bytes)> write;
};

/// Owns the handle; not to be moved while it is in use. Thread-confined.
class Transfer {
 public:
  /// Certificates are checked, and only https is spoken, also after a redirect; `url` alone may be
  /// http.
  Transfer(TransferRequest request, const NetworkSettings& settings);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  CURL* handle() const { return handle_.get(); }
  const ResponseHead& head() const { return head_; }
  /// The bytes that have been written, and where they begin.
  ByteRange written() const { return {begin_, begin_ + count_}; }
  /// What is asked for, as long as it is known.
  const std::optional<ByteRange>& range() const { return request_.range; }
  bool was_accepted() const { return accepted_; }
  /// Accepts an answer that has no bytes. To be called when the transfer has ended well.
  bool finish();
  /// Throws what the request's functions have thrown, if anything. To be called when the transfer
  /// has ended.
  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

  /// Seconds that the server asks to wait; 0: it does not say.
  std::int64_t retry_after() const;
  /// The address that answered, without its query, which may hold a signature.
  std::string last_address() const;
  /// libcurl's own words on the failure; may be empty.
  std::string detail() const { return error_text_.data(); }

 private:
  static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
  void take_header(std::string_view line);
  void sign(CURL* handle);
  void add_header(const std::string& header);
  bool accept();

  TransferRequest request_;
  std::unique_ptr<curl_slist, FreeList> headers_;
  std::unique_ptr<CURL, CloseTransfer> handle_;
  ResponseHead head_;
  std::uint64_t begin_ = 0;
  std::uint64_t count_ = 0;
  bool accepted_ = false;
  std::array<char, CURL_ERROR_SIZE> error_text_ = {};
  std::exception_ptr failure_;
};

}  // namespace virnucpro
