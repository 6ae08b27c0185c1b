// Tables of calls as label-reads takes them.
#include "report/contig_labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"

namespace virnucpro {
namespace {

const std::string kHeader =
    "ID\tcall\ttier\tweighted_delta\tn_chunks\tn_confident_viral\tn_confident_nonviral\t"
    "n_ambiguous\tviral_proportion\tnonviral_proportion";

std::string error_of(ContigLabels& labels, const std::string& line) {
  try {
    labels.add_line(line, "t.tsv: line 9");
  } catch (const InputError& error) {
    return error.what();
  }
  return "none";
}

TEST(ContigLabels, AreFoundByTheirIds) {
  ContigLabels labels;
  labels.add_line(kHeader, "");
  labels.add_line("c1\tViral\treview\t0.4\t1\t2\t3\t4\t0.5\t0.6", "");
  labels.add_line("\"a \"\"b\"\"\"\tNon-viral\tlow_confidence\t-0.4\t1\t0\t0\t0\t0.0\t0.0", "");
  labels.add_line("", "");
  EXPECT_EQ(labels.size(), 2u);
  EXPECT_EQ(labels.call_name(labels.of("c1").call), "Viral");
  EXPECT_EQ(labels.of("c1").figures, "0.4\t1\t2\t3\t4\t0.5\t0.6");
  EXPECT_EQ(labels.of("a \"b\"").tier, "low_confidence");
  EXPECT_EQ(&labels.of("c2"), &labels.unclassified());
  EXPECT_EQ(labels.call_name(labels.unclassified().call), "Unclassified");
  EXPECT_EQ(labels.unclassified().figures, "0.0\t0\t0\t0\t0\t0.0\t0.0");
}

TEST(ContigLabels, FindColumnsByName) {
  ContigLabels labels;
  labels.add_line(
      "more\tnonviral_proportion\tviral_proportion\tn_ambiguous\tn_confident_nonviral\t"
      "n_confident_viral\tn_chunks\tweighted_delta\ttier\tcall\tID",
      "");
  labels.add_line("x\t7\t6\t5\t4\t3\t2\t1\treview\tViral\tc", "");
  EXPECT_EQ(labels.of("c").figures, "1\t2\t3\t4\t5\t6\t7");
}

TEST(ContigLabels, SayWhatIsWrong) {
  ContigLabels labels;
  EXPECT_THAT(error_of(labels, "ID\tcall"),
              testing::HasSubstr("t.tsv: line 9: has no column tier"));
  EXPECT_FALSE(labels.has_header());
  ContigLabels good;
  good.add_line(kHeader, "");
  EXPECT_EQ(error_of(good, "c\tViral"), "t.tsv: line 9: has 2 columns, fewer than its header.");
  good.add_line("c\tViral\treview\t0\t1\t2\t3\t4\t5\t6", "");
  EXPECT_EQ(error_of(good, "c\tViral\treview\t0\t1\t2\t3\t4\t5\t6"),
            "t.tsv: line 9: the contig 'c' comes twice.");
}

}  // namespace
}  // namespace virnucpro
