// Visits on a thread of their own: the same rows in the same order, and the first error.
#include "results/visit_ahead.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "base/format.h"
#include "run/damage.h"
#include "unit/run/test_rows.h"

namespace virnucpro {
namespace {

constexpr const char* kPath = "some/run.db";

/// So many records of three chunks, some with texts and ORFs.
void tell(StoredRunVisitor& visitor, std::uint64_t records, const std::function<void()>& pass) {
  std::uint64_t chunk = 0;
  std::uint64_t orf = 0;
  for (std::uint64_t ordinal = 0; ordinal < records; ++ordinal) {
    const std::string id = fmt::format("read {}", ordinal);
    visitor.begin_record({ordinal, id, ordinal % 7, bytes_of(std::string(ordinal % 7, 'b'))});
    for (std::uint64_t index = 0; index < 3; ++index, ++chunk) {
      std::vector<StoredOrf> orfs;
      for (std::uint8_t frame = 0; frame < (ordinal + index) % 4; ++frame, ++orf) {
        orfs.push_back(scored_orf(orf, chunk, frame));
        if (orf % 5 == 4) orfs.back().same_as = orf - 1;
        if (orf % 11 == 0) orfs.back().reason = "it failed";
      }
      const std::string reason = fmt::format("reason {}", chunk);
      visitor.chunk({chunk, ordinal, index, index, index + 1, Outcome::kScored, reason}, orfs);
    }
    visitor.end_record(Outcome::kNoOrf, id);
    pass();
  }
}

std::string told_here(std::uint64_t records) {
  Transcript here;
  tell(here, records, [] {});
  return here.text;
}

PassingVisit rows(std::uint64_t records) {
  return [=](StoredRunVisitor& visitor, const std::function<void()>& pass) {
    tell(visitor, records, pass);
  };
}

TEST(VisitAhead, TellsTheSameRowsInTheirOrder) {
  for (const std::uint64_t records : {0u, 1u, 20'000u}) {  // the last fill many batches
    Transcript apart;
    int told = 0;
    visit_ahead(rows(records), apart, kPath, [&] { ++told; });
    EXPECT_EQ(apart.text, told_here(records)) << records;
    EXPECT_EQ(told > 8, records > 1) << told;
  }
}

TEST(VisitAhead, TakesLongRecordsOneByOne) {
  const auto visit = [](StoredRunVisitor& visitor, const std::function<void()>& pass) {
    for (std::uint64_t ordinal = 0; ordinal < 40; ++ordinal) {
      // Every third one is long.
      const std::string bases(ordinal % 3 == 0 ? std::size_t{2} << 20 : 10, 'b');
      visitor.begin_record({ordinal, "r", bases.size(), bytes_of(bases)});
      pass();
      visitor.end_record(Outcome::kNoOrf, {});
      pass();
    }
  };
  Transcript here;
  visit(here, [] {});
  Transcript apart;
  visit_ahead(visit, apart, kPath);
  EXPECT_EQ(apart.text, here.text);
}

TEST(VisitAhead, GoesOverTwoThreadsAsWell) {
  Transcript last;
  visit_ahead(
      [](StoredRunVisitor& visitor, const std::function<void()>& pass) {
        visit_ahead(rows(5000), visitor, kPath, pass);
      },
      last, kPath);
  EXPECT_EQ(last.text, told_here(5000));
}

TEST(VisitAhead, ThrowsTheErrorOfTheVisitAfterTheRowsBeforeIt) {
  Transcript apart;
  const auto visit = [](StoredRunVisitor& visitor, const std::function<void()>& pass) {
    tell(visitor, 100, pass);
    fail_damaged(kPath, "what the visit finds");
  };
  const std::string error = error_of<DamagedDatabase>([&] { visit_ahead(visit, apart, kPath); });
  EXPECT_NE(error.find("found what the visit finds"), std::string::npos) << error;
  EXPECT_EQ(apart.text, told_here(100));
}

/// Fails at one record.
class Failing final : public StoredRunVisitor {
 public:
  explicit Failing(bool is_damage) : is_damage_(is_damage) {}
  void begin_record(const StoredRecord&) override {}
  void chunk(const StoredChunk& chunk, std::span<const StoredOrf>) override {
    if (chunk.record < 50) return;
    if (is_damage_) fail_damaged(kPath, "a row");
    throw std::runtime_error("the disk is full");
  }
  void end_record(Outcome, std::string_view) override {}

 private:
  bool is_damage_;
};

TEST(VisitAhead, ThrowsTheErrorOfTheVisitorAndEndsTheVisit) {
  // Of endless visits: they end only because nobody takes the rows.
  const auto endless = [](StoredRunVisitor& visitor, const std::function<void()>& pass) {
    for (;;) tell(visitor, 1000, pass);
  };
  Failing full(false);
  EXPECT_EQ(error_of<std::runtime_error>([&] { visit_ahead(endless, full, kPath); }),
            "the disk is full");
  Failing damaged(true);
  const std::string error =
      error_of<DamagedDatabase>([&] { visit_ahead(endless, damaged, kPath); });
  EXPECT_NE(error.find("record 51 ('read 50') damaged: a row"), std::string::npos) << error;
}

}  // namespace
}  // namespace virnucpro
