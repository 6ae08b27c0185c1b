// The real engine: loaded models on one backend.
#pragma once

#include "layers/workspace.h"
#include "pipeline/engine.h"
#include "pipeline/load_models.h"

namespace virnucpro {

/// Borrows models and backend, which outlive it; owns the activations. One thread at a time; any
/// number of engines share the models, each with a backend of its own.
class ModelEngine final : public Engine {
 public:
  ModelEngine(const LoadedModels& models, Backend& backend, bool packed)
      : models_(models), backend_(backend), workspace_(backend), packed_(packed) {}

  void start() override { backend_.bind_thread(); }
  void embed(EncoderKind encoder, const PackedBatch& batch, const BatchName& name,
             Embeddings& embeddings) override;
  void classify(std::span<const float> features, std::span<float> scores) override;

 private:
  const LoadedModels& models_;
  Backend& backend_;
  Workspace workspace_;
  bool packed_;
};

}  // namespace virnucpro
