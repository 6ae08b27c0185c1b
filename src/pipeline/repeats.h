// Computes equal ORFs of a run once, as long as they are remembered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/zeroed_memory.h"

namespace virnucpro {

/// How much a run remembers, split over two generations.
struct RepeatLimits {
  std::size_t orfs = 0;
  std::size_t key_bytes = 0;  ///< nucleotides and proteins of all of them
};

/// Limits for results of `row_floats` values an ORF: 64 MiB of keys, results and tables, or what an
/// input of `bases` can fill.
RepeatLimits repeat_limits(std::size_t row_floats,
                           std::uint64_t bases = std::numeric_limits<std::uint32_t>::max());

/// Where the result of one ORF comes from, and where it is kept. Slots are numbered from 0 to
/// RepeatLimits::orfs.
struct ResultRoute {
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t from = kNone;  ///< slot that holds the result of an equal ORF
  std::uint32_t to = kNone;    ///< slot that keeps the result for later ones

  bool is_repeat() const { return from != kNone; }
};

/// Remembers ORFs in two generations: a full young one becomes the old one, and the old one is
/// forgotten. A repeat moves from the old one into the young one, so frequent ORFs stay. Routes
/// depend on the ORFs and their order alone. All memory is taken and written to at once, so that it
/// does not grow with the input. Thread-confined.
class RepeatFinder {
 public:
  explicit RepeatFinder(RepeatLimits limits);

  /// The route of the next ORF. Repeats equal it in every byte of both arguments.
  ResultRoute find(std::string_view nucleotides, std::string_view protein);

 private:
  /// A hash table with linear probing over keys that are stored one after the other.
  class Generation {
   public:
    Generation(RepeatLimits limits, std::uint32_t first_slot);
    /// True when the key would fit if this were empty.
    bool fits(std::string_view key) const;
    bool has_room(std::string_view key) const;
    /// kNone when the key is not there.
    std::uint32_t slot_of(std::string_view key, std::size_t hash) const;
    /// Adds a key that is not there yet and has room.
    std::uint32_t add(std::string_view key, std::size_t hash);
    void clear();

   private:
    std::string_view key(std::size_t number) const;

    std::vector<std::size_t> ends_;      // of the keys, in `keys_`
    std::size_t count_ = 0;              // of keys
    ZeroedMemory keys_;                  // up to ends_[count_ - 1], then room
    std::vector<std::uint32_t> places_;  // numbers of keys by hash, or kNone; a power of two
    std::uint32_t first_slot_;
  };

  Generation young_;
  Generation old_;
  std::string key_;
};

/// The results that routes refer to. Takes windows in the order in which their routes were made,
/// and so finds each slot as it was then. Thread-confined.
class RepeatedResults {
 public:
  RepeatedResults(RepeatLimits limits, std::size_t row_floats)
      : row_floats_(row_floats), rows_(limits.orfs * row_floats) {}

  /// `rows` [routes, row_floats]: fills in those of repeats.
  void complete(std::span<const ResultRoute> routes, std::span<float> rows);

 private:
  std::size_t row_floats_;
  std::vector<float> rows_;
};

/// The ORF that computed the result which a route takes. Takes routes in the same order.
/// Thread-confined.
class RepeatOwners {
 public:
  explicit RepeatOwners(RepeatLimits limits) : owners_(limits.orfs) {}

  /// `first` is the number in the run of the first route's ORF. Appends one entry per route: the
  /// number of the ORF whose result it takes, or `own` where that is its own.
  void append(std::span<const ResultRoute> routes, std::uint64_t first, std::uint64_t own,
              std::vector<std::uint64_t>& same_as);

 private:
  std::vector<std::uint64_t> owners_;
};

}  // namespace virnucpro
