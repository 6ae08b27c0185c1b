// Rows with right checksums that no run could have stored.
#include "results/stored_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "base/errors.h"
#include "unit/report/temporary_folder.h"
#include "unit/results/stored_bases.h"
#include "unit/run/test_rows.h"

namespace virnucpro {
namespace {

using testing::HasSubstr;

struct Chunk {
  StoredChunk row;
  std::vector<StoredOrf> orfs;
};

/// A record of two chunks of 500 bases: F1 and F2 are open in the first, F1 in the second; then the
/// same again, whose F1 and F2 repeat those, and one of two bases.
struct Rows {
  struct Record {
    std::string id;
    std::string bases;
    std::vector<Chunk> chunks;
    Outcome outcome = Outcome::kScored;
    std::string reason;
  };

  Rows() {
    const std::string bases =
        bases_open_in(first_frames(2), 500) + bases_open_in(first_frames(1), 500);
    std::uint64_t chunk = 0;
    std::uint64_t orf = 0;
    for (const char* id : {"a", "b"}) {
      Record& record = records.emplace_back(Record{id, bases, {}, Outcome::kScored, {}});
      const std::uint64_t ordinal = records.size() - 1;
      for (const std::uint64_t frames : {2u, 1u}) {
        const std::uint64_t index = record.chunks.size();
        Chunk& part = record.chunks.emplace_back();
        part.row = {chunk, ordinal, index, 500 * index, 500 * (index + 1), Outcome::kScored, {}};
        for (std::uint8_t frame = 0; frame < frames; ++frame, ++orf) {
          part.orfs.push_back(scored_orf(ordinal == 0 ? orf : orf - 3, chunk, frame));
          part.orfs.back().number = orf;
          if (ordinal > 0) part.orfs.back().same_as = orf - 3;
        }
        ++chunk;
      }
    }
    records.push_back(
        {"c", "AC", {{{chunk, 2, 0, 0, 2, Outcome::kTooShort, {}}, {}}}, Outcome::kTooShort, {}});
  }

  StoredOrf& orf(std::size_t record, std::size_t chunk, std::size_t index) {
    return records[record].chunks[chunk].orfs[index];
  }
  StoredChunk& chunk(std::size_t record, std::size_t index) {
    return records[record].chunks[index].row;
  }
  void fail(StoredOrf& orf, std::string_view reason) {
    orf.outcome = Outcome::kFailed;
    orf.p_others = orf.p_virus = 0.0f;
    orf.reason = reason;
  }

  void write(RunDatabase& database) const {
    for (std::uint64_t ordinal = 0; const Record& record : records) {
      const std::vector<std::byte> bytes = packed(record.bases);
      database.begin_record({ordinal, record.id, record.bases.size(), bytes});
      for (const Chunk& chunk : record.chunks) {
        database.add_chunk(chunk.row);
        for (const StoredOrf& orf : chunk.orfs) database.add_orf(orf);
      }
      database.end_record(ordinal++, record.outcome, record.reason);
    }
    database.mark_complete();
    database.commit();
  }

