// `classify`: the command of the published container, done by `predict`: two tables beside each
// other instead of a folder.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "devices/load_models.h"

namespace virnucpro {

/// Beside "a/out.tsv": "a/out_highestscore.csv", and the folder of the run while it lasts.
std::string highestscore_path(const std::string& output);
std::string classify_folder(const std::string& output);

/// The models in a folder of the published layout (300_model.pth and 500_model.pth, an ESM-2
/// checkpoint esm2*.pt or its folder, a DNABERT-S folder), in a bundle, or those of an embedded
/// bundle's name. Throws ModelError that says what was looked for.
ModelRequest published_models(const std::string& path, std::int64_t expected_length,
                              std::span<const std::string> embedded);

/// Writes the two tables without rows. Throws OutputError.
void write_empty_tables(const std::string& output);

/// Gives the two tables of the finished run in classify_folder() their places, each whole, and
/// removes the rest of the run. Throws OutputError.
void publish_classified(const std::string& output);

}  // namespace virnucpro
