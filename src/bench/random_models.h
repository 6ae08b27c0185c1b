// Models of given sizes with random weights: as fast as real ones, without a download.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>

#include "bench/model_shapes.h"
#include "devices/load_models.h"
#include "weights/tensor_source.h"

namespace virnucpro {

/// Float16 tensors under the canonical names, the same in every run. Each is made when it is taken
/// (by `threads`, about 1 GB/s each; 0: every core, at most 16), so that memory holds no more of
/// them than a backend keeps. Weights are uniform with a variance of 1 / inputs: activations stay
/// as small as in trained models. Taking one throws Interrupted once `stop` is requested.
Esm2Weights random_esm2(const Esm2Config& config, std::size_t threads = 0,
                        const std::stop_token& stop = {});
DnabertSWeights random_dnabert_s(const DnabertSConfig& config, std::string tokenizer_json,
                                 const std::stop_token& stop = {});
ClassifierWeights random_classifier(std::int64_t inputs, std::int64_t hidden);

/// Models of these shapes, prepared on `backend`, with the tokenizer of the embedded bundle. An
/// absent encoder is replaced by one that returns zeros and computes nothing.
LoadedModels random_models(const ModelShapes& shapes, std::int64_t expected_length,
                           Precision precision, Backend& backend, const std::stop_token& stop = {});

}  // namespace virnucpro
