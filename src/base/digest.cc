#include "base/digest.h"

#include <openssl/evp.h>

#include <cstring>

#include "base/check.h"

namespace virnucpro {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are hashed as they lie");

/// Small values are gathered, because a call of the library costs as much as hashing 100 bytes.
constexpr std::size_t kBufferBytes = 4096;

}  // namespace

struct DigestMaker::Context {
  struct Deleter {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Deleter> handle{EVP_MD_CTX_new()};
};

DigestMaker::DigestMaker() : context_(std::make_unique<Context>()) {
  check(context_->handle != nullptr &&
            EVP_DigestInit_ex(context_->handle.get(), EVP_sha256(), nullptr) == 1,
        "SHA-256 is not available in the crypto library");
}

DigestMaker::~DigestMaker() = default;
DigestMaker::DigestMaker(DigestMaker&&) noexcept = default;

DigestMaker& DigestMaker::add(std::uint64_t value) {
  buffer_.append(reinterpret_cast<const char*>(&value), sizeof value);
  if (buffer_.size() >= kBufferBytes) flush();
  return *this;
}

DigestMaker& DigestMaker::add(std::span<const std::byte> bytes) {
  add(std::uint64_t{bytes.size()});
  if (buffer_.size() + bytes.size() <= kBufferBytes) {
    buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return *this;
  }
  flush();
  check(EVP_DigestUpdate(context_->handle.get(), bytes.data(), bytes.size()) == 1,
        "SHA-256 update failed");
  return *this;
}

void DigestMaker::flush() {
  check(EVP_DigestUpdate(context_->handle.get(), buffer_.data(), buffer_.size()) == 1,
        "SHA-256 update failed");
  buffer_.clear();
}

Digest DigestMaker::finish() {
  flush();
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  check(EVP_DigestFinal_ex(context_->handle.get(), bytes.data(), nullptr) == 1 &&
            EVP_DigestInit_ex(context_->handle.get(), nullptr, nullptr) == 1,
        "SHA-256 final failed");
  Digest digest;
  std::memcpy(digest.words.data(), bytes.data(), sizeof digest.words);
  return digest;
}

}  // namespace virnucpro
