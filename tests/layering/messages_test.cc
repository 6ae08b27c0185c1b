// Reads the messages in the sources: numbers of things agree with their nouns.
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

#include "layering/document_tree.h"

namespace virnucpro::test {
namespace {

/// A text of the source, made of all literals that stand one after the other.
struct Literal {
  int line = 0;
  std::string text;
  bool is_check = false;  ///< of a contract between parts of the program, not for users
};

/// Literals of a C++ source, without those of comments.
std::vector<Literal> literals_of(const std::string& source) {
  std::vector<Literal> found;
  int line = 1;
  std::size_t statement = 0;  // where the current statement begins
  bool is_continued = false;
  for (std::size_t i = 0; i < source.size(); ++i) {
    const char c = source[i];
    if (c == '\n') ++line;
    if (c == ' ' || c == '\n') continue;
    if (source.compare(i, 2, "//") == 0) {
      i = source.find('\n', i) - 1;
      continue;
    }
    if (c == '\'') {  // a character, or a separator of digits
      const std::size_t end = source.find('\'', i + (source[i + 1] == '\\' ? 3 : 2));
      if (end != std::string::npos && end - i <= 6) i = end;
      is_continued = false;
      continue;
    }
    if (c != '"') {
      if (c == ';' || c == '{' || c == '}') statement = i;
      is_continued = false;
      continue;
    }
    if (!is_continued) {
      const std::string before = source.substr(statement, i - statement);
      found.push_back({line, "",
                       before.find(" check(") != std::string::npos ||
                           before.find("#include") != std::string::npos});
    }
    for (++i; i < source.size() && source[i] != '"'; ++i) {
      if (source[i] == '\\') found.back().text += source[i++];
      found.back().text += source[i];
    }
    is_continued = true;
  }
  return found;
}

/// Parts of `text` such as "{} records", where 1 would read "1 records".
std::vector<std::string> fixed_plurals_in(const std::string& text) {
  static const std::regex kPlural(
      R"(\{[^{}]*\} ((scored|open|labelled|viral|primary|secondary|supplementary|other) )*)"
      R"((records|chunks|frames|fragments|reads|alignments|contigs|shards|samples|inputs|files|)"
      R"(labels|problems|folds|epochs|batches|lines|columns|threads|regions|warnings)\b(?!/))");
  std::vector<std::string> found;
  for (std::sregex_iterator match(text.begin(), text.end(), kPlural), end; match != end; ++match) {
    found.push_back(match->str());
  }
  return found;
}

/// Where the number is never 1: a constant of the program or of a format.
bool is_always_many(const std::string& file, const std::string& text) {
  return (file == "src/calls/fit.cc" && text.starts_with("a calibration needs {} scored chunks")) ||
         (file == "src/cli/commands/calibrate/calibrate_command.cc" &&
          text.starts_with("fewer than {} records")) ||
         // A mark in the database, which no user reads.
         (file == "src/jobs/merge.cc" && text == "{} shards");
}

TEST(Messages, SayOneRecordAndTwoRecords) {
  int texts = 0;
  for (const auto& [file, source] : this_tree().sources) {
    // Modules that speak to users; the others speak of tensors, to those who call them.
    static const std::regex kSpeaks(
        R"(src/(bench|calls|cli|dataset|embeddings|evaluation|jobs|pipeline|report|results|sequence)/.*\.(cc|h))");
    if (!std::regex_match(file, kSpeaks)) continue;
    for (const Literal& literal : literals_of(source)) {
      ++texts;
      if (literal.is_check || is_always_many(file, literal.text)) continue;
      for (const std::string& plural : fixed_plurals_in(literal.text)) {
        ADD_FAILURE() << place_of(file, literal.line) << "\"" << plural
                      << "\" is wrong for 1: use counted() of base/counted.h";
      }
    }
  }
  EXPECT_GT(texts, 1000);
}

TEST(MessageTexts, AreFoundInSources) {
  const std::vector<Literal> found = literals_of(
      "// \"no\"\nf(\"a \\\"b\\\" \"\n  \"c\", '\"', 1'000, \"d\"); check(x, \"e\");\n");
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].text, "a \\\"b\\\" c");
  EXPECT_EQ(found[0].line, 2);
  EXPECT_EQ(found[1].text, "d");
  EXPECT_FALSE(found[1].is_check);
  EXPECT_TRUE(found[2].is_check);
}

TEST(MessageTexts, WithFixedPluralsAreFound) {
  EXPECT_EQ(fixed_plurals_in("{} records and {:.1f} viral chunks of {}").size(), 2u);
  EXPECT_EQ(fixed_plurals_in("{} has records, {} recordings, {} of all records").size(), 0u);
}

}  // namespace
}  // namespace virnucpro::test
