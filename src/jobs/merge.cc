#include "jobs/merge.h"

#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "backend/cpu/processor.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/counted.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/number_file.h"
#include "base/partial_file.h"
#include "base/stop.h"
#include "jobs/predict.h"
#include "results/run_calibration.h"
#include "results/run_tables.h"
#include "results/shards.h"
#include "results/stored_rules.h"
#include "results/stored_sessions.h"

namespace virnucpro {
namespace {

/// The text that marks a database as made, or begun, by a merge.
constexpr const char* kMergeText = "merge";

/// Bytes of rows between two commits: few enough to take little of the disk, many enough that the
/// wait for the disk costs nothing.
constexpr std::uint64_t kCommitBytes = std::uint64_t{64} << 20;
constexpr std::uint64_t kRowBytes = 64;  // of a chunk or an ORF, roughly

/// Copies records in the order of the whole run, with their numbers there.
class RecordCopier final : public StoredRunVisitor {
 public:
  RecordCopier(const ShardSet& set, RunDatabase& target, const std::string& folder)
      : set_(set), target_(target), new_numbers_(folder) {
    for (const auto& shard : set.shards) {
      first_orf_.push_back(orfs_of_shards_);
      orfs_of_shards_ += shard->database.extent().orfs;
    }
  }

  /// Sets what the next record must be, and its shard.
  void expect(std::uint64_t ordinal, std::size_t shard) {
    ordinal_ = ordinal;
    shard_ = shard;
  }

  void begin_record(const StoredRecord& record) override {
    if (record.ordinal != ordinal_) {
      throw InputError(fmt::format(
          "{}: record {} where record {} was expected of shard {}/{}: records are missing. Compute "
          "this shard again.",
          set_.shards[shard_]->database.path(), record.ordinal, ordinal_, shard_ + 1,
          set_.shards.size()));
    }
    target_.begin_record(record);
    uncommitted_ += record.bases.size() + record.id.size();
  }

  void chunk(const StoredChunk& chunk, std::span<const StoredOrf> orfs) override {
    StoredChunk row = chunk;
    row.number = chunks_++;
    target_.add_chunk(row);
    const std::uint64_t first_new = orfs_;
    for (const StoredOrf& orf : orfs) add_orf(orf, row.number);
    uncommitted_ += kRowBytes * (1 + orfs.size());
    if (!set_.keeps_embeddings || orfs.empty()) return;
    const std::uint64_t first_old = orfs.front().number;
    std::uint64_t missing = 0;
    for (const StoredOrf& orf : orfs) {
      missing += orf.outcome == Outcome::kScored && !orf.same_as ? 2 : 0;
    }
    set_.shards[shard_]->database.read_embeddings(
        first_old, first_old + orfs.size(),
        [&](std::uint64_t orf, StoredEncoder encoder, std::span<const float> values) {
          target_.put_embedding(first_new + (orf - first_old), encoder, values);
          uncommitted_ += values.size_bytes();
          const StoredOrf& of = orfs[orf - first_old];
          missing -= of.outcome == Outcome::kScored && !of.same_as ? 1 : 0;
        });
    if (missing == 0) return;
    fail_damaged(set_.shards[shard_]->database.path(),
                 fmt::format("table embeddings without {} of chunk {}", missing, chunk.number));
  }

  void end_record(Outcome outcome, std::string_view reason) override {
    target_.end_record(ordinal_, outcome, reason);
    if (uncommitted_ < kCommitBytes) return;
    target_.commit();
    uncommitted_ = 0;
  }

 private:
  void add_orf(const StoredOrf& orf, std::uint64_t chunk) {
    StoredOrf row = orf;
    row.number = orfs_++;
    row.chunk = chunk;
    // Rows of a shard are numbered from 0 without gaps and name only earlier rows.
    if (orf.same_as) row.same_as = new_numbers_.get(first_orf_[shard_] + *orf.same_as);
    new_numbers_.set(first_orf_[shard_] + orf.number, row.number);
    target_.add_orf(row);
  }

