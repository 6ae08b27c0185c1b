// Results from a database that was written by hand: what is refused, and failures that stay.
#include "jobs/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/errors.h"
#include "results/run_facts.h"
#include "support/synthetic_weights.h"
#include "unit/report/temporary_folder.h"
#include "unit/results/stored_bases.h"

namespace virnucpro {
namespace {

using testing::HasSubstr;

/// One record of two chunks: a viral one, and one of whose two frames the second failed.
class Rebuild : public testing::Test {
 protected:
  Rebuild() {
    RunDatabase database(folder.path(),
                         {{kLengthFact, "500"},
                          {kDeviceFact, "a device that is not here"},
                          {kClassifierFact, "ab"},
                          {kEmbeddingsFact, "yes"}},
                         RunDatabase::Existing::kContinue);
    FrameMask second;
    second.insert(Frame::kF2);
    const std::vector<std::byte> bases =
        packed(bases_open_in(second, 500) + bases_open_in(first_frames(2), 500));
    database.begin_record({0, "r", 1000, bases});
    database.add_chunk({0, 0, 0, 0, 500, Outcome::kScored, {}});
    database.add_orf({0, 0, 1, Outcome::kScored, 0.25f, 0.75f, {}, {}});
    database.add_chunk({1, 0, 1, 500, 1000, Outcome::kFailed, "too strange"});
    database.add_orf({1, 1, 0, Outcome::kScored, 0.25f, 0.75f, {}, {}});
    database.add_orf({2, 1, 1, Outcome::kFailed, 0.0f, 0.0f, {}, "too strange"});
    database.end_record(0, Outcome::kFailed, "too strange");
    const std::vector<float> values = {1.0f, 2.0f, 3.0f, 4.0f};
    for (const std::uint64_t orf : {0u, 1u}) {
      database.put_embedding(orf, StoredEncoder::kDnabertS, values);
      database.put_embedding(orf, StoredEncoder::kEsm2, values);
    }
    database.set_text(kRunFile, run_json({}));
    database.commit();
  }

  void finish() {
    RunDatabase database(folder.path());
    database.mark_complete();
    database.commit();
  }

  RebuildRequest request() const {
    RebuildRequest plain;
    plain.folder = folder.path();
    return plain;
  }

  /// Asks for a classifier of this width, too.
  RebuildRequest request_for(std::int64_t width) {
    RebuildRequest other = request();
    other.load_classifier = [this, width](std::int64_t expected_length) {
      length = expected_length;
      return NamedClassifier{{"new.pth", "cd"},
                             testing_support::synthetic_classifier("new", width, 16)};
    };
    return other;
  }

  template <typename Expected>
  std::string error_of(const RebuildRequest& wanted) {
    try {
      rebuild_results(wanted, Log());
    } catch (const Expected& error) {
      return error.what();
    }
    return "no error";
  }

  TemporaryFolder folder;
  std::int64_t length = 0;
};

TEST_F(Rebuild, RefusesARunThatIsNotFinishedAndSaysHowFarItIs) {
  EXPECT_EQ(error_of<InputError>(request()),
            folder.file("run.db") +
                ": the run is not finished: 1 record, 2 chunks and 3 frames so far. Run the same "
                "'virnucpro predict' again to go on with it, then report.");
  EXPECT_FALSE(folder.names().contains("contigs.tsv"));
}

TEST_F(Rebuild, KeepsFailuresWhateverTheClassifier) {
  finish();
  rebuild_results(request(), Log());
  EXPECT_THAT(folder.read("predictions.tsv"),
              HasSubstr("\nr\t1\t1\t0\t500\t+\tF2\t0.75\tNA\tvirus\n"));
  const std::string failed = "\tfailed\ttoo strange\n";
  EXPECT_THAT(folder.read("contigs.tsv"), HasSubstr(failed));
  RebuildRequest other = request_for(8);
  other.output = folder.file("new");
  const StoredResults results = rebuild_results(other, Log());
  EXPECT_EQ(length, 500);
  EXPECT_EQ(results.ledger.frames, 1u);
  EXPECT_EQ(results.ledger.failed_frames, 2u);
  EXPECT_EQ(results.ledger.chunks[Outcome::kFailed], 1u);
  EXPECT_THAT(folder.read("new/contigs.tsv"), HasSubstr(failed));
  EXPECT_NE(folder.read("new/predictions.tsv"), folder.read("predictions.tsv"));
  EXPECT_THAT(folder.read("new/run.json"), HasSubstr("\"name\": \"new.pth\""));
}

TEST_F(Rebuild, RefusesAClassifierOfAnotherWidthAndLeavesTheResults) {
  finish();
  folder.write("contigs.tsv", "old");
  EXPECT_THAT(error_of<ModelError>(request_for(9)),
              HasSubstr("new.pth: the classifier takes 9 features"));
  EXPECT_EQ(folder.read("contigs.tsv"), "old");
}

TEST_F(Rebuild, RefusesAFailureInAScoredChunk) {
  {
    RunDatabase database(folder.path());
    const std::vector<std::byte> bases = packed(bases_open_in(first_frames(2), 500));
    database.begin_record({1, "t", 500, bases});
    database.add_chunk({2, 1, 0, 0, 500, Outcome::kScored, {}});
    database.add_orf({3, 2, 0, Outcome::kScored, 0.25f, 0.75f, {}, {}});
    database.add_orf({4, 2, 1, Outcome::kFailed, 0.0f, 0.0f, {}, "x"});
    database.end_record(1, Outcome::kScored, {});
    database.commit();
  }
  finish();
  EXPECT_THAT(error_of<InputError>(request()),
              HasSubstr("record 2 ('t') damaged: table chunks, row 2: the outcome scored, expected "
                        "failed by that of its frames"));
}

}  // namespace
}  // namespace virnucpro
