#include "download/network_settings.h"

#include <filesystem>
#include <initializer_list>
#include <optional>
#include <system_error>

#include "base/errors.h"
#include "base/format.h"
#include "base/number_text.h"

namespace virnucpro {
namespace {

/// A value and the variable that has it.
struct Named {
  std::string name;
  std::string value;
};

/// The first that is set and not empty.
Named first_of(const Environment& environment, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const std::optional<std::string> value = environment(name);
    if (value && !value->empty()) return {name, *value};
  }
  return {};
}

/// Where distributions keep the certificates of authorities; libcurl knows only that of the system
/// on which it was built.
constexpr const char* kUsualAuthorities[] = {
    "/etc/ssl/certs/ca-certificates.crt",  // Debian, Ubuntu, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",    // Red Hat and its kin
    "/etc/ssl/ca-bundle.pem",              // SUSE
    "/etc/ssl/cert.pem",                   // Alpine
};

bool is_file(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error);
}

}  // namespace

NetworkSettings network_settings(const Environment& environment) {
  NetworkSettings settings;
  const Named authorities =
      first_of(environment, {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"});
  settings.ca_file = authorities.value;
  if (!settings.ca_file.empty() && !is_file(settings.ca_file)) {
    throw ConfigError(fmt::format(
        "{}: '{}' is not there; it takes the path of a file of certificates (PEM). Correct the "
        "variable, or unset it to use those of the system.",
        authorities.name, settings.ca_file));
  }
  settings.ca_folder = first_of(environment, {"SSL_CERT_DIR"}).value;
  if (settings.ca_file.empty() && settings.ca_folder.empty()) {
    for (const char* path : kUsualAuthorities) {
      if (settings.ca_file.empty() && is_file(path)) settings.ca_file = path;
    }
  }
  settings.proxy =
      first_of(environment, {"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"}).value;
  settings.no_proxy = first_of(environment, {"NO_PROXY", "no_proxy"}).value;
  const Named patience = first_of(environment, {"HF_HUB_DOWNLOAD_TIMEOUT"});
  if (!patience.value.empty()) {
    // A day; longer is a mistyped number.
    const WholeRange range = {.low = 1, .high = 86400};
    const std::optional<std::uint64_t> seconds = parse_whole(patience.value, range);
    if (!seconds) {
      throw ConfigError(fmt::format("{}: '{}' cannot be used; it takes {} (seconds)", patience.name,
                                    patience.value, described(range)));
    }
    settings.patience = std::chrono::seconds(*seconds);
  }
  return settings;
}

}  // namespace virnucpro
