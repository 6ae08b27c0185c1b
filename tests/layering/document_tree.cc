#include "layering/document_tree.h"

#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

namespace virnucpro::test {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::ifstream stream(path);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

// Adds what the pattern's first group (and second one, after a point) matches.
void add_matches(const std::string& text, const std::regex& pattern, const std::string& before,
                 std::set<std::string>& names) {
  for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match) {
    names.insert(before + (*match)[1].str() + (match->size() > 2 ? "." + (*match)[2].str() : ""));
  }
}

/// The variables that the rows of the table of options are named for: "batch-tokens" is
/// VIRNUCPRO_BATCH_TOKENS.
void add_option_variables(const std::string& text, std::set<std::string>& names) {
  static const std::regex kName(R"re(\.name = "([a-z0-9-]+)")re");
  for (std::sregex_iterator match(text.begin(), text.end(), kName), end; match != end; ++match) {
    std::string variable = "VIRNUCPRO_";
    for (const char c : (*match)[1].str()) {
      variable += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    names.insert(variable);
  }
}

bool is_source(const std::string& path) {
  // The seeds of fuzzers and the stored answers of tests are data.
  if (path.starts_with("tests/fuzz/seeds/") || path.starts_with("tests/data/")) return false;
  const std::set<std::string> ends = {".cc", ".h",  ".cu",    ".cuh", ".c",
                                      ".py", ".sh", ".cmake", ".txt", ""};
  return ends.contains(fs::path(path).extension()) || path == "CMakePresets.json";
}

}  // namespace

void add_names(const std::string& file, const std::string& text, DocumentTree& tree) {
  static const std::regex kTest(R"(\bTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\))");
  static const std::regex kVariable(R"(\b(VIRNUCPRO_[A-Z0-9_]+))");
  static const std::regex kTarget(R"((?:^|\n)([a-z][a-z-]*):)");
  static const std::regex kPreset(R"re("name": "([a-z-]+)")re");
  if (file.starts_with("tests/")) add_matches(text, kTest, "", tree.names);
  if (text.find("VIRNUCPRO_") != std::string::npos) add_matches(text, kVariable, "", tree.names);
  if (file == "src/config/option_table.cc") add_option_variables(text, tree.names);
  if (file == "Makefile") add_matches(text, kTarget, "make ", tree.names);
  if (file == "CMakePresets.json") add_matches(text, kPreset, "--preset ", tree.names);
}

DocumentTree read_document_tree(const std::string& root) {
  // What builds, installations and runs leave beside the sources (.gitignore).
  const std::set<std::string> left_out = {"build", "install", "virnucpro_out", "cli_tests",
                                          "shared"};
  DocumentTree tree;
  for (auto entry = fs::recursive_directory_iterator(root); entry != fs::end(entry); ++entry) {
    const std::string path = fs::relative(entry->path(), root);
    const std::string name = entry->path().filename();
    if (entry->is_directory()) {
      const bool is_hidden = name.starts_with('.') && name != ".ci";
      if (is_hidden || left_out.contains(path) || name == "__pycache__") {
        entry.disable_recursion_pending();
      } else {
        tree.folders.insert(path);
      }
      continue;
    }
    tree.files.insert(path);
    if (path.ends_with(".md")) tree.documents[path] = parse_markdown(text_of(entry->path()));
    if (is_source(path)) {
      const std::string& text = tree.sources[path] = text_of(entry->path());
      add_names(path, text, tree);
    }
  }
  return tree;
}

const DocumentTree& this_tree() {
  static const DocumentTree tree = read_document_tree(VIRNUCPRO_SOURCE_DIR);
  return tree;
}

void expect_no_complaints(ComplaintsOfDocument complaints) {
  const DocumentTree& tree = this_tree();
  ASSERT_GT(tree.documents.size(), 20u);
  for (const auto& [name, document] : tree.documents) {
    for (const std::string& complaint : complaints(name, tree)) ADD_FAILURE() << complaint;
  }
}

std::string place_of(const std::string& file, int line) {
  return file + ":" + std::to_string(line) + ": ";
}

}  // namespace virnucpro::test
