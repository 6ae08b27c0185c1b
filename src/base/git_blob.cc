#include "base/git_blob.h"

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <system_error>

#include "base/crypto_hash.h"
#include "base/errors.h"

namespace virnucpro {

std::string git_blob_id(const std::string& path, const std::stop_token& stop) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) throw ModelError(fmt::format("{}: cannot read its size: {}", path, error.message()));
  CryptoHash hash(CryptoHash::Kind::kSha1);
  const std::string head = fmt::format("blob {}", size);
  // With the zero at its end.
  hash.update(std::as_bytes(std::span(head.c_str(), head.size() + 1)));
  hash.update_from(path, stop);
  return hash.finish_hex();
}

bool is_git_id(std::string_view text) {
  return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace virnucpro
