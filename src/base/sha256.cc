#include "base/sha256.h"

#include "base/crypto_hash.h"

namespace virnucpro {

struct Sha256::State {
  CryptoHash hash{CryptoHash::Kind::kSha256};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}

Sha256::~Sha256() = default;

void Sha256::update(std::span<const std::byte> bytes) { state_->hash.update(bytes); }

std::string Sha256::finish() { return state_->hash.finish_hex(); }

std::string sha256_hex(std::span<const std::byte> bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

std::string sha256_text(std::string_view text) {
  return sha256_hex(std::as_bytes(std::span(text.data(), text.size())));
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string sha256_file(const std::string& path, const std::stop_token& stop) {
  CryptoHash hash(CryptoHash::Kind::kSha256);
  hash.update_from(path, stop);
  return hash.finish_hex();
}

}  // namespace virnucpro
