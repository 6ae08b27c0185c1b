// regions.bed, regions.gff3 and viral_regions.fasta: coordinates, ids, thresholds, earlier files.
#include "report/region_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "report/prediction_tables.h"
#include "support/plain_calibration.h"
#include "unit/report/temporary_folder.h"

namespace virnucpro {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kNoRegions =
    "# The models of this run have no calibration, so that there are no regions.\n";

/// Writes records of chunks of 10 bases; V is viral beyond doubt, o is not, - has no score.
class Regions : public testing::Test {
 protected:
  void begin(const TableChoice& choice = {}, const std::string& name = "out") {
    CalibratedCalls calibrated;
    calibrated.calibration = &calibration_;
    tables_.emplace(folder_.file(name), CallRule{}, calibrated, SortedLines::kDefaultMemory,
                    choice);
  }

  void record(const std::string& id, const std::string& chunks) {
    std::string bases;
    for (std::size_t i = 0; i < chunks.size(); ++i) bases += "ACGTACGTA" + chunks.substr(i, 1);
    tables_->begin_record({ordinal_++, id, bases.size()});
    for (std::uint64_t i = 0; i < chunks.size(); ++i) {
      const float p = chunks[i] == 'V' ? 0.999999f : 0.000001f;
      const bool is_scored = chunks[i] != '-';
      std::vector<FrameRow> frames;
      if (is_scored) frames.push_back({"F1", {1.0f - p, p}, 10 * i, 10 * i + 10});
      tables_->chunk({i, 10 * i, 10 * i + 10, is_scored ? Outcome::kScored : Outcome::kNoOrf, {}},
                     frames);
    }
    tables_->end_record(bases);
  }

  void publish() {
    tables_->finish();
    tables_->publish("{}\n");
  }

  TemporaryFolder folder_;
  Calibration calibration_ = plain_calibration();
  std::optional<PredictionTables> tables_;
  std::uint64_t ordinal_ = 0;
};

TEST_F(Regions, HaveTheirPlacesInBothFiles) {
  begin();
  record("a", "ooooVV-VVVVVoooooooVVVVVV");
  record("none", "oooo");
  record("b", "VVVV");
  record("c", "VVVVVVoooooo");
  EXPECT_EQ(tables_->calls().viral_regions, 4u);
  publish();
  EXPECT_EQ(folder_.read("out/regions.bed"),
            "a\t40\t120\tregion_1\t1000\t.\n"
            "a\t190\t250\tregion_2\t1000\t.\n"
            "b\t0\t40\tregion_3\t1000\t.\n"
            "c\t0\t60\tregion_4\t1000\t.\n");
  const std::string gff = folder_.read("out/regions.gff3");
  EXPECT_THAT(gff, testing::StartsWith("##gff-version 3\n##sequence-region a 1 250\n"
                                       "a\tvirnucpro\tviral_sequence\t41\t120\t"));
  EXPECT_THAT(gff, HasSubstr("\t.\t.\tID=region_1;record=1;extent=inner;chunks=8;scored_chunks=7\n"
                             "a\tvirnucpro\tviral_sequence\t191\t250\t"));
  EXPECT_THAT(gff, HasSubstr("ID=region_2;record=1;extent=end;chunks=6;scored_chunks=6\n"
                             "##sequence-region b 1 40\nb\t"));
  EXPECT_THAT(gff, HasSubstr("ID=region_3;record=3;extent=whole;chunks=4;scored_chunks=4\n"));
  EXPECT_THAT(gff, HasSubstr("ID=region_4;record=4;extent=start;chunks=6;scored_chunks=6\n"));
  EXPECT_FALSE(std::filesystem::exists(folder_.file("out/viral_regions.fasta")));
}

TEST_F(Regions, AreWrittenWithTheirBasesOnRequest) {
  begin({.region_fasta = true});
  record("a\tb", "oooooVVVVVVoooooo");
  record("long", std::string(20, 'V'));
  publish();
  const std::string fasta = folder_.read("out/viral_regions.fasta");
  EXPECT_THAT(fasta, testing::StartsWith(">a\\x09b:51-110 region=1 record=1 probability="));
  EXPECT_THAT(fasta, HasSubstr(" extent=inner\nACGTACGTAVACGTACGTAVACGTACGTAV"));
  EXPECT_THAT(fasta, HasSubstr("\n>long:1-200 region=2 record=2 "));
  for (std::size_t at = 0, line = 0; line < 5; ++line) {
    const std::size_t end = fasta.find('\n', at);
    EXPECT_TRUE(fasta[at] == '>' || end - at <= 80) << fasta;
    at = end + 1;
  }
}

TEST_F(Regions, FollowTheLeastProbability) {
  begin({.region_probability = 0.9});
  record("short", "V");
  publish();
  const std::string low = folder_.read("out/regions.bed");
  EXPECT_THAT(low, HasSubstr("short\t0\t10\tregion_1\t99"));
  begin({.region_probability = 1.0}, "strict");
  record("short", "V");
  EXPECT_EQ(tables_->calls().viral_regions, 0u);
  publish();
  EXPECT_EQ(folder_.read("strict/regions.bed"), "");
  EXPECT_EQ(folder_.read("strict/regions.gff3"), "##gff-version 3\n");
}

TEST_F(Regions, AreNoneWithoutACalibration) {
  tables_.emplace(folder_.file("out"));
  record("a", "VVVV");
  EXPECT_FALSE(tables_->calls().viral_regions);
  publish();
  EXPECT_EQ(folder_.read("out/regions.bed"), kNoRegions);
  EXPECT_EQ(folder_.read("out/regions.gff3"), "##gff-version 3\n"s + kNoRegions);
}

TEST_F(Regions, OfRepeatedAndHostileIdsStayTellableApart) {
  begin();
  for (const char* id : {"a", "a", "", "", "#x", "track1", "Chrom", "x;y=z %\xff", "a b"}) {
    record(id, "VVVV");
  }
  publish();
  std::vector<std::string> bed_ids;
  std::istringstream bed(folder_.read("out/regions.bed"));
  for (std::string line; std::getline(bed, line);)
    bed_ids.push_back(line.substr(0, line.find('\t')));
  EXPECT_THAT(bed_ids, testing::ElementsAre("a", "a_1", ".", "._1", "\\x23x", "\\x74rack1",
                                            "\\x43hrom", "x;y=z %\\xff", "a b"));
  std::vector<std::string> gff_ids;
  std::istringstream gff(folder_.read("out/regions.gff3"));
  for (std::string line; std::getline(gff, line);) {
    if (!line.starts_with("#")) gff_ids.push_back(line.substr(0, line.find('\t')));
  }
  EXPECT_THAT(gff_ids, testing::ElementsAre("a", "a_1", ".", "._1", "%23x", "%74rack1", "%43hrom",
                                            "x%3By%3Dz%20%25%FF", "a%20b"));
}

TEST_F(Regions, ReplaceAFastaFileOfEarlierResultsAndNoOther) {
  std::filesystem::create_directory(folder_.file("out"));
  folder_.write("out/viral_regions.fasta", ">the user's\n");
  begin();
  record("a", "VVVV");
  publish();
  EXPECT_EQ(folder_.read("out/viral_regions.fasta"), ">the user's\n");
  for (const bool with_fasta : {true, false}) {
    ordinal_ = 0;
    begin({.region_fasta = with_fasta});
    record("a", "VVVV");
    publish();
    EXPECT_EQ(std::filesystem::exists(folder_.file("out/viral_regions.fasta")), with_fasta);
  }
}

}  // namespace
}  // namespace virnucpro
