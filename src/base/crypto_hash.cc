#include "base/crypto_hash.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "base/check.h"
#include "base/errors.h"
#include "base/stop.h"

namespace virnucpro {

static_assert(CryptoHash::kMostBytes >= EVP_MAX_MD_SIZE, "the library writes up to this many");

void CryptoHash::Deleter::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

CryptoHash::CryptoHash(Kind kind)
    : name_(kind == Kind::kSha1 ? "SHA-1" : "SHA-256"),
      size_(kind == Kind::kSha1 ? 20 : 32),
      context_(EVP_MD_CTX_new()) {
  const EVP_MD* const method = kind == Kind::kSha1 ? EVP_sha1() : EVP_sha256();
  check(context_ != nullptr && EVP_DigestInit_ex(context_.get(), method, nullptr) == 1,
        "{} is not available in the crypto library", name_);
}

void CryptoHash::update(std::span<const std::byte> bytes) {
  check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1, "{} update failed",
        name_);
}

void CryptoHash::update_from(const std::string& path, const std::stop_token& stop) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw ModelError(fmt::format("{}: cannot open: {}", path, std::strerror(errno)));
  // 1 MiB: large enough that system calls cost nothing.
  std::vector<char> buffer(1 << 20);
  while (file) {
    throw_if_stopped(stop);
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    update(std::as_bytes(std::span(buffer.data(), static_cast<std::size_t>(file.gcount()))));
  }
  if (file.bad()) throw ModelError(fmt::format("{}: read error", path));
}

CryptoHash::Bytes CryptoHash::finish() {
  Bytes bytes{};
  unsigned int size = 0;
  check(EVP_DigestFinal_ex(context_.get(), bytes.data(), &size) == 1 && size == size_ &&
            EVP_DigestInit_ex(context_.get(), nullptr, nullptr) == 1,
        "{} final failed", name_);
  return bytes;
}

std::string CryptoHash::finish_hex() {
  const Bytes bytes = finish();
  std::string hex;
  for (std::size_t i = 0; i < size_; ++i) hex += fmt::format("{:02x}", bytes[i]);
  return hex;
}

}  // namespace virnucpro
