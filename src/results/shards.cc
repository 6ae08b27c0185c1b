#include "results/shards.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include "base/counted.h"
#include "base/errors.h"
#include "base/format.h"
#include "results/run_facts.h"
#include "run/damage.h"
#include "run/fact_differences.h"
#include "run/shard_number.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

/// Numbers in a message; more would not be read.
constexpr std::size_t kMostListedNumbers = 20;

constexpr const char* kWholeRun = "1/1";

void require_distinct(const std::vector<std::string>& folders) {
  std::error_code error;
  std::map<fs::path, std::string> seen;
  for (const std::string& folder : folders) {
    const auto [first, is_new] = seen.emplace(fs::weakly_canonical(folder, error), folder);
    if (is_new) continue;
    throw ConfigError(
        fmt::format("{} and {}: the same folder. Name each shard once.", first->second, folder));
  }
}

ShardNumber shard_of(const std::string& text, const std::string& place) {
  const std::optional<ShardNumber> shard = parse_shard(text);
  if (shard) return *shard;
  fail_damaged(place, fmt::format("'{}' as its shard", text));
}

std::vector<RunFact> without_shard(std::vector<RunFact> facts) {
  std::erase_if(facts, [](const RunFact& fact) { return fact.name == kShardFact; });
  return facts;
}

void require_same_work(const Shard& first, const Shard& other) {
  const std::string all =
      differences_of(without_shard(first.database.work()), "in " + first.folder,
                     without_shard(other.database.work()), "in " + other.folder);
  if (all.empty()) return;
  throw ConfigError(fmt::format("{} and {}: shards of different work: {}. Name shards of one run.",
                                first.folder, other.folder, all));
}

void require_finished(const std::vector<std::unique_ptr<Shard>>& shards) {
  std::string lines;
  for (const auto& shard : shards) {
    if (shard->database.is_complete()) continue;
    const StoredExtent extent = shard->database.extent();
    lines +=
        fmt::format("{}{} (shard {}/{}: {}, {} and {} so far)", lines.empty() ? "" : ", ",
                    shard->folder, shard->number, shards.size(), counted(extent.records, "record"),
                    counted(extent.chunks, "chunk"), counted(extent.orfs, "frame"));
  }
  if (lines.empty()) return;
  throw InputError(fmt::format(
      "shards that are not finished: {}. Run the same 'virnucpro predict' again for each of them, "
      "then merge.",
      lines));
}

void require_all(const std::vector<std::unique_ptr<Shard>>& shards) {
  std::string missing;
  std::size_t count = 0;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    if (shards[i] != nullptr || count++ >= kMostListedNumbers) continue;
    missing += fmt::format("{}{}", missing.empty() ? "" : ", ", i + 1);
  }
  if (count == 0) return;
  if (count > kMostListedNumbers)
    missing += fmt::format(" and {} more", count - kMostListedNumbers);
  throw ConfigError(fmt::format("of {}, {} missing: {}. Name the folders of all of them.",
                                counted(shards.size(), "shard"),
                                count == 1 ? "one is" : fmt::format("{} are", count), missing));
}

/// Checks that shards which have read the same input share its records evenly.
void require_even(const ShardSet& set) {
  const std::uint64_t shards = set.shards.size();
  for (const auto& shard : set.shards) {
    const std::uint64_t expected = (set.records + shards - shard->number) / shards;
    const std::uint64_t found = shard->database.extent().records;
    if (found == expected) continue;
    throw InputError(fmt::format(
        "{}: shard {}/{} has {}, expected {} of {} in all shards: their inputs were not "
        "the same. Compute the shards again from one input.",
        shard->folder, shard->number, shards, counted(found, "record"), expected, set.records));
  }
}

}  // namespace

ShardSet open_shards(const std::vector<std::string>& folders) {
  require_distinct(folders);
  ShardSet set;
  std::vector<std::unique_ptr<Shard>> opened;
  ShardNumber first = {1, 1};
  for (const std::string& folder : folders) {
    opened.push_back(std::unique_ptr<Shard>(new Shard{folder, RunDatabase(folder), 0}));
    Shard& shard = *opened.back();
    const std::string& place = shard.database.path();
    const ShardNumber name =
        shard_of(required_fact(shard.database.work(), kShardFact, place), place);
    shard.number = name.number;
    if (opened.size() == 1) first = name;
    require_same_work(*opened.front(), shard);
    if (name.of == first.of) continue;
    throw ConfigError(fmt::format(
        "{} is shard {}/{}, {} is shard {}/{}: they are parts of different splits. Name shards of "
        "one split.",
        opened.front()->folder, first.number, first.of, folder, name.number, name.of));
  }
  set.shards.resize(first.of);
  for (auto& shard : opened) {
    auto& place = set.shards[shard->number - 1];
    if (place != nullptr) {
      throw ConfigError(fmt::format("{} and {}: both hold shard {}/{}. Name each shard once.",
                                    place->folder, shard->folder, shard->number, first.of));
    }
    place = std::move(shard);
  }
  require_all(set.shards);
  require_finished(set.shards);
  for (const auto& shard : set.shards) set.records += shard->database.extent().records;
  set.work = set.shards.front()->database.work();
  // Each has proven its records against the one plan; merge proves that none is missing.
  set.is_planned = find_fact(set.work, kShardPlanFact) != nullptr;
  if (!set.is_planned) require_even(set);
  std::erase_if(set.work, [](const RunFact& fact) { return fact.name == kShardPlanFact; });
  for (RunFact& fact : set.work) {
    if (fact.name == kShardFact) fact.value = kWholeRun;
  }
  set.keeps_embeddings = keeps_embeddings(set.work, set.shards.front()->database.path());
  return set;
}

}  // namespace virnucpro
