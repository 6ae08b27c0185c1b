// Names a part of the models in run.json, databases and embedding files.
#pragma once

#include <string>

namespace virnucpro {

/// A file, or the files, that a part came from.
struct ModelPart {
  std::string name;  ///< "dnabert_s", "esm2", "classifier", "tokenizer"
  std::string sha256;
};

}  // namespace virnucpro
