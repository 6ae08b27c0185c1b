// Finds the best alignment of each read name, for any number of names in any order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace virnucpro {

/// An alignment of a read, and what is known of all of its name.
struct ReadAlignment {
  std::uint64_t first = 0;     ///< the number of the first alignment of the name
  std::uint32_t identity = 0;  ///< percent, in millionths
  std::uint32_t coverage = 0;  ///< percent, in millionths
  std::uint32_t contig = 0;
  std::uint32_t read_length = 0;
  std::uint32_t call = 0;  ///< of the contig
  std::uint8_t mapping_quality = 0;
  bool is_reverse = false;
  bool has_several_calls = false;  ///< alignments of the name are to contigs with different calls

  /// Takes in a later alignment of the same name: it replaces this one when its mapping quality is
  /// higher or, at the same quality, its identity.
  void add(const ReadAlignment& later);
};

/// Memory is bounded by `memory_bytes` and a few megabytes: alignments lie in nameless files in
/// `folder`, cut into parts by a hash of the name, then in the order of their first alignment.
/// Thread-confined. Throws OutputError when a file cannot be written or read back.
class ReadGroups {
 public:
  /// One part of a file at a time is in memory, which this bounds. A name takes some 100 bytes.
  static constexpr std::size_t kDefaultMemory = std::size_t{64} << 20;

  explicit ReadGroups(std::string folder, std::size_t memory_bytes = kDefaultMemory);
  ~ReadGroups();
  ReadGroups(const ReadGroups&) = delete;
  ReadGroups& operator=(const ReadGroups&) = delete;

  /// Alignments in the order of their numbers.
  void add(std::string_view name, const ReadAlignment& alignment);

  /// Calls `take` for every name once, in the order of first alignments; nothing may be added
  /// afterwards.
  void for_each(const std::function<void(std::string_view, const ReadAlignment&)>& take);

 private:
  class Parts;
  class Runs;

  void collect(Parts& parts);

  std::string folder_;
  std::size_t memory_bytes_;
  // The name that came last: mates stand together in most files.
  std::string name_;
  ReadAlignment alignment_;
  bool has_name_ = false;
  std::unique_ptr<Parts> parts_;
  std::unique_ptr<Runs> runs_;
};

}  // namespace virnucpro
