#include "download/remote_file.h"

#include <optional>
#include <string_view>

#include "base/errors.h"
#include "base/format.h"

namespace virnucpro {
namespace {

constexpr std::string_view kHttps = "https://";
constexpr std::string_view kS3 = "s3://";
constexpr std::string_view kGs = "gs://";
/// What S3 itself takes for requests that name no region.
constexpr const char* kDefaultRegion = "us-east-1";

std::string value_of(const Environment& environment, const char* name) {
  return environment(name).value_or("");
}

/// As S3 signs it: all but these and slashes becomes %XX.
std::string encoded(std::string_view path) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  std::string text;
  for (const char c : path) {
    if (kPlain.find(c) != std::string_view::npos) {
      text += c;
    } else {
      text += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return text;
}

/// "BUCKET/KEY".
std::string_view require_key(const std::string& address, std::string_view scheme) {
  const std::string_view rest = std::string_view(address).substr(scheme.size());
  const std::size_t slash = rest.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == rest.size()) {
    throw ConfigError(fmt::format("{}: names no file; expected {}BUCKET/NAME", address, scheme));
  }
  return rest;
}

/// Sets `file` to ask `endpoint`, which may be http because the user has named it.
void ask_endpoint(RemoteFile& file, std::string endpoint, std::string_view bucket_and_key) {
  if (endpoint.find("://") == std::string::npos) endpoint = "http://" + endpoint;
  while (endpoint.ends_with('/')) endpoint.pop_back();
  file.may_be_http = endpoint.starts_with("http://");
  file.url = fmt::format("{}/{}", endpoint, encoded(bucket_and_key));
}

RemoteFile on_s3(const std::string& address, const Environment& environment) {
  RemoteFile file;
  file.name = address;
  const std::string_view path = require_key(address, kS3);
  file.keys.id = value_of(environment, "AWS_ACCESS_KEY_ID");
  file.keys.secret = value_of(environment, "AWS_SECRET_ACCESS_KEY");
  file.keys.session = value_of(environment, "AWS_SESSION_TOKEN");
  if (file.keys.id.empty() != file.keys.secret.empty()) {
    throw ConfigError(fmt::format(
        "{}: of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY one is set; set both, or none",
        address));
  }
  file.keys.region = value_of(environment, "AWS_REGION");
  if (file.keys.region.empty()) file.keys.region = value_of(environment, "AWS_DEFAULT_REGION");
  if (file.keys.region.empty()) file.keys.region = kDefaultRegion;
  file.keys_hint = "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_REGION";
  std::string endpoint = value_of(environment, "AWS_ENDPOINT_URL_S3");
  if (endpoint.empty()) endpoint = value_of(environment, "AWS_ENDPOINT_URL");
  if (endpoint.empty()) endpoint = fmt::format("https://s3.{}.amazonaws.com", file.keys.region);
  ask_endpoint(file, endpoint, path);
  return file;
}

RemoteFile on_gs(const std::string& address, const Environment& environment) {
  RemoteFile file;
  file.name = address;
  file.token = value_of(environment, "GCS_OAUTH_TOKEN");
  file.keys_hint = "GCS_OAUTH_TOKEN ('gcloud auth print-access-token')";
  std::string endpoint = value_of(environment, "STORAGE_EMULATOR_HOST");
  if (endpoint.empty()) endpoint = "https://storage.googleapis.com";
  ask_endpoint(file, endpoint, require_key(address, kGs));
  return file;
}

}  // namespace

RemoteFile remote_file(const std::string& address, const Environment& environment) {
  if (address.starts_with(kS3)) return on_s3(address, environment);
  if (address.starts_with(kGs)) return on_gs(address, environment);
  if (!address.starts_with(kHttps)) {
    throw ConfigError(fmt::format(
        "{}: is not read, because anybody on the way could change it; expected https://, s3:// or "
        "gs://",
        address));
  }
  RemoteFile file;
  file.name = address.substr(0, address.find_first_of("?#"));  // behind it, signatures
  file.url = address;
  return file;
}

}  // namespace virnucpro