  std::vector<Record> records;
};

/// The error of a visit to the rows after `change`; it is the same in each of the ways.
std::string said_of(const std::function<void(Rows&)>& change) {
  const TemporaryFolder folder;
  Rows rows;
  change(rows);
  RunDatabase database(folder.path(), kWork, RunDatabase::Existing::kContinue);
  rows.write(database);
  Transcript plain;
  EXPECT_EQ(error_of<DamagedDatabase>([&] { database.visit(plain); }), "no error")
      << "not for the checksums to find";
  Transcript checked;
  const std::string error = error_of<DamagedDatabase>([&] { visit_run(database, checked); });
  EXPECT_EQ(checked.text == plain.text, error == "no error");
  Transcript other;
  EXPECT_EQ(error_of<DamagedDatabase>([&] { visit_run_so_far(database, other); }), error);
  for (const std::size_t threads : {2u, 3u}) {
    Transcript apart;
    EXPECT_EQ(error_of<DamagedDatabase>([&] { visit_run(database, apart, threads); }), error);
    EXPECT_EQ(apart.text, checked.text) << threads << " threads";
  }
  EXPECT_EQ(error_of<DamagedDatabase>([&] {
              const auto step = visit_run_in_steps(database);
              while (step(other)) {
              }
            }),
            error);
  return error;
}

TEST(StoredRules, HandOnWhatARunCouldHaveStored) {
  EXPECT_EQ(said_of([](Rows&) {}), "no error");
  EXPECT_EQ(said_of([](Rows& rows) {
              rows.fail(rows.orf(1, 0, 1), "NaN");
              rows.chunk(1, 0).outcome = Outcome::kFailed;
              rows.chunk(1, 0).reason = "NaN";
              rows.records[1].outcome = Outcome::kFailed;
              rows.records[1].reason = "NaN";
            }),
            "no error")
      << "a failure";
  EXPECT_EQ(said_of([](Rows& rows) { rows.orf(0, 0, 0).p_others += 1e-7f; }).find("a sum of 1"),
            std::string::npos)
      << "rounding";
}

TEST(StoredRules, SayWhichRecordAndHowToGoOn) {
  const std::string error = said_of([](Rows& rows) { rows.orf(0, 1, 0).p_virus = 1.0f; });
  EXPECT_THAT(error, HasSubstr("run.db: expected the database of a run, found record 1 ('a') "
                               "damaged: table orfs, row 2: p_others 0.8 "
                               "and p_virus 1, expected a sum of 1. The same 'virnucpro predict' "
                               "with --repair computes again what is damaged"));
}

/// Stops in every frame of both strands on either side of 300 open bases.
std::string bases_of_a_run() {
  const std::string stops = "TAATTAATTAATTAATTAA";
  return stops + std::string(300, 'C') + stops;
}

/// Keeps what was read.
class Places final : public StoredRunVisitor {
 public:
  void begin_record(const StoredRecord&) override {}
  void chunk(const StoredChunk&, std::span<const StoredOrf> orfs) override {
    found.assign(orfs.begin(), orfs.end());
  }
  void end_record(Outcome, std::string_view) override {}
  std::vector<StoredOrf> found;
};

/// Visits a run of one record without an open frame, whose only row is of `frame`; `facts` are
/// those of its work beside the usual ones.
std::vector<StoredOrf> places_of(const std::vector<RunFact>& facts, std::uint8_t frame) {
  const TemporaryFolder folder;
  std::vector<RunFact> work = kWork;
  work.insert(work.end(), facts.begin(), facts.end());
  const std::string bases = bases_of_a_run();
  RunDatabase database(folder.path(), work, RunDatabase::Existing::kContinue);
  const std::vector<std::byte> bytes = packed(bases);
  database.begin_record({0, "a", bases.size(), bytes});
  database.add_chunk({0, 0, 0, 0, bases.size(), Outcome::kScored, {}});
  database.add_orf(scored_orf(0, 0, frame));
  database.end_record(0, Outcome::kScored, {});
  database.mark_complete();
  database.commit();
  Places places;
  visit_run(database, places);
  return places.found;
}

TEST(StoredRules, SayWhatOfAChunkWasRead) {
  const std::string bases = bases_of_a_run();
  OrfBuffer buffer;
  find_orfs(bases, {{}, FrameChoice::kLongest, 90}, buffer);
  ASSERT_EQ(buffer.orfs().size(), 1U);
  const auto frame = static_cast<std::uint8_t>(buffer.orfs()[0].frame);
  const std::vector<StoredOrf> found = places_of({{"frames", "longest, bases at least 90"}}, frame);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].is_run);
  EXPECT_EQ(found[0].start, buffer.orfs()[0].start);
  EXPECT_EQ(found[0].end, buffer.orfs()[0].end);
}

TEST(StoredRules, ReadByTheFramesAndTheCodeOfTheWork) {
  const auto error = [](const std::vector<RunFact>& facts, std::uint8_t frame) {
    return error_of<DamagedDatabase>([&] { places_of(facts, frame); });
  };
  // A database of an older program says nothing, and so has open frames only.
  EXPECT_THAT(error({}, 0), HasSubstr("F1, expected no frame by its bases"));
  OrfBuffer buffer;
  find_orfs(bases_of_a_run(), {{}, FrameChoice::kLongest}, buffer);
  const Frame right = buffer.orfs()[0].frame;
  const auto wrong = static_cast<std::uint8_t>(right == Frame::kR3 ? Frame::kF1 : Frame::kR3);
  EXPECT_THAT(error({{"frames", "longest, bases at least 60"}}, wrong),
              HasSubstr("expected " + std::string(frame_name(right)) + " by its bases"));
  EXPECT_THAT(error({{"frames", "longest, bases at least 600"}}, 0),
              HasSubstr("expected no frame"));
  EXPECT_THAT(error({{"frames", "all"}}, 0), HasSubstr("'all' as the frames"));
  EXPECT_THAT(error({{"genetic code", "7"}}, 0), HasSubstr("'7' as the genetic code"));
  // By a code that knows no TAA and no TGA every frame is open.
  EXPECT_THAT(error({{"genetic code", "27"}}, 0), HasSubstr("F1, expected F1 F2 F3"));
}

struct Violation {
  const char* name;
  std::function<void(Rows&)> change;
  const char* said;
};

