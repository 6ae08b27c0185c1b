// Hashes that are the same on every machine, for orders drawn from a seed.
#pragma once

#include <cstdint>
#include <string_view>

namespace virnucpro {

// FNV-1a, 64 bits.
inline constexpr std::uint64_t kHashBegin = 0xcbf29ce484222325;
constexpr std::uint64_t hash_step(std::uint64_t hash, char c) {
  return (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
}

inline constexpr std::uint64_t kMixStep = 0x9e3779b97f4a7c15;

/// Every bit of the result depends on every bit of `value`: the finalizer of SplitMix64 (Steele,
/// Lea, Flood: Fast splittable pseudorandom number generators, 2014). For values kMixStep apart it
/// is that generator.
constexpr std::uint64_t mixed(std::uint64_t value) {
  value += kMixStep;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

/// The sort key of a thing with this hash, in the random order that `seed` gives.
constexpr std::uint64_t drawn(std::uint64_t seed, std::uint64_t hash) {
  return mixed(mixed(seed) ^ hash);
}

constexpr std::uint64_t drawn(std::uint64_t seed, std::string_view name) {
  std::uint64_t hash = kHashBegin;
  for (const char c : name) hash = hash_step(hash, c);
  return drawn(seed, hash);
}

}  // namespace virnucpro
