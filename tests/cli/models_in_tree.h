// The models of the tree that command tests use.
#pragma once

#include <string>

namespace virnucpro::test {

inline const std::string kMini = VIRNUCPRO_SOURCE_DIR "/models/mini";
/// Parts of a small model with stored answers, in the published formats.
inline const std::string kPipelineParts = VIRNUCPRO_TEST_DATA "/parity/pipeline/";
/// Parts of one width each, without answers.
inline const std::string kSmallParts = VIRNUCPRO_TEST_DATA "/weights/";

}  // namespace virnucpro::test
