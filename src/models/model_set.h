// The models that one backend computes with.
#pragma once

#include <cstdint>

#include "models/classifier.h"
#include "models/encoder.h"
#include "models/encoder_kind.h"

namespace virnucpro {

/// Borrows the models, which are prepared for one device. Plain data.
struct ModelSet {
  PerEncoder<const Encoder*> encoders;
  PerEncoder<std::int32_t> padding;        ///< the token that fills rows of padded batches
  const Classifier* classifier = nullptr;  ///< null where none was asked for
};

}  // namespace virnucpro
