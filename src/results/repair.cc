#include "results/repair.h"

#include <cstdint>
#include <span>
#include <string_view>

#include "base/counted.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/stop.h"
#include "report/run_report.h"
#include "results/run_calibration.h"
#include "results/run_facts.h"
#include "results/stored_rules.h"
#include "results/stored_sessions.h"
#include "run/run_database.h"

namespace virnucpro {
namespace {

/// Counts the ORFs that have embeddings of their own.
class OwnOrfs final : public StoredRunVisitor {
 public:
  explicit OwnOrfs(const std::stop_token& stop) : stop_(stop) {}
  void begin_record(const StoredRecord&) override { throw_if_stopped(stop_); }
  void chunk(const StoredChunk&, std::span<const StoredOrf> orfs) override {
    for (const StoredOrf& orf : orfs) {
      count_ += orf.outcome == Outcome::kScored && !orf.same_as ? 1 : 0;
    }
  }
  void end_record(Outcome, std::string_view) override {}
  std::uint64_t count() const { return count_; }

 private:
  const std::stop_token& stop_;
  std::uint64_t count_ = 0;
};

/// DamagedDatabase unless all that results need beside the rows is sound.
void read_texts(const RunDatabase& database) {
  static_cast<void>(stored_sessions(database));
  if (!database.is_complete()) return;  // a continued run writes the others anew
  static_cast<void>(stored_calibration(database));
  const std::string computed = database.text(kRunFile).value_or("");
  static_cast<void>(with_results(computed, database.path(), RunReport()));
}

/// DamagedDatabase unless everything is sound.
void read_all(const RunDatabase& database, const std::stop_token& stop) {
  read_texts(database);
  OwnOrfs own(stop);
  visit_run_so_far(database, own);
  const std::uint64_t orfs = database.extent().orfs;
  std::uint64_t embeddings = 0;
  database.read_embeddings(0, ~std::uint64_t{0},
                           [&](std::uint64_t orf, StoredEncoder, std::span<const float>) {
                             throw_if_stopped(stop);
                             embeddings += orf < orfs ? 1 : 0;
                           });
  if (!keeps_embeddings(database.work(), database.path())) return;
  // Embeddings of frames whose chunk failed may be there, too.
  if (embeddings >= 2 * own.count()) return;
  fail_damaged(database.path(),
               fmt::format("{} embeddings of {}", embeddings, counted(own.count(), "frame")));
}

}  // namespace

void set_aside_if_damaged(const std::string& folder, const std::vector<RunFact>& work,
                          const Log& log, const std::stop_token& stop) {
  if (!RunDatabase::exists(folder)) return;
  try {
    const RunDatabase database(folder, work, RunDatabase::Existing::kContinue);
    read_all(database, stop);
    if (!has_set_aside(folder)) {
      log.info("{}: nothing is damaged, nothing to repair", database.path());
    }
    return;
  } catch (const DamagedDatabase& damage) {
    log.warning("{}", damage.what());
  }
  set_aside_damaged(folder, log);
}

void set_aside_damaged(const std::string& folder, const Log& log) {
  set_aside(folder);
  log.info("{}: is {} now; what can be proven of it is kept, the rest is computed again", folder,
           kSetAsideFile);
}

void require_no_broken_repair(const std::string& folder) {
  if (!has_set_aside(folder)) return;
  throw ConfigError(fmt::format(
      "{}: a repair of its run was interrupted ({} is there). Continue it with --repair, "
      "or throw all of it away with --force.",
      folder, kSetAsideFile));
}

}  // namespace virnucpro
