// The text of the choice of tables, and names in natural order.
#include "report/table_choice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "report/format_float.h"
#include "report/natural_key.h"
#include "report/pandas_text.h"

namespace virnucpro {
namespace {

TEST(TableChoice, IsReadAsItWasWritten) {
  EXPECT_EQ(text_of(TableChoice{}), "");
  TableChoice choice;
  choice.legacy = LegacyFormat::kOriginal;
  choice.tiers.min_chunks = 0;
  for (std::size_t i = 0; i < kTierThresholds.size(); ++i) {
    *find_threshold(choice.tiers, kTierThresholds[i]) = 0.9 / static_cast<double>(i + 3);
  }
  choice.region_probability = 1.0 / 3.0;
  choice.region_fasta = true;
  choice.format = RowFormat::kJsonl;
  const std::optional<TableChoice> again = parse_table_choice(text_of(choice));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, choice);
  EXPECT_EQ(parse_table_choice(""), TableChoice{});
}

TEST(TableChoice, RefusesOtherTexts) {
  for (const char* text : {"x", "=", "legacy-format=v3", "min-chunks=-1", "min-chunks=",
                           "min-viral-prop=2", "min-viral-prop=nan", "region-probability=x",
                           "region-fasta=no", "format=tsv", "threshold=0.5"}) {
    EXPECT_FALSE(parse_table_choice(text)) << text;
  }
}

TEST(NaturalKey, SortsNamesAsPeopleDo) {
  const std::vector<std::string> expected = {"",
                                             "0",
                                             "7",
                                             "07x",
                                             "10",
                                             "a",
                                             "A1",
                                             "a1_",
                                             "a001b",
                                             "a1b",
                                             "a2",
                                             "a10",
                                             "a18446744073709551616",
                                             "ab",
                                             "b",
                                             "NODE_2",
                                             "node_10",
                                             "NODE_10x"};
  std::vector<std::pair<std::string, std::string>> keyed;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    append_natural_key(keyed.emplace_back().first, expected[i], i);
    keyed.back().second = expected[i];
  }
  std::ranges::reverse(keyed);
  std::ranges::sort(keyed);
  std::vector<std::string> sorted;
  for (const auto& [key, name] : keyed) sorted.push_back(name);
  EXPECT_EQ(sorted, expected);
}

TEST(PandasText, RoundsAsItsSourceDoes) {
  const auto rounded = [](void (*append)(std::string&, double), double value) {
    std::string text;
    append(text, value);
    return text;
  };
  EXPECT_EQ(rounded(append_rounded_by_numpy, 0.0025), "0.002");
  EXPECT_EQ(rounded(append_rounded_by_python, 0.0025), "0.003");
  EXPECT_EQ(rounded(append_rounded_by_python, 0.0625), "0.062");
  EXPECT_EQ(rounded(append_rounded_by_python, 2.0 / 3.0), "0.667");
  EXPECT_EQ(rounded(append_rounded_by_numpy, -0.53349), "-0.533");
  EXPECT_EQ(rounded(append_rounded_by_numpy, 1.0), "1.0");
}

TEST(FormatFloat64, IsPythonsRepr) {
  const auto text_of_double = [](double value) {
    std::string text;
    append_float64(text, value);
    return text;
  };
  EXPECT_EQ(text_of_double(0.2181767076253891), "0.2181767076253891");
  EXPECT_EQ(text_of_double(double{0.21817671f}), "0.2181767076253891");
  EXPECT_EQ(text_of_double(1.0), "1.0");
  EXPECT_EQ(text_of_double(0.0), "0.0");
  EXPECT_EQ(text_of_double(-0.0), "-0.0");
  EXPECT_EQ(text_of_double(0.0001), "0.0001");
  EXPECT_EQ(text_of_double(double{1e-4f}), "9.999999747378752e-05");
  EXPECT_EQ(text_of_double(1e-5), "1e-05");
  EXPECT_EQ(text_of_double(1e16), "1e+16");
  EXPECT_EQ(text_of_double(123456789012345680.0), "1.2345678901234568e+17");
  EXPECT_EQ(text_of_double(1e15), "1000000000000000.0");
}

}  // namespace
}  // namespace virnucpro
