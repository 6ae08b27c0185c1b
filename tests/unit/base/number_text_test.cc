// Which texts are numbers, and the messages about those that are not.
#include "base/number_text.h"

#include <gtest/gtest.h>

#include <clocale>
#include <limits>
#include <string>
#include <vector>

#include "base/errors.h"

namespace virnucpro {
namespace {

/// A text that is a number of neither kind.
const std::vector<std::string> kNoNumbers = {"",         " ",   " 1",
                                             "1 ",       "\t1", "1\n",
                                             "+1",       "-1",  "-0",
                                             "0x10",     "0b1", "1_0",
                                             "1,5",      "1'0", "nan",
                                             "NaN",      "inf", "INF",
                                             "infinity", "１",  "1h",
                                             "one",      "1-2", "--1",
                                             "0x1p3",    "1e",  "1e+",
                                             ".",        "..5", ".e1",
                                             "1/2",      "5%",  std::string("1\0", 2)};

TEST(NumberText, ReadsWholeNumbersAsDecimal) {
  EXPECT_EQ(parse_whole("0"), 0u);
  EXPECT_EQ(parse_whole("010"), 10u) << "never octal";
  EXPECT_EQ(parse_whole("00000000000000000000000000007"), 7u);
  EXPECT_EQ(parse_whole("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(parse_whole("18446744073709551616"), std::nullopt);
  EXPECT_EQ(parse_whole("99999999999999999999999999"), std::nullopt);
  for (const std::string& text : kNoNumbers) EXPECT_EQ(parse_whole(text), std::nullopt) << text;
  for (const char* text : {"1e3", "1.0", "1.", ".5", "1e999"}) {
    EXPECT_EQ(parse_whole(text), std::nullopt) << text;
  }
}

TEST(NumberText, KeepsWholeNumbersInTheirRange) {
  const WholeRange range = {2, 5};
  EXPECT_EQ(parse_whole("1", range), std::nullopt);
  EXPECT_EQ(parse_whole("2", range), 2u);
  EXPECT_EQ(parse_whole("5", range), 5u);
  EXPECT_EQ(parse_whole("6", range), std::nullopt);
}

TEST(NumberText, ReadsNumbersWithPointAndExponent) {
  const NumberRange range = {0.0, 1e9};
  EXPECT_EQ(parse_number("0.05", range), 0.05);
  EXPECT_EQ(parse_number(".05", range), 0.05);
  EXPECT_EQ(parse_number("5e-2", range), 0.05);
  EXPECT_EQ(parse_number("5E+2", range), 500.0);
  EXPECT_EQ(parse_number("010.50", range), 10.5);
  for (const std::string& text : kNoNumbers) {
    EXPECT_EQ(parse_number(text, range), std::nullopt) << text;
  }
  const NumberRange all = {0.0, std::numeric_limits<double>::max()};
  EXPECT_EQ(parse_number("1e308", all), 1e308);
  EXPECT_EQ(parse_number("1e999", all), std::nullopt);
  EXPECT_EQ(parse_number("1e-999", all), std::nullopt) << "not 0, which is another number";
}

TEST(NumberText, KnowsOpenAndClosedEnds) {
  const NumberRange closed = {0.0, 1.0};
  EXPECT_EQ(parse_number("0", closed), 0.0);
  EXPECT_EQ(parse_number("1", closed), 1.0);
  EXPECT_EQ(parse_number("1.0000001", closed), std::nullopt);
  const NumberRange open = {0.0, 1.0, true, true};
  EXPECT_EQ(parse_number("0", open), std::nullopt);
  EXPECT_EQ(parse_number("0.0", open), std::nullopt);
  EXPECT_EQ(parse_number("1", open), std::nullopt);
  EXPECT_EQ(parse_number("0.5", open), 0.5);
}

TEST(NumberText, DoesNotFollowTheLocale) {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  bool was_set = false;  // where the system has one with a decimal comma
  for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"}) {
    was_set = was_set || std::setlocale(LC_ALL, name) != nullptr;
  }
  EXPECT_EQ(parse_number("0.5", {}), 0.5);
  EXPECT_EQ(parse_number("0,5", {}), std::nullopt);
  std::setlocale(LC_ALL, before.c_str());
  if (!was_set) GTEST_SKIP() << "this system has no locale with a decimal comma";
}

TEST(NumberText, SaysWhatARangeTakes) {
  EXPECT_EQ(described(WholeRange{1, 8}), "a whole number from 1 to 8");
  EXPECT_EQ(described(WholeRange{0, 8, "all"}), "a whole number from 0 (all) to 8");
  EXPECT_EQ(described(NumberRange{0.0, 0.9}), "a number from 0 to 0.9");
  EXPECT_EQ(described(NumberRange{1e-9, 1e9}), "a number from 1e-09 to 1000000000");
  EXPECT_EQ(described(NumberRange{0.0, 1.0, true, true}), "a number above 0 and below 1");
  EXPECT_EQ(described(NumberRange{0.0, 86400.0, true}), "a number above 0 and at most 86400");
}

TEST(NumberText, RefusesAValueWithPlaceTextAndWhatItTakes) {
  try {
    refuse_value("--seed", "-1", described(WholeRange{}));
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "--seed: '-1' cannot be used; it takes a whole number from 0 to "
                 "18446744073709551615");
  }
}

}  // namespace
}  // namespace virnucpro
