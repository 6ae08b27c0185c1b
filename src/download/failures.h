// What a failed request means: whether it passes by itself, and what to tell the user.
#pragma once

#include <cstdint>
#include <string>

#include "download/file_download.h"
#include "download/transfer.h"

namespace virnucpro {

/// Plain values.
struct Failure {
  bool is_passing = false;           ///< repeating may help
  bool is_too_much = false;          ///< the server asks for fewer requests
  std::int64_t seconds_to_wait = 0;  ///< that the server asks for; 0: it does not say
  std::string text;                  ///< the whole message
};

/// "esm2_3b/model.pt: https://...", of an input at an address the address alone.
std::string place_of(const std::string& name, const std::string& address);

/// The failure of a transfer that has ended with `code`, or with a status that is no success.
Failure failure_of(const FileRequest& request, const Transfer& transfer, CURLcode code);

}  // namespace virnucpro