TEST(StoredRules, RefuseWhatNoRunCouldHaveStored) {
  const std::vector<Violation> violations = {
      {"other bases", [](Rows& rows) { rows.records[0].bases[700] = 'A'; },
       "table orfs, row 5: equal to row 2, which has other bases"},
      {"a stop", [](Rows& rows) { rows.records[0].bases.replace(698, 3, "TAA"); },
       "record 1 ('a') damaged: table chunks, row 1: F1, expected no frame by its bases"},
      {"shifted chunk",
       [](Rows& rows) {
         rows.chunk(1, 0).start = 1;
         rows.chunk(1, 0).end = 501;
       },
       "record 2 ('b') damaged: table chunks, row 2: bases 1 to 501, expected 0 to 500"},
      {"shorter chunk", [](Rows& rows) { rows.chunk(1, 1).end = 999; },
       "row 3: bases 500 to 999, expected 500 to 1000"},
      {"missing chunk", [](Rows& rows) { rows.records[2].chunks.clear(); },
       "record 3 ('c') damaged: 0 chunks of 2 bases, expected 1"},
      {"one chunk more",
       [](Rows& rows) {
         rows.records[2].chunks.push_back({{5, 2, 1, 0, 2, Outcome::kTooShort, {}}, {}});
       },
       "row 5: chunk 1 of a record of 2 bases, which has 1"},
      {"another frame", [](Rows& rows) { rows.orf(0, 1, 0).frame = 3; },
       "row 1: R1, expected F1 by its bases"},
      {"a missing frame",
       [](Rows& rows) {
         rows.records[1].chunks[1].orfs.clear();
         rows.chunk(1, 1).outcome = Outcome::kNoOrf;
       },
       "row 3: no frame, expected F1 by its bases"},
      {"outcome of a chunk", [](Rows& rows) { rows.chunk(0, 0).outcome = Outcome::kFailed; },
       "row 0: the outcome failed, expected scored by that of its frames"},
      {"a failure in a scored chunk", [](Rows& rows) { rows.fail(rows.orf(0, 0, 1), "NaN"); },
       "row 0: the outcome scored, expected failed by that of its frames"},
      {"too short or no ORF", [](Rows& rows) { rows.chunk(2, 0).outcome = Outcome::kNoOrf; },
       "row 4: the outcome no_orf, expected too_short by that of its frames"},
      {"reason of a chunk", [](Rows& rows) { rows.chunk(0, 0).reason = "x"; },
       "row 0: another reason than that of its first failed frame"},
      {"outcome of a record", [](Rows& rows) { rows.records[0].outcome = Outcome::kNoOrf; },
       "record 1 ('a') damaged: the outcome no_orf, expected scored by that of its chunks"},
      {"reason of a record", [](Rows& rows) { rows.records[0].reason = "x"; },
       "another reason than that of its first failed chunk"},
      {"both scores",
       [](Rows& rows) { rows.orf(0, 0, 0).p_others = rows.orf(0, 0, 0).p_virus = 1; },
       "row 0: p_others 1 and p_virus 1, expected a sum of 1"},
      {"a sum that is a little off", [](Rows& rows) { rows.orf(0, 0, 0).p_others -= 2e-6f; },
       "expected a sum of 1"},
      {"scores of a repeat",
       [](Rows& rows) {
         rows.orf(1, 0, 0).p_virus = 0.75f;
         rows.orf(1, 0, 0).p_others = 0.25f;
       },
       "table orfs, row 3: equal to row 0, which has other scores"},
      {"a repeat of other bases",
       [](Rows& rows) {
         const StoredOrf& other = rows.orf(0, 0, 1);
         StoredOrf& orf = rows.orf(1, 0, 0);
         orf.same_as = other.number;
         orf.p_virus = other.p_virus;
         orf.p_others = other.p_others;
       },
       "table orfs, row 3: equal to row 1, which has other bases"},
      {"a repeat of a failure",
       [](Rows& rows) {
         rows.fail(rows.orf(0, 1, 0), "NaN");
         rows.chunk(0, 1).outcome = Outcome::kFailed;
         rows.chunk(0, 1).reason = "NaN";
         rows.records[0].outcome = Outcome::kFailed;
         rows.records[0].reason = "NaN";
       },
       "table orfs, row 5: equal to row 2, which has other scores"},
  };
  for (const Violation& violation : violations) {
    SCOPED_TRACE(violation.name);
    EXPECT_THAT(said_of(violation.change), HasSubstr(violation.said));
  }
}

TEST(StoredRules, RefuseBasesThatCannotBeUnpacked) {
  const TemporaryFolder folder;
  RunDatabase database(folder.path(), kWork, RunDatabase::Existing::kContinue);
  database.begin_record({0, "a", 4, bytes_of("packed")});
  database.end_record(0, Outcome::kNoOrf, {});
  Transcript none;
  EXPECT_THAT(error_of<DamagedDatabase>([&] { visit_run(database, none); }),
              HasSubstr("record 1 ('a') damaged: its packed bases are not those of 4 bases"));
}

TEST(StoredRules, NeedTheLengthOfTheChunks) {
  const TemporaryFolder folder;
  const RunDatabase database(folder.path(), {{"input", "x"}}, RunDatabase::Existing::kContinue);
  Transcript none;
  EXPECT_THAT(error_of<InputError>([&] { visit_run(database, none); }),
              HasSubstr("nothing of its expected length"));
}

}  // namespace
}  // namespace virnucpro
