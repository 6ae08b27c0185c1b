// The real engine: loaded models on one backend.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "layers/workspace.h"
#include "models/model_set.h"
#include "pipeline/engine.h"

namespace virnucpro {

/// Borrows models and backend, which outlive it; owns the activations. One thread at a time; any
/// number of engines share the models, each with a backend of its own.
class ModelEngine final : public Engine {
 public:
  /// The same models in FP32, prepared for this backend; called by the thread that uses the engine.
  using Exact = std::function<ModelSet(Backend& backend)>;

  /// `exact` may be empty: then embed_exactly() always throws.
  ModelEngine(const ModelSet& models, Backend& backend, bool packed, Exact exact = {})
      : models_(models),
        backend_(backend),
        workspace_(backend),
        packed_(packed),
        exact_(std::move(exact)) {}

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
  void embed_padded(const ModelSet& models, EncoderKind encoder, const PackedBatch& batch,
                    Embeddings& embeddings);

  const ModelSet models_;
  Backend& backend_;
  Workspace workspace_;
  bool packed_;
  Exact exact_;
};

}  // namespace virnucpro
