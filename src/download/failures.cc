#include "download/failures.h"

#include "base/format.h"

namespace virnucpro {
namespace {

constexpr const char* kElsewhere =
    "choose another mirror (HF_ENDPOINT), or copy the file and name its folder with --from.";

/// Statuses after which servers themselves advise to ask again.
bool is_passing_status(long status) {
  return status == 408 || status == 425 || status == 429 || status >= 500;
}

std::string advice_on(long status, const FileRequest& request) {
  switch (status) {
    case 401:
    case 403:
      if (request.token.empty()) {
        return "It asks who you are: set HF_TOKEN (from your Hugging Face account, with access to "
               "this model), or copy the file and name its folder with --from.";
      }
      return "It refuses the token that was sent (HF_TOKEN, or the token file): use one with "
             "access to this model, or copy the file and name its folder with --from.";
    case 404:
    case 410:
      return fmt::format("It has no such file (any more): {}", kElsewhere);
    case 407:
      return "The proxy asks for a name and password: put them into HTTPS_PROXY.";
    case 416:
      return fmt::format("The file there is shorter than expected: {}", kElsewhere);
    default:
      return fmt::format("This does not pass by itself: {}", kElsewhere);
  }
}

Failure of_status(const FileRequest& request, const Transfer& transfer) {
  const long status = transfer.head().status;
  Failure failure;
  failure.is_passing = is_passing_status(status);
  failure.is_too_much = status == 429 || status == 503;
  failure.seconds_to_wait = failure.is_passing ? transfer.retry_after() : 0;
  failure.text = fmt::format("{} answers with HTTP status {}.",
                             place_of(request.name, transfer.last_address()), status);
  if (!failure.is_passing) failure.text += " " + advice_on(status, request);
  return failure;
}

/// What the user can do; empty for failures that pass.
std::string advice_on(CURLcode code) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CERTPROBLEM:
      return "The server's certificate cannot be verified. Check this machine's clock and its "
             "certificates (package ca-certificates); behind a proxy that reads along, name your "
             "organisation's certificates with SSL_CERT_FILE.";
    case CURLE_UNSUPPORTED_PROTOCOL:
      return fmt::format(
          "It leads to an address that is not https, which is refused, since anybody on the way "
          "could change the file: {}",
          kElsewhere);
    case CURLE_TOO_MANY_REDIRECTS:
      return fmt::format("It leads from one address to the next without end: {}", kElsewhere);
    case CURLE_URL_MALFORMAT:
      return "This is no address; correct the registry of models or HF_ENDPOINT.";
    case CURLE_COULDNT_RESOLVE_PROXY:
      return "The proxy's name is not known; correct HTTPS_PROXY.";
    default:
      return {};
  }
}

}  // namespace

std::string place_of(const std::string& name, const std::string& address) {
  return name == address ? name : name + ": " + address;
}

Failure failure_of(const FileRequest& request, const Transfer& transfer, CURLcode code) {
  const long status = transfer.head().status;
  const bool has_answered = !transfer.was_accepted() && status >= 300 &&
                            code != CURLE_UNSUPPORTED_PROTOCOL && code != CURLE_TOO_MANY_REDIRECTS;
  if (has_answered && (code == CURLE_OK || code == CURLE_WRITE_ERROR)) {
    return of_status(request, transfer);
  }
  Failure failure;
  const std::string advice = advice_on(code);
  const std::string detail =
      transfer.detail().empty() ? curl_easy_strerror(code) : transfer.detail();
  failure.is_passing = advice.empty();
  failure.text = fmt::format("{}: {}.", place_of(request.name, transfer.last_address()), detail);
  if (!advice.empty()) failure.text += " " + advice;
  return failure;
}

}  // namespace virnucpro
