// 128-bit digests of values, to prove that stored rows are what was written.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace virnucpro {

/// The first half of a SHA-256. The sum of digests stands for a set: their order does not matter.
struct Digest {
  std::array<std::uint64_t, 2> words = {};

  Digest& operator+=(const Digest& other) {
    words[0] += other.words[0];
    words[1] += other.words[1];
    return *this;
  }
  std::span<const std::byte> bytes() const { return std::as_bytes(std::span(words)); }
  friend bool operator==(const Digest&, const Digest&) = default;
};

/// Takes values one after the other; no two sequences of values give the same bytes to be hashed.
/// Reused without allocating. Thread-confined.
class DigestMaker {
 public:
  DigestMaker();
  ~DigestMaker();
  DigestMaker(DigestMaker&&) noexcept;
  DigestMaker& operator=(DigestMaker&&) = delete;

  DigestMaker& add(std::uint64_t value);
  DigestMaker& add(float value) { return add(std::uint64_t{std::bit_cast<std::uint32_t>(value)}); }
  DigestMaker& add(double value) { return add(std::bit_cast<std::uint64_t>(value)); }
  DigestMaker& add(std::span<const std::byte> bytes);
  DigestMaker& add(std::string_view text) { return add(std::as_bytes(std::span(text))); }
  DigestMaker& add(const Digest& digest) { return add(digest.words[0]).add(digest.words[1]); }
  DigestMaker& add(const std::optional<std::uint64_t>& value) {
    return add(std::uint64_t{value ? 1U : 0U}).add(value.value_or(0));
  }
  /// The digest of all values since the last call.
  Digest finish();

 private:
  struct Context;
  void flush();

  std::unique_ptr<Context> context_;
  std::string buffer_;
};

}  // namespace virnucpro
