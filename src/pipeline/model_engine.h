// The real engine: loaded models on one backend.
#pragma once

#include <string>

#include "layers/workspace.h"
#include "pipeline/engine.h"
#include "pipeline/exact_models.h"
#include "pipeline/load_models.h"

namespace virnucpro {

/// Borrows models and backend, which outlive it; owns the activations. One thread at a time; any
/// number of engines share the models, each with a backend of its own.
class ModelEngine final : public Engine {
 public:
  /// `exact` may be null: then embed_exactly() always throws.
  ModelEngine(const LoadedModels& models, Backend& backend, bool packed,
              ExactModels* exact = nullptr)
      : models_(models), backend_(backend), workspace_(backend), packed_(packed), exact_(exact) {}

  std::string name() const override { return std::string(backend_.name()); }
  void start() override { backend_.bind_thread(); }
  void release_buffers() override { workspace_ = Workspace(backend_); }
  std::int64_t first_tokens() const override;
  void embed(EncoderKind encoder, const PackedBatch& batch, const BatchName& name,
             Embeddings& embeddings) override;
  void embed_exactly(EncoderKind encoder, const PackedBatch& batch, const BatchName& name,
                     Embeddings& embeddings) override;
  void classify(std::span<const float> features, std::span<float> scores) override;

 private:
  void embed_padded(const LoadedModels& models, EncoderKind encoder, const PackedBatch& batch,
                    Embeddings& embeddings);

  const LoadedModels& models_;
  Backend& backend_;
  Workspace workspace_;
  bool packed_;
  ExactModels* exact_;
};

}  // namespace virnucpro
