// Which request brings the file behind an address: https://, s3:// or gs://.
#pragma once

#include <string>

#include "base/environment.h"

namespace virnucpro {

/// Keys that sign a request, as S3 and what is like it want them.
struct SigningKeys {
  std::string id;  ///< empty: requests are not signed
  std::string secret;
  std::string session;  ///< token of a session; empty: none
  std::string region;
};

/// A file and how to ask for it. Plain values.
struct RemoteFile {
  std::string name;  ///< the address as the user wrote it
  std::string url;   ///< https; or http, where the user's own variable says so
  bool may_be_http = false;
  std::string token;  ///< sent to the host of `url` alone; empty: none
  SigningKeys keys;
  std::string keys_hint;  ///< which variables give access, for messages
};

/// Reads AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION,
/// AWS_DEFAULT_REGION, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL for s3://BUCKET/KEY;
/// GCS_OAUTH_TOKEN, STORAGE_EMULATOR_HOST for gs://BUCKET/OBJECT. Throws ConfigError for other
/// addresses, for one without a name of a file, and for half of a pair of keys.
RemoteFile remote_file(const std::string& address, const Environment& environment);

}  // namespace virnucpro
