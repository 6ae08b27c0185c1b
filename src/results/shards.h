// The folders of a merge: opened, put in order, and checked to belong together.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "run/run_database.h"
#include "run/stored_rows.h"

namespace virnucpro {

/// One shard: its records are those whose ordinal is number - 1, modulo the number of shards, or,
/// where all were planned, those that follow the records of the shards before.
struct Shard {
  std::string folder;
  RunDatabase database;
  std::uint64_t number = 0;  ///< from 1
};

/// All shards of one finished run.
struct ShardSet {
  std::vector<std::unique_ptr<Shard>> shards;  ///< by number
  std::vector<RunFact> work;                   ///< of the whole run
  bool keeps_embeddings = false;
  bool is_planned = false;
  std::uint64_t records = 0;
};

/// Throws ConfigError for folders that are named twice or hold the same shard, for parts of other
/// work or of another number of shards, and for missing shards; InputError for folders without a
/// run or with an unfinished one, and for impossible numbers of records.
ShardSet open_shards(const std::vector<std::string>& folders);

}  // namespace virnucpro
