// Sequences that tests/parity/make_tokenizer_goldens.py generates too, letter by letter the same.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/sha256.h"

namespace virnucpro::test {

inline constexpr std::size_t kBlock = 1000;  // sequences per line of the stored expectations
inline constexpr std::size_t kLongest = 700;

class SplitMix64 {
 public:
  explicit SplitMix64(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(next() % limit); }

  /// Calls take(byte) for the first `count` bytes of as many draws as that takes, lowest first.
  template <typename Take>
  void bytes(std::size_t count, Take take) {
    std::uint64_t draw = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (i % 8 == 0) draw = next();
      take(static_cast<unsigned>(draw & 255));
      draw >>= 8;
    }
  }

 private:
  std::uint64_t state_;
};

inline std::string slice_of(std::string_view text, SplitMix64& random) {
  const std::size_t length = 1 + random.below(kLongest);
  const std::size_t start = random.below(text.size() - length);
  return std::string(text.substr(start, length));
}

/// Uniform, dirty, Markov and genome-like sequences in turn.
class SequenceGenerator {
 public:
  SequenceGenerator() {
    fill_table();
    make_genome();
  }

  std::string sequence(std::size_t index) const {
    SplitMix64 random(index);
    if (index % 4 == 3) return slice_of(genome_, random);
    const std::size_t length = 1 + random.below(kLongest);
    if (index % 4 == 2) return markov_text(random, length);
    std::string text;
    random.bytes(length, [&](unsigned byte) {
      const bool dirty = index % 4 == 1 && byte >= 230;
      text += !dirty ? "ACGT"[byte & 3] : byte < 243 ? 'N' : "RYSWKMBDHVa-*"[byte - 243];
    });
    return text;
  }

 private:
  void fill_table() {
    SplitMix64 random(42);
    for (auto& row : letters_) {
      std::array<std::uint64_t, 4> weights;
      std::uint64_t total = 0;
      for (auto& weight : weights) {
        weight = 1 + (random.next() & 63);
        weight *= weight;
        total += weight;
      }
      std::uint64_t seen = 0;
      std::size_t filled = 0;
      for (unsigned letter = 0; letter < 4; ++letter) {
        seen += weights[letter];
        while (filled < seen * 256 / total) row[filled++] = static_cast<std::uint8_t>(letter);
      }
    }
  }

  std::string markov_text(SplitMix64& random, std::size_t length) const {
    std::string text;
    unsigned context = 0;
    random.bytes(length, [&](unsigned byte) {
      const unsigned letter = letters_[context][byte];
      text += "ACGT"[letter];
      context = (context * 4 + letter) & 63;
    });
    return text;
  }

  void make_genome() {
    SplitMix64 random(4242);
    genome_ = markov_text(random, 1000);
    while (genome_.size() < 400'000) {
      const std::size_t kind = random.below(8);
      std::string piece;
      if (kind == 0) {
        const std::string unit = markov_text(random, 1 + random.below(6));
        const std::size_t times = 2 + random.below(20);
        for (std::size_t i = 0; i < times; ++i) piece += unit;
      } else if (kind <= 2) {
        const std::size_t length = 50 + random.below(500);
        piece = genome_.substr(random.below(genome_.size() - length), length);
        if (kind == 2) piece = reverse_complement(piece);
      } else if (kind == 3) {
        piece.assign(1 + random.below(30), 'N');
      } else {
        piece = markov_text(random, 100 + random.below(400));
      }
      genome_ += piece;
    }
  }

  static std::string reverse_complement(const std::string& text) {
    std::string result(text.rbegin(), text.rend());
    for (char& letter : result) {
      const std::size_t at = std::string_view("ACGT").find(letter);
      if (at != std::string_view::npos) letter = "TGCA"[at];
    }
    return result;
  }

  std::array<std::array<std::uint8_t, 256>, 64> letters_;
  std::string genome_;
};

template <typename Container>
std::string sha256_of(const Container& values) {
  return sha256_hex(std::as_bytes(std::span(values.data(), values.size())));
}

}  // namespace virnucpro::test
