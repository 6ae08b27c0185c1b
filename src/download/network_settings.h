// How connections are made: certificates, proxies and patience, as variables of the system say.
#pragma once

#include <chrono>
#include <string>

#include "base/environment.h"

namespace virnucpro {

/// Plain values. Empty texts: none is named.
struct NetworkSettings {
  std::string ca_file;    ///< certificates of authorities, PEM
  std::string ca_folder;  ///< the same, a folder of them by hash
  std::string proxy;      ///< for https
  std::string no_proxy;   ///< hosts that are reached without it
  /// How long a server may take to answer, and a transfer may stand still, before it is repeated.
  std::chrono::seconds patience{30};
  std::string user_agent = "virnucpro";
};

/// Reads SSL_CERT_FILE, SSL_CERT_DIR, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE; HTTPS_PROXY, ALL_PROXY,
/// NO_PROXY, in capitals or not; HF_HUB_DOWNLOAD_TIMEOUT in seconds. ConfigError for a file of
/// certificates that is not there and for a time that is no number.
NetworkSettings network_settings(const Environment& environment);

}  // namespace virnucpro
