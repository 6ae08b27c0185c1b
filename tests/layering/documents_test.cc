// Reads the documents of the tree: all that they link to, cite and name must exist, and so must the
// documents that sources cite.
#include <fnmatch.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "layering/document_tree.h"

namespace virnucpro::test {
namespace {

namespace fs = std::filesystem;

/// The fault of `target` (a path, an #anchor or both) in a file of `folder`; empty: there is none.
std::string fault_of(const std::string& target, const fs::path& folder, const DocumentTree& tree,
                     const std::string& own) {
  const std::size_t hash = std::min(target.find('#'), target.size());
  const std::string file = target.substr(0, hash);
  std::string path = file.empty() ? own : (folder / file).lexically_normal().string();
  if (path.ends_with('/')) path.pop_back();
  if (!tree.has(path)) return path + " is not in the tree";
  if (hash == target.size()) return {};
  const auto document = tree.documents.find(path);
  if (document == tree.documents.end()) return path + " is no document with anchors";
  const std::string anchor = target.substr(hash + 1);
  return document->second.anchors.contains(anchor) ? "" : path + " has no #" + anchor;
}

Complaints link_complaints(const std::string& name, const DocumentTree& tree) {
  Complaints found;
  const Markdown& document = tree.documents.at(name);
  for (const Piece& link : document.links) {
    if (link.text.starts_with("https://") || link.text.starts_with("http://")) continue;
    const std::string fault = fault_of(link.text, fs::path(name).parent_path(), tree, name);
    if (!fault.empty()) found.push_back(place_of(name, link.line) + fault);
  }
  return found;
}

/// A source may cite a document by its path from the root, with or without an anchor.
Complaints citation_complaints(const std::string& name, const std::string& text,
                               const DocumentTree& tree) {
  static const std::regex kCitation(
      R"((?:\b(?:docs|bench|training|models|examples)/[\w/.-]+|\b[A-Z][A-Z_]+)\.md(?:#[\w-]+)?)");
  Complaints found;
  std::istringstream stream(text);
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    for (std::sregex_iterator cited(line.begin(), line.end(), kCitation), end; cited != end;
         ++cited) {
      const std::string fault = fault_of(cited->str(), {}, tree, name);
      if (!fault.empty()) found.push_back(place_of(name, number) + fault);
    }
  }
  return found;
}

/// `a/{b,c}.h` as a/b.h and a/c.h; `<name>` stands for any name.
std::vector<std::string> patterns_of(const std::string& path) {
  const std::string pattern = std::regex_replace(path, std::regex("<[^>]*>"), "*");
  const std::size_t open = pattern.find('{');
  const std::size_t close = pattern.find('}', std::min(open, pattern.size()));
  if (open == std::string::npos || close == std::string::npos) return {pattern};
  std::vector<std::string> patterns;
  std::istringstream choices(pattern.substr(open + 1, close - open - 1));
  for (std::string choice; std::getline(choices, choice, ',');) {
    for (const std::string& one :
         patterns_of(pattern.substr(0, open) + choice + pattern.substr(close + 1))) {
      patterns.push_back(one);
    }
  }
  return patterns;
}

/// A path from the root, from src/ or from the folder of the document, or the end of a path.
bool is_in_tree(std::string pattern, const fs::path& folder, const DocumentTree& tree) {
  const bool is_folder = pattern.ends_with('/');
  if (is_folder) pattern.pop_back();
  const std::string beside = (folder / pattern).lexically_normal();
  const auto matches = [&](const std::string& path) {
    return fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME) == 0 ||
           fnmatch(beside.c_str(), path.c_str(), FNM_PATHNAME) == 0 ||
           fnmatch(("*/" + pattern).c_str(), path.c_str(), 0) == 0;
  };
  return std::any_of(tree.folders.begin(), tree.folders.end(), matches) ||
         (!is_folder && std::any_of(tree.files.begin(), tree.files.end(), matches));
}

/// True for a path that begins with a folder of the root or of src/, as no user's file does.
bool is_below_a_folder(const std::string& text, const DocumentTree& tree) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return false;
  const std::string first = text.substr(0, slash);
  return tree.folders.contains(first) || tree.folders.contains("src/" + first);
}

bool is_source_name(std::string_view text) {
  if (text.ends_with("virnucpro_cli.py")) return false;  // a link to the program
  const std::array<std::string_view, 7> ends = {".cc", ".h", ".cu", ".py", ".sh", ".cmake", ".inc"};
  return std::any_of(ends.begin(), ends.end(), [&](std::string_view e) {
    return text.size() > e.size() && text.ends_with(e);
  });
}

/// Files and folders that documents name in `code`, and those in blocks of commands.
Complaints path_complaints(const std::string& name, const DocumentTree& tree) {
  static const std::regex kPath(R"([\w.][\w./*<>{},-]*)");
  const fs::path folder = fs::path(name).parent_path();
  Complaints found;
  const auto look_at = [&](const Piece& piece) {
    for (const std::string& pattern : patterns_of(piece.text)) {
      if (!is_in_tree(pattern, folder, tree)) {
        found.push_back(place_of(name, piece.line) + piece.text + " is not in the tree");
      }
    }
  };
  const Markdown& document = tree.documents.at(name);
  for (const Piece& code : document.code) {
    if (!std::regex_match(code.text, kPath)) continue;
    if (is_below_a_folder(code.text, tree) || is_source_name(code.text)) look_at(code);
  }
  for (const Piece& line : document.fenced) {
    for (std::sregex_iterator word(line.text.begin(), line.text.end(), kPath), end; word != end;
         ++word) {
      // Only whole words: not the rest of build/release/src.
      const auto before = word->position() == 0 ? ' ' : line.text[word->position() - 1];
      if (std::string_view(" ('\"=").find(before) == std::string_view::npos) continue;
      const std::string path = word->str().substr(0, word->str().find_last_not_of(".,") + 1);
      if (is_below_a_folder(path, tree)) look_at({line.line, path});
    }
  }
  return found;
}

