#include "download/transfer.h"

#include <algorithm>
#include <cctype>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/number_text.h"

namespace virnucpro {
namespace {

/// Mirrors behind mirrors need two or three.
constexpr long kMostRedirects = 8;
/// Connecting takes two ways through the network and one through the proxy.
constexpr long kConnectSeconds = 20;
/// libcurl's buffer: its largest, so that few calls are made for gigabytes.
constexpr long kBufferBytes = 512 * 1024;

/// SHA-256 of a request without a body, which S3 wants beside the signature.
constexpr const char* kHashOfNothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

template <typename Value>
void set(CURL* handle, CURLoption option, Value value) {
  const CURLcode code = curl_easy_setopt(handle, option, value);
  check(code == CURLE_OK, "libcurl does not take option {}: {}", static_cast<int>(option),
        curl_easy_strerror(code));
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) {
    text.remove_prefix(1);
  }
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) {
    text.remove_suffix(1);
  }
  return text;
}

/// "\"abc\"" and "W/\"abc\"" give abc.
std::string unquoted(std::string_view tag) {
  if (tag.starts_with("W/")) tag.remove_prefix(2);
  if (tag.size() >= 2 && tag.front() == '"' && tag.back() == '"') {
    tag = tag.substr(1, tag.size() - 2);
  }
  return std::string(tag);
}

/// "bytes 0-99/1234" and "bytes */1234".
void take_content_range(std::string_view value, ResponseHead& head) {
  if (!lower(value).starts_with("bytes ")) return;
  value = trimmed(value.substr(6));
  const std::size_t slash = value.find('/');
  if (slash == std::string_view::npos) return;
  head.total = parse_whole(value.substr(slash + 1));
  head.begin = parse_whole(value.substr(0, value.find('-')));
}

}  // namespace

void start_curl() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
      throw ResourceError("the library for downloads (libcurl) cannot be started; is memory left?");
    }
  });
}

