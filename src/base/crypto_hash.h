// The hashes of the crypto library, for the files of base/ that give them meaning.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>

struct evp_md_ctx_st;

namespace virnucpro {

/// One hash after the other, of bytes that come in pieces; reused without allocating. ContractError
/// where the library fails. Thread-confined.
class CryptoHash {
 public:
  enum class Kind : std::uint8_t { kSha1, kSha256 };
  /// Holds the 20 bytes of SHA-1 and the 32 of SHA-256.
  static constexpr std::size_t kMostBytes = 64;
  using Bytes = std::array<unsigned char, kMostBytes>;

  explicit CryptoHash(Kind kind);

  void update(std::span<const std::byte> bytes);
  /// The content of a file, in pieces. ModelError naming it when it cannot be read; Interrupted.
  void update_from(const std::string& path, const std::stop_token& stop);

  /// The hash of all bytes since the last one; what it does not fill is zero.
  Bytes finish();
  /// The same as lower-case hexadecimal digits.
  std::string finish_hex();

 private:
  struct Deleter {
    void operator()(evp_md_ctx_st* context) const;
  };

  const char* name_;
  std::size_t size_;
  std::unique_ptr<evp_md_ctx_st, Deleter> context_;
};

}  // namespace virnucpro
