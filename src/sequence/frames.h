// What is read of a chunk: its stop-free reading frames, or its longest stop-free runs.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sequence/genetic_code.h"

namespace virnucpro {

/// F: the chunk, R: its reverse complement; the digit is the first base read, from 1. In the order
/// of the results.
enum class Frame : std::uint8_t { kF1, kF2, kF3, kR1, kR2, kR3 };

inline constexpr std::size_t kFrameCount = 6;

inline constexpr std::array<std::string_view, kFrameCount> kFrameNames = {"F1", "F2", "F3",
                                                                          "R1", "R2", "R3"};

constexpr std::string_view frame_name(Frame frame) {
  return kFrameNames[static_cast<std::size_t>(frame)];
}

/// Absent for a text that does not name a frame.
constexpr std::optional<Frame> frame_of(std::string_view name) {
  for (std::size_t i = 0; i < kFrameCount; ++i) {
    if (kFrameNames[i] == name) return static_cast<Frame>(i);
  }
  return std::nullopt;
}

/// A set of frames, a bit each.
class FrameMask {
 public:
  static constexpr FrameMask all() {
    FrameMask mask;
    mask.bits_ = (1U << kFrameCount) - 1;
    return mask;
  }
  constexpr void insert(Frame frame) { bits_ |= bit(frame); }
  constexpr bool contains(Frame frame) const { return (bits_ & bit(frame)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr std::size_t size() const { return static_cast<std::size_t>(std::popcount(bits_)); }
  friend bool operator==(const FrameMask&, const FrameMask&) = default;

 private:
  static constexpr std::uint8_t bit(Frame frame) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(frame));
  }
  std::uint8_t bits_ = 0;
};

/// The least length of a run that is read, in bases of codons with an amino acid: 20 of them, the
/// shortest that the models are trained on. A bundle's card may name another one.
inline constexpr std::uint32_t kLeastRun = 60;

/// What is read of a chunk without an open frame: nothing, by the published rule, or its longest
/// run, or its two longest runs.
enum class FrameChoice : std::uint8_t { kOpen, kLongest, kLongestTwo };

inline constexpr std::array kFrameChoices = {FrameChoice::kOpen, FrameChoice::kLongest,
                                             FrameChoice::kLongestTwo};

constexpr std::string_view name_of(FrameChoice choice) {
  constexpr std::array<std::string_view, kFrameChoices.size()> kNames = {"open", "longest",
                                                                         "longest-two"};
  return kNames[static_cast<std::size_t>(choice)];
}

/// Absent for any other text.
constexpr std::optional<FrameChoice> frame_choice_of(std::string_view name) {
  for (const FrameChoice choice : kFrameChoices) {
    if (name_of(choice) == name) return choice;
  }
  return std::nullopt;
}

/// How the frames of a chunk are found. The default is the published rule.
struct FrameRule {
  GeneticCode code;
  FrameChoice choice = FrameChoice::kOpen;
  std::uint32_t least_run = kLeastRun;  ///< bases, see kLeastRun

  /// So many of the longest runs, each of another frame, stand for a chunk without an open frame.
  constexpr std::size_t runs() const { return static_cast<std::size_t>(choice); }

  friend bool operator==(const FrameRule&, const FrameRule&) = default;
};

/// What is read of a chunk: a whole frame without stop codon, or, in a chunk that has no such
/// frame, a run of codons without one. The views point into the OrfBuffer that find_orfs filled.
struct Orf {
  Frame frame = Frame::kF1;
  std::string_view nucleotides;  ///< upper case, of the frame's own strand
  std::string_view protein;      ///< never empty, holds no '*'
  /// Where `nucleotides` lie in the chunk: [start, end) of its own bases, also on the reverse
  /// strand.
  std::size_t start = 0;
  std::size_t end = 0;
  bool is_run = false;
};

/// The result of one find_orfs call and its working memory: reused, it allocates only for a chunk
/// longer than any before. One per thread; the next call invalidates the views. Not copyable,
/// since the views would still point into the original.
class OrfBuffer {
 public:
  OrfBuffer() = default;
  OrfBuffer(const OrfBuffer&) = delete;
  OrfBuffer& operator=(const OrfBuffer&) = delete;

  /// At most six, in the order F1 F2 F3 R1 R2 R3.
  std::span<const Orf> orfs() const { return {orfs_.data(), count_}; }

 private:
  friend void find_orfs(std::string_view chunk_bases, const FrameRule& rule, OrfBuffer& out);
  void encode(std::string_view chunk_bases);
  void find_open(GeneticCode code);
  void find_runs(const FrameRule& rule);
  void add(Frame frame, std::size_t first, std::size_t bases, std::size_t residues, bool is_run);

  std::string codes_;    // one code per base, see frames.cc
  std::string forward_;  // upper case
  std::string reverse_;  // reverse complement of forward_; empty until it is needed
  std::array<std::string, kFrameCount> proteins_;
  std::array<Orf, kFrameCount> orfs_;
  std::size_t count_ = 0;
};

/// Finds the frames of `chunk_bases` whose translation is not empty and holds no stop and, where
/// there is none, the longest runs that `rule` allows: maximal stretches of whole codons without a
/// stop, which begin and end with a codon that has an amino acid. Codons without one are passed
/// over as in open frames. The longest, by its amino acids, comes first, then the earlier frame,
/// then the smaller start in the chunk. Any bytes are allowed; case does not matter. Thread-safe
/// with one buffer per thread; throws only std::bad_alloc.
void find_orfs(std::string_view chunk_bases, const FrameRule& rule, OrfBuffer& out);

/// By the published rule.
inline void find_orfs(std::string_view chunk_bases, OrfBuffer& out) {
  find_orfs(chunk_bases, FrameRule{}, out);
}

}  // namespace virnucpro
