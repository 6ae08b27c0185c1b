// Checks that tests, variables, targets of make and presets that documents name exist.
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>

#include "layering/document_tree.h"

namespace virnucpro::test {
namespace {

/// `Suite.Test`; `Suite.Begin...` stands for all names that begin so.
Complaints test_complaints(const std::string& name, const DocumentTree& tree) {
  static const std::regex kTest(R"([A-Z]\w*\.[A-Z]\w*(\.\.\.)?)");
  Complaints found;
  for (const Piece& code : tree.documents.at(name).code) {
    if (!std::regex_match(code.text, kTest)) continue;
    std::string wanted = code.text;
    const bool is_begin = wanted.ends_with("...");
    if (is_begin) wanted.resize(wanted.size() - 3);
    const auto first = tree.names.lower_bound(wanted);
    const bool is_there =
        first != tree.names.end() && (is_begin ? first->starts_with(wanted) : *first == wanted);
    if (!is_there) {
      found.push_back(place_of(name, code.line) + "there is no test " + code.text);
    }
  }
  return found;
}

/// VIRNUCPRO_... anywhere in code, `make target` at its beginning, and `--preset name`.
Complaints word_complaints(const std::string& name, const DocumentTree& tree) {
  static const std::regex kWord(R"(\bVIRNUCPRO_[A-Z0-9_]+|^\s*make [a-z-]+|--preset [a-z-]+)");
  Complaints found;
  const auto look_at = [&](const Piece& piece) {
    for (std::sregex_iterator word(piece.text.begin(), piece.text.end(), kWord), end; word != end;
         ++word) {
      const std::string text = word->str().substr(word->str().find_first_not_of(' '));
      if (!tree.names.contains(text)) {
        found.push_back(place_of(name, piece.line) + "there is no " + text);
      }
    }
  };
  for (const Piece& code : tree.documents.at(name).code) look_at(code);
  for (const Piece& line : tree.documents.at(name).fenced) look_at(line);
  return found;
}

TEST(DocumentNames, OfTestsAreThere) {
  ASSERT_GT(this_tree().names.size(), 1000u);
  expect_no_complaints(test_complaints);
}

TEST(DocumentNames, OfVariablesTargetsAndPresetsAreThere) {
  for (const char* name : {"VIRNUCPRO_THREADS", "make test", "--preset release"}) {
    ASSERT_TRUE(this_tree().names.contains(name)) << name;
  }
  expect_no_complaints(word_complaints);
}

DocumentTree tree_with_names(const std::string& text) {
  DocumentTree tree;
  tree.documents["README.md"] = parse_markdown(text);
  add_names("tests/a_test.cc", "TEST(Suite, NameOfOne) {}\nTEST_F(Suite,\n       OfTwoLines) {}\n",
            tree);
  add_names("src/a.cc", "const char* kName = \"VIRNUCPRO_A\";  // TEST(Not, ATest)\n", tree);
  add_names("Makefile", "test: configure\n\tmake none\n", tree);
  add_names("CMakePresets.json", "{\"name\": \"release\", \"displayName\": \"none\"}\n", tree);
  return tree;
}

TEST(DocumentNameComplaints, AboutTests) {
  const auto count = [](const std::string& text) {
    return test_complaints("README.md", tree_with_names(text)).size();
  };
  EXPECT_EQ(count("`Suite.NameOfOne` `Suite.Name...` `Suite.OfTwoLines` `Suite` `a.Suite.B`"), 0u);
  EXPECT_EQ(count("`Suite.Name`"), 1u);
  EXPECT_EQ(count("`Suite.None...`"), 1u);
  EXPECT_EQ(count("`Not.ATest`"), 1u);
}

TEST(DocumentNameComplaints, AboutVariablesTargetsAndPresets) {
  const auto count = [](const std::string& text) {
    return word_complaints("README.md", tree_with_names(text)).size();
  };
  EXPECT_EQ(
      count("`VIRNUCPRO_A=1` `make test`, make none of it\n\n```\ncmake --preset release\n```"),
      0u);
  EXPECT_EQ(count("`VIRNUCPRO_B`"), 1u);
  EXPECT_EQ(count("```\nVIRNUCPRO_AB=2 x\n  make none\n```"), 2u);
  EXPECT_EQ(count("`cmake --preset none`"), 1u);
}

}  // namespace
}  // namespace virnucpro::test
