// The two encoders of a run, and what there is once for each of them.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace virnucpro {

/// DNABERT-S reads the nucleotides of an ORF, ESM-2 its protein.
enum class EncoderKind { kDnabertS, kEsm2 };

inline constexpr std::array kEncoderKinds = {EncoderKind::kDnabertS, EncoderKind::kEsm2};

/// One value for each encoder.
template <typename T>
struct PerEncoder {
  std::array<T, kEncoderKinds.size()> values{};

  constexpr T& operator[](EncoderKind kind) { return values[static_cast<std::size_t>(kind)]; }
  constexpr const T& operator[](EncoderKind kind) const {
    return values[static_cast<std::size_t>(kind)];
  }
  auto begin() { return values.begin(); }
  auto begin() const { return values.begin(); }
  auto end() { return values.end(); }
  auto end() const { return values.end(); }
};

/// For users: "DNABERT-S", "ESM-2".
constexpr const char* name_of(EncoderKind kind) {
  constexpr PerEncoder<const char*> kNames = {{"DNABERT-S", "ESM-2"}};
  return kNames[kind];
}

/// The key in run.json: "dnabert_s", "esm2".
constexpr const char* key_of(EncoderKind kind) {
  constexpr PerEncoder<const char*> kKeys = {{"dnabert_s", "esm2"}};
  return kKeys[kind];
}

}  // namespace virnucpro
