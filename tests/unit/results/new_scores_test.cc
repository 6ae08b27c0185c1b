// Scores of a stored run by another classifier, compared with that classifier row by row.
#include "results/new_scores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <random>
#include <vector>

#include "base/errors.h"
#include "devices/devices.h"
#include "support/synthetic_weights.h"
#include "unit/report/temporary_folder.h"

namespace virnucpro {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kOrfs = 1300;  // more than two blocks
constexpr std::size_t kDnaWidth = 5;
constexpr std::size_t kProteinWidth = 7;

enum class Kind { kOwn, kRepeat, kFailed, kRepeatOfFailed };

/// Every 5th ORF repeats the one four before it, every 7th failed.
Kind kind_of(std::uint64_t orf) {
  if (orf % 7 == 3) return Kind::kFailed;
  if (orf >= 5 && orf % 5 == 0) {
    return (orf - 4) % 7 == 3 ? Kind::kRepeatOfFailed : Kind::kRepeat;
  }
  return Kind::kOwn;
}

std::vector<float> embedding_of(std::uint64_t orf) {
  std::mt19937 random(static_cast<std::uint32_t>(orf));
  std::vector<float> values(kDnaWidth + kProteinWidth);
  for (float& value : values) value = static_cast<float>(random() % 2000) / 1000.0f - 1.0f;
  return values;
}

struct StoredRun {
  StoredRun() : database(folder.path(), {{"input", "x"}}, RunDatabase::Existing::kContinue) {
    for (std::uint64_t number = 0; number < kOrfs; ++number) add(number);
    database.commit();
  }

  void add(std::uint64_t number) {
    const Kind kind = kind_of(number);
    const bool has_failed = kind == Kind::kFailed || kind == Kind::kRepeatOfFailed;
    database.begin_record({number, "r", 500, {}});
    database.add_chunk(
        {number, number, 0, 0, 500, has_failed ? Outcome::kFailed : Outcome::kScored, {}});
    StoredOrf orf;
    orf.number = number;
    orf.chunk = number;
    orf.outcome = has_failed ? Outcome::kFailed : Outcome::kScored;
    if (kind == Kind::kRepeat || kind == Kind::kRepeatOfFailed) orf.same_as = number - 4;
    database.add_orf(orf);
    database.end_record(number, orf.outcome, {});
    if (kind != Kind::kOwn) return;
    const std::vector<float> values = embedding_of(number);
    database.put_embedding(number, StoredEncoder::kDnabertS,
                           std::span(values).subspan(0, kDnaWidth));
    database.put_embedding(number, StoredEncoder::kEsm2, std::span(values).subspan(kDnaWidth));
  }

  TemporaryFolder folder;
  RunDatabase database;
};

class NewScoresTest : public testing::Test {
 protected:
  std::unique_ptr<Classifier> classifier_of(std::int64_t width) {
    return std::make_unique<Classifier>(testing_support::synthetic_classifier("new", width, 16),
                                        *backend);
  }
  std::string error_of(const Classifier& classifier) {
    try {
      const NewScores scores(run.database, classifier, "c.pth", *backend, run.folder.path());
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  std::unique_ptr<Backend> backend = create_backend("cpu", 1);
  StoredRun run;
};

TEST_F(NewScoresTest, AreThoseOfTheClassifierWhereverAnOrfStands) {
  const auto classifier = classifier_of(kDnaWidth + kProteinWidth);
  const NewScores scores(run.database, *classifier, "c.pth", *backend, run.folder.path());
  Workspace workspace(*backend);
  std::vector<ScorePair> expected(kOrfs);
  std::uint64_t repeats = 0;
  for (std::uint64_t orf = 0; orf < kOrfs; ++orf) {
    const Kind kind = kind_of(orf);
    if (kind == Kind::kFailed || kind == Kind::kRepeatOfFailed) {
      EXPECT_THROW(scores.of(orf), ContractError) << orf;
      continue;
    }
    if (kind == Kind::kRepeat) {
      expected[orf] = expected[orf - 4];
      ++repeats;
    } else {
      float pair[2];
      classifier->predict(*backend, workspace, embedding_of(orf), pair);
      expected[orf] = {pair[0], pair[1]};
    }
    EXPECT_EQ(scores.of(orf).p_others, expected[orf].p_others) << orf;
    EXPECT_EQ(scores.of(orf).p_virus, expected[orf].p_virus) << orf;
  }
  EXPECT_GT(repeats, 100u);
  EXPECT_THAT(run.folder.names(), testing::Each(testing::StartsWith("run.db")));
}

TEST_F(NewScoresTest, RefuseAClassifierOfAnotherWidth) {
  EXPECT_EQ(error_of(*classifier_of(13)),
            "c.pth: the classifier takes 13 features, but DNABERT-S (5) and ESM-2 (7) of this run "
            "give 12. It was trained on other encoders; use one that belongs to them.");
}

TEST_F(NewScoresTest, RefuseScoresThatAreNoProbabilities) {
  std::vector<float> values(kDnaWidth, std::numeric_limits<float>::quiet_NaN());
  run.database.put_embedding(600, StoredEncoder::kDnabertS, values);
  ASSERT_EQ(kind_of(601), Kind::kOwn);
  run.database.put_embedding(601, StoredEncoder::kDnabertS, values);
  EXPECT_THAT(error_of(*classifier_of(12)),
              HasSubstr("c.pth: the classifier gives nan as a probability of ORF 601"));
  EXPECT_THROW(NewScores(run.database, *classifier_of(12), "c.pth", *backend, run.folder.path()),
               PrecisionError);
}

TEST_F(NewScoresTest, MissAnEmbeddingThatIsNotThere) {
  run.database.drop_embeddings_before(600);
  EXPECT_THAT(error_of(*classifier_of(12)), HasSubstr("found no embeddings of ORF 0"));
}

TEST_F(NewScoresTest, StopOnRequest) {
  const auto classifier = classifier_of(12);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(
      NewScores(run.database, *classifier, "c.pth", *backend, run.folder.path(), stop.get_token()),
      Interrupted);
}

}  // namespace
}  // namespace virnucpro