  const ShardSet& set_;
  RunDatabase& target_;
  NumberFile new_numbers_;  // by ORFs of the first shard, then of the second, and so on
  std::vector<std::uint64_t> first_orf_;
  std::uint64_t orfs_of_shards_ = 0;
  std::uint64_t chunks_ = 0;
  std::uint64_t orfs_ = 0;
  std::uint64_t uncommitted_ = 0;
  std::uint64_t ordinal_ = 0;
  std::size_t shard_ = 0;
};

void copy_records(const ShardSet& set, RunDatabase& target, const std::string& folder,
                  const std::stop_token& stop, const WorkProgress& progress) {
  RecordCopier copier(set, target, folder);
  std::vector<std::function<bool(StoredRunVisitor&)>> steps;
  for (const auto& shard : set.shards) steps.push_back(visit_run_in_steps(shard->database));
  WorkStep step(progress, "merging", "record", set.records);
  std::size_t planned = 0;
  std::uint64_t left = set.shards.front()->database.extent().records;
  for (std::uint64_t ordinal = 0; ordinal < set.records; ++ordinal, step.add()) {
    throw_if_stopped(stop);
    while (set.is_planned && left == 0) left = set.shards[++planned]->database.extent().records;
    --left;
    const std::size_t shard = set.is_planned ? planned : ordinal % steps.size();
    copier.expect(ordinal, shard);
    check(steps[shard](copier), "shard {} ends before record {}", shard + 1, ordinal);
  }
  // One more step each proves that no rows are left over.
  for (const auto& one_more : steps) check(!one_more(copier), "a shard with too many records");
}

/// The calls that all shards were made with.
CallRequest calls_of(const ShardSet& set, const Log& log) {
  const CallRequest calls = stored_calls(set.shards.front()->database);
  for (const auto& shard : set.shards) {
    if (stored_calls(shard->database) == calls) continue;
    log.warning(
        "{} and {}: called in different ways; the whole is called by the published rule. "
        "'virnucpro "
        "report' can call it by another one",
        set.shards.front()->folder, shard->folder);
    CallRequest published;
    published.published = true;
    return published;
  }
  return calls;
}

/// The form of tables that all shards have.
TableChoice tables_of(const ShardSet& set, const Log& log) {
  const TableChoice choice = stored_tables(set.shards.front()->database);
  for (const auto& shard : set.shards) {
    if (stored_tables(shard->database) == choice) continue;
    log.warning("{} and {}: tables of different forms; those of the whole have the usual one",
                set.shards.front()->folder, shard->folder);
    return {};
  }
  return choice;
}

void copy_the_rest(const ShardSet& set, RunDatabase& target, const MergeRequest& request,
                   const Log& log) {
  std::vector<MergedShard> merged;
  for (const auto& shard : set.shards) {
    const RunDatabase& database = shard->database;
    const StoredExtent extent = database.extent();
    MergedShard& part = merged.emplace_back();
    part = {shard->folder,
            database.path(),
            database.text(kRunFile).value_or(""),
            extent.records,
            extent.chunks,
            extent.orfs,
            stored_sessions(database)};
    copy_sessions(database, target);
  }
  store_calibration(target, stored_calibration(set.shards.front()->database));
  store_calls(target, calls_of(set, log));
  if (const auto precision = set.shards.front()->database.text(kPrecisionText)) {
    target.set_text(kPrecisionText, *precision);
  }
  target.set_text(kRunFile, merged_run_json(merged, request.command_line, utc_now()));
}

/// The database of an earlier, complete merge of the same work; absent when there is none, and then
/// an existing one may be removed.
std::optional<RunDatabase> find_finished(const ShardSet& set, const MergeRequest& request) {
  if (request.force || !RunDatabase::exists(request.output)) return std::nullopt;
  RunDatabase there(request.output, set.work, RunDatabase::Existing::kContinue);
  const bool is_merge = there.text(kMergeText).has_value();
  if (is_merge && there.is_complete()) return there;
  // A merge that was killed before its mark was stored has left no rows.
  if (is_merge || there.extent().records == 0) return std::nullopt;
  throw ConfigError(fmt::format(
      "{}: holds this work already, computed by 'virnucpro predict' {}. Name another folder with "
      "-o, or throw away what is there with --force.",
      there.path(), there.is_complete() ? "as a whole" : "in part"));
}

/// Half a merge is useless: the next one starts over.
void forget(RunDatabase& target) noexcept {
  try {
    target.undo_session();
  } catch (const std::exception&) {
    return;  // left as by a killed merge
  }
  target.discard_if_empty();
}

RunDatabase merged_database(const ShardSet& set, const MergeRequest& request, const Log& log,
                            const std::stop_token& stop, const WorkProgress& progress) {
  if (std::optional<RunDatabase> finished = find_finished(set, request)) {
    log.info("{}: everything is merged; the results are written again", finished->path());
    return std::move(*finished);
  }
  const std::vector<std::string> made = make_result_folder(request.output);
  try {
    RunDatabase target(request.output, set.work, RunDatabase::Existing::kStartOver);
    try {
      target.set_text(kMergeText, fmt::format("{} shards", set.shards.size()));
      target.commit();
      copy_records(set, target, request.output, stop, progress);
      copy_the_rest(set, target, request, log);
      target.mark_complete();
      target.commit();
      return target;
    } catch (...) {
      forget(target);
      throw;
    }
  } catch (...) {
    remove_empty_folders(made);
    throw;
  }
}

}  // namespace

StoredResults merge_shards(const MergeRequest& request, const Log& log, const std::stop_token& stop,
                           const WorkProgress& progress) {
  check(!request.folders.empty(), "a merge of nothing");
  require_free_prediction_folder(request.output, request.force);
  const ShardSet set = open_shards(request.folders);
  log.info("merging {}, {}", counted(set.shards.size(), "shard"), counted(set.records, "record"));
  RunDatabase database = merged_database(set, request, log, stop, progress);
  TableChoice tables = tables_of(set, log);
  tables.legacy = request.legacy.value_or(tables.legacy);
  tables.format = request.format.value_or(tables.format);
  store_tables(database, tables);
  return publish_own_results(database, request.output, log, stop, progress, usable_cores());
}

}  // namespace virnucpro