Transfer::Transfer(TransferRequest request, const NetworkSettings& settings)
    : request_(std::move(request)) {
  start_curl();
  handle_.reset(curl_easy_init());
  if (!handle_) throw ResourceError("the library for downloads (libcurl) has no memory left");
  CURL* const handle = handle_.get();
  set(handle, CURLOPT_URL, request_.url.c_str());
  set(handle, CURLOPT_PROTOCOLS_STR, request_.may_be_http ? "https,http" : "https");
  set(handle, CURLOPT_REDIR_PROTOCOLS_STR, "https");
  set(handle, CURLOPT_FOLLOWLOCATION, 1L);
  set(handle, CURLOPT_MAXREDIRS, kMostRedirects);
  set(handle, CURLOPT_SSL_VERIFYPEER, 1L);
  set(handle, CURLOPT_SSL_VERIFYHOST, 2L);
  set(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!settings.ca_file.empty()) set(handle, CURLOPT_CAINFO, settings.ca_file.c_str());
  if (!settings.ca_folder.empty()) set(handle, CURLOPT_CAPATH, settings.ca_folder.c_str());
  // An empty text keeps libcurl from looking at the environment by itself.
  set(handle, CURLOPT_PROXY, settings.proxy.c_str());
  set(handle, CURLOPT_NOPROXY, settings.no_proxy.c_str());
  // Ranges side by side gain by connections of their own, which HTTP/2 would join to one.
  set(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(handle, CURLOPT_USERAGENT, settings.user_agent.c_str());
  set(handle, CURLOPT_NOSIGNAL, 1L);
  set(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  set(handle, CURLOPT_BUFFERSIZE, kBufferBytes);
  set(handle, CURLOPT_CONNECTTIMEOUT,
      std::min(kConnectSeconds, static_cast<long>(settings.patience.count())));
  // Slower than a byte a second for so long: it stands still.
  set(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(settings.patience.count()));
  set(handle, CURLOPT_ERRORBUFFER, error_text_.data());
  if (!request_.token.empty()) {
    // libcurl gives a bearer's token to the first host alone, whatever redirects follow.
    set(handle, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
    set(handle, CURLOPT_XOAUTH2_BEARER, request_.token.c_str());
    set(handle, CURLOPT_UNRESTRICTED_AUTH, 0L);
  }
  if (!request_.keys.id.empty()) sign(handle);
  if (request_.range) {
    begin_ = request_.range->begin;
    set(handle, CURLOPT_RANGE,
        fmt::format("{}-{}", request_.range->begin, request_.range->end - 1).c_str());
  }
  set(handle, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(handle, CURLOPT_HEADERDATA, this);
  set(handle, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(handle, CURLOPT_WRITEDATA, this);
  set(handle, CURLOPT_PRIVATE, this);
}

void Transfer::sign(CURL* handle) {
  const SigningKeys& keys = request_.keys;
  set(handle, CURLOPT_AWS_SIGV4, fmt::format("aws:amz:{}:s3", keys.region).c_str());
  set(handle, CURLOPT_USERNAME, keys.id.c_str());
  set(handle, CURLOPT_PASSWORD, keys.secret.c_str());
  // A signature is for one host, and headers of our own would go to any other, too.
  set(handle, CURLOPT_FOLLOWLOCATION, 0L);
  add_header(fmt::format("x-amz-content-sha256: {}", kHashOfNothing));
  if (!keys.session.empty()) add_header(fmt::format("x-amz-security-token: {}", keys.session));
  set(handle, CURLOPT_HTTPHEADER, headers_.get());
}

void Transfer::add_header(const std::string& header) {
  curl_slist* const longer = curl_slist_append(headers_.get(), header.c_str());
  if (longer == nullptr) {
    throw ResourceError("the library for downloads (libcurl) has no memory left");
  }
  static_cast<void>(headers_.release());  // its elements are in the longer one
  headers_.reset(longer);
}

std::size_t Transfer::on_header(char* bytes, std::size_t size, std::size_t count, void* self) {
  Transfer& transfer = *static_cast<Transfer*>(self);
  try {
    transfer.take_header({bytes, size * count});
    return size * count;
  } catch (...) {  // may not pass through libcurl
    transfer.failure_ = std::current_exception();
    return 0;
  }
}

void Transfer::take_header(std::string_view line) {
  line = trimmed(line);
  if (line.starts_with("HTTP/")) {  // of this hop; what was announced before stays
    ResponseHead next;
    next.announced_hash = std::move(head_.announced_hash);
    next.announced_size = head_.announced_size;
    const std::size_t blank = line.find(' ');
    if (blank != std::string_view::npos) {
      next.status = static_cast<long>(parse_whole(line.substr(blank + 1, 3)).value_or(0));
    }
    head_ = std::move(next);
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string name = lower(line.substr(0, colon));
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (name == "content-range") {
    take_content_range(value, head_);
  } else if (name == "content-length" && head_.status == 200) {
    head_.total = parse_whole(value);
  } else if (name == "etag") {
    // A weak tag allows other bytes.
    head_.version = value.starts_with("W/") ? std::string() : unquoted(value);
  } else if (name == "last-modified") {
    head_.modified = value;
  } else if (name == "x-linked-etag") {
    head_.announced_hash = unquoted(value);
  } else if (name == "x-linked-size") {
    head_.announced_size = parse_whole(value);
  }
}

bool Transfer::accept() {
  if (accepted_) return true;
  if (head_.status != 200 && head_.status != 206) return false;
  if (head_.status == 200) begin_ = 0;  // the whole file, whatever was asked for
  accepted_ = request_.accept(head_);
  return accepted_;
}

std::size_t Transfer::on_body(char* bytes, std::size_t size, std::size_t count, void* self) {
  Transfer& transfer = *static_cast<Transfer*>(self);
  const std::size_t total = size * count;
  try {
    if (!transfer.accept()) return 0;
    const auto* const data = reinterpret_cast<const std::byte*>(bytes);
    if (!transfer.request_.write(transfer.begin_ + transfer.count_, {data, total})) return 0;
    transfer.count_ += total;
    return total;
  } catch (...) {  // may not pass through libcurl
    transfer.failure_ = std::current_exception();
    return 0;
  }
}

bool Transfer::finish() { return accept(); }

std::int64_t Transfer::retry_after() const {
  curl_off_t seconds = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_RETRY_AFTER, &seconds);
  return seconds;
}

std::string Transfer::last_address() const {
  const char* url = nullptr;
  curl_easy_getinfo(handle_.get(), CURLINFO_EFFECTIVE_URL, &url);
  const std::string address = url == nullptr ? request_.url : url;
  return address.substr(0, address.find_first_of("?#"));
}

}  // namespace virnucpro
