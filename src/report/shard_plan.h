// The plan of a run in shards: which records each computes, and where these lie in the inputs.
#pragma once

#include <cstdint>
#include <istream>
#include <memory>
#include <string>
#include <vector>

#include "sequence/reader.h"
#include "sequence/text_piece.h"

namespace virnucpro {

/// One input when the plan was made.
struct PlannedInput {
  std::string path;
  std::uint64_t bytes = 0;
  std::string sha256;
  std::uint64_t records = 0;
  /// What comes before the records of all pieces but the first; null: nothing.
  std::shared_ptr<const TextPiece> head;
  /// For each shard, its records of this input; null: it has none. Empty where the input cannot be
  /// picked up in the middle: then each shard reads all of it.
  std::vector<std::shared_ptr<const TextPiece>> pieces;
};

struct ShardPlanFile {
  std::uint64_t shards = 1;
  /// The records of shard i, from 1, are [first[i - 1], first[i]) over all inputs.
  std::vector<std::uint64_t> first;
  std::vector<PlannedInput> inputs;
  std::string sha256;  ///< of the text but the windows, whose hashes it holds; known once read

  /// What shard `number` reads of each input.
  std::vector<InputShare> shares_of(std::uint64_t number) const;
};

/// The text of the file: JSON whose last member holds the windows of all pieces, so that a shard
/// need not read those of others.
std::string shard_plan_json(const ShardPlanFile& plan);

/// Reads the text without the windows, and those of shard `number`; those of other shards stay
/// empty. Throws InputError, naming `place`, for a text that is no plan or whose parts do not fit
/// together.
ShardPlanFile read_shard_plan(std::istream& text, std::uint64_t number, const std::string& place);

}  // namespace virnucpro