TEST(Documents, LinkToFilesAndHeadingsThatAreThere) { expect_no_complaints(link_complaints); }

TEST(Documents, NameFilesAndFoldersThatAreThere) { expect_no_complaints(path_complaints); }

TEST(Documents, AreCitedInSourcesAsTheyAre) {
  ASSERT_GT(this_tree().sources.size(), 500u);
  for (const auto& [file, text] : this_tree().sources) {
    if (file == "tests/layering/documents_test.cc") continue;  // cites what is not there
    for (const std::string& complaint : citation_complaints(file, text, this_tree())) {
      ADD_FAILURE() << complaint;
    }
  }
}

TEST(Documents, OfDecisionsBeginWithTheirNumber) {
  int decisions = 0;
  for (const auto& [name, document] : this_tree().documents) {
    const std::string folder = "docs/decisions/";
    if (!name.starts_with(folder)) continue;
    ++decisions;
    const int number = std::stoi(name.substr(folder.size(), 4));
    std::ifstream stream(fs::path(VIRNUCPRO_SOURCE_DIR) / name);
    std::string title;
    std::getline(stream, title);
    EXPECT_TRUE(title.starts_with("# " + std::to_string(number) + ". ")) << name;
  }
  EXPECT_GE(decisions, 12);
}

// A tree of two documents; a test chooses the text of the first.
DocumentTree tree_with(const std::string& text) {
  DocumentTree tree;
  tree.files = {"README.md", "docs/a.md", "src/base/check.h", "src/base/check.cc"};
  tree.folders = {"docs", "src", "src/base"};
  tree.documents["README.md"] = parse_markdown(text);
  tree.documents["docs/a.md"] = parse_markdown("# A `b` & c\n\n## Same\n\n## Same\n");
  return tree;
}

TEST(DocumentComplaints, AboutLinks) {
  const auto count = [](const std::string& text) {
    return link_complaints("README.md", tree_with(text)).size();
  };
  EXPECT_EQ(count("# Top\n[a](docs/a.md) [b](docs/) [c](#top) [d](docs/a.md#a-b--c)\n"), 0u);
  EXPECT_EQ(count("[a](docs/a.md#same), [b](docs/a.md#same-1), [c](https://example.org/x)"), 0u);
  EXPECT_EQ(count("[a](docs/b.md)"), 1u);
  EXPECT_EQ(count("[a\nb](docs/b.md \"title\")"), 1u);
  EXPECT_EQ(count("[a](#missing)"), 1u);
  EXPECT_EQ(count("[a](docs/a.md#same-2)"), 1u);
  EXPECT_EQ(count("[a](src/base/check.h#x)"), 1u);
  EXPECT_EQ(count("[a](../outside.md)"), 1u);
  EXPECT_EQ(count("`[a](docs/b.md)`\n\n```\n[a](docs/b.md)\n# No heading\n```\n"), 0u);
  EXPECT_EQ(count("```\n# No heading\n```\n[a](#no-heading)"), 1u);
  EXPECT_EQ(link_complaints("README.md", tree_with("x\n\ny\n`a\nb` [a](docs/b.md)")),
            Complaints{"README.md:5: docs/b.md is not in the tree"});
}

TEST(DocumentComplaints, AboutPaths) {
  const auto count = [](const std::string& text) {
    return path_complaints("README.md", tree_with(text)).size();
  };
  EXPECT_EQ(count("`src/base/check.h` `base/check.h` `check.cc` `base/` `src/base/check.{h,cc}`"),
            0u);
  EXPECT_EQ(count("`base/check.*` `src/<module>/check.h` `results/x.tsv` `a and b.h` `x.tsv`"), 0u);
  EXPECT_EQ(count("```\ncheck.py build/src/none src/base/check.h\n```\n"), 0u);
  EXPECT_EQ(count("`src/base/none.h`"), 1u);
  EXPECT_EQ(count("`base/none`"), 1u);
  EXPECT_EQ(count("`none.cc`"), 1u);
  EXPECT_EQ(count("`src/base/check.{h,cu}`"), 1u);
  EXPECT_EQ(count("`base/check.h/`"), 1u);
  EXPECT_EQ(count("`base/none.*`"), 1u);
  EXPECT_EQ(count("```\nrun src/none.sh\n```\n"), 1u);
}

TEST(DocumentComplaints, AboutCitations) {
  const auto count = [](const std::string& text) {
    return citation_complaints("x.cc", text, tree_with("# Top\n")).size();
  };
  EXPECT_EQ(count("// as docs/a.md says\n// (docs/a.md#same), README.md#top."), 0u);
  EXPECT_EQ(count("// docs/b.md"), 1u);
  EXPECT_EQ(count("// docs/a.md#other and again docs/a.md#none"), 2u);
  EXPECT_EQ(count("# NUMERICS.md"), 1u);
}

}  // namespace
}  // namespace virnucpro::test
