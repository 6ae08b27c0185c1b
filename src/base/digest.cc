#include "base/digest.h"

#include <cstring>

#include "base/crypto_hash.h"

namespace virnucpro {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are hashed as they lie");

/// Small values are gathered, because a call of the library costs as much as hashing 100 bytes.
constexpr std::size_t kBufferBytes = 4096;

}  // namespace

struct DigestMaker::Context {
  CryptoHash hash{CryptoHash::Kind::kSha256};
};

DigestMaker::DigestMaker() : context_(std::make_unique<Context>()) {}

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
  context_->hash.update(bytes);
  return *this;
}

void DigestMaker::flush() {
  context_->hash.update(std::as_bytes(std::span(buffer_)));
  buffer_.clear();
}

Digest DigestMaker::finish() {
  flush();
  const CryptoHash::Bytes bytes = context_->hash.finish();
  Digest digest;
  std::memcpy(digest.words.data(), bytes.data(), sizeof digest.words);
  return digest;
}

}  // namespace virnucpro
