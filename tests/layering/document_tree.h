// The tree as the tests of documents see it: files, folders, texts of documents, names in sources.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/markdown.h"

namespace virnucpro::test {

/// Paths are relative to the root of the tree.
struct DocumentTree {
  std::set<std::string> files;
  std::set<std::string> folders;
  std::map<std::string, Markdown> documents;
  std::map<std::string, std::string> sources;  ///< their texts
  /// What add_names() found in the sources.
  std::set<std::string> names;

  bool has(const std::string& path) const { return files.contains(path) || folders.contains(path); }
};

/// Adds the names that documents may use of a source: tests as Suite.Test, variables such as
/// VIRNUCPRO_THREADS, and `make test` and `--preset release` of Makefile and CMakePresets.json.
void add_names(const std::string& file, const std::string& text, DocumentTree& tree);

/// The checkout, without the output of builds and runs.
DocumentTree read_document_tree(const std::string& root);

/// The tree of this checkout, read once.
const DocumentTree& this_tree();

/// The faults of the document `name`, a line for each.
using Complaints = std::vector<std::string>;
using ComplaintsOfDocument = Complaints (*)(const std::string& name, const DocumentTree& tree);

/// A test fails with every complaint about any document of this checkout.
void expect_no_complaints(ComplaintsOfDocument complaints);

/// "README.md:12: ".
std::string place_of(const std::string& file, int line);

}  // namespace virnucpro::test
