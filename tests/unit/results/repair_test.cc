// A run that --repair sets aside, also for damage beside its rows.
#include "results/repair.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "report/run_report.h"
#include "results/run_facts.h"
#include "run/kept_rows.h"
#include "run/run_database.h"
#include "unit/report/temporary_folder.h"

namespace virnucpro {
namespace {

/// True when a complete run without records, which has this text instead of its own, is set aside.
bool is_set_aside_with(const std::string& name, const std::string& text) {
  const TemporaryFolder folder;
  const std::vector<RunFact> work = {{kLengthFact, "500"}, {kEmbeddingsFact, "no"}};
  {
    RunDatabase database(folder.path(), work, RunDatabase::Existing::kContinue);
    database.begin_session({"2026-01-01T00:00:00Z", "1.0.0", "cpu", 1.0, 0});
    database.set_text(kRunFile, run_json({}));
    if (!name.empty()) database.set_text(name, text);
    database.mark_complete();
    database.commit();
  }
  set_aside_if_damaged(folder.path(), work, Log(), {});
  return has_set_aside(folder.path());
}

TEST(Repair, LeavesASoundRunWhereItIs) { EXPECT_FALSE(is_set_aside_with("", "")); }

TEST(Repair, ReadsTheTextsThatResultsAreMadeOf) {
  EXPECT_TRUE(is_set_aside_with(kRunFile, "{}"));
  EXPECT_TRUE(is_set_aside_with("faults of session 1", "none"));
}

}  // namespace
}  // namespace virnucpro
