// Frames with the embeddings and scores that models of known weights gave: what a bundle must give.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace virnucpro {

struct StoredFrame {
  std::string id;
  std::string nucleotides;
  std::string protein;
};

/// One encoder of the run, and what it gave.
struct ReferenceEncoder {
  std::string model;  ///< its name, for users
  std::int64_t layers = 0;
  std::int64_t width = 0;
  std::int64_t heads = 0;
  std::vector<float> embeddings;  ///< [frames, width]
};

struct StoredRun {
  std::string origin;       ///< "the published run", or its folder: for messages
  std::string description;  ///< of the models
  std::int64_t expected_length = 0;
  std::vector<StoredFrame> frames;
  ReferenceEncoder dnabert_s;
  ReferenceEncoder esm2;
  std::vector<float>
      scores;  ///< [frames, 2]: P(others), P(virus), of the classifier for that length
};

/// The run of others with the published models that is compiled into the program
/// (models/published_run). Pure.
StoredRun published_run();

/// What float64 arithmetic makes of the embedded bundle's weights (models/mini_run). Pure.
StoredRun embedded_bundle_run();

/// A run from a folder of the same two files, run.json and embeddings.safetensors. ModelError
/// naming file and key.
StoredRun read_stored_run(const std::string& folder);

}  // namespace virnucpro
