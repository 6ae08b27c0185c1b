// A model whose operations are all probed while it embeds the frames of a window.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/probe_backend.h"
#include "batching/batch_plan.h"
#include "batching/token_table.h"
#include "devices/load_models.h"
#include "layers/workspace.h"
#include "models/model_set.h"
#include "pipeline/feature_layout.h"
#include "tokenizer/dna_tokenizer.h"

namespace virnucpro {

/// "layer 3", "embedding"; "linear 2".
std::string layer_text(const ProbedOperation& operation);
std::string operation_text(const ProbedOperation& operation);

/// Appends the tokens of one frame's text: nucleotides for DNABERT-S, amino acids for ESM-2.
void append_tokens(TokenTable& table, EncoderKind kind, std::string_view text,
                   const DnaTokenizer& tokenizer, DnaTokenizer::Scratch& scratch);

/// Borrows models and backend. NaN and infinity are results like any others. One thread at a time.
class ProbedModel {
 public:
  /// Called after each batch with its operations' outputs and its sequences; may throw.
  using AfterBatch = std::function<void(const std::vector<ProbedOperation>& operations,
                                        std::span<const std::uint32_t> members)>;

  ProbedModel(const LoadedModels& models, bool packed, Backend& backend)
      : models_(models.model_set()),
        layout_{{{static_cast<std::size_t>(models.dnabert_s->width()),
                  static_cast<std::size_t>(models.esm2->width())}}},
        packed_(packed),
        backend_(backend),
        probe_(&backend) {}

  /// The width of both embeddings of a frame.
  std::size_t width() const { return layout_.row(); }
  std::size_t width_of(EncoderKind kind) const { return layout_.widths[kind]; }

  /// Forgets the last window.
  void begin_window(std::size_t frames);
  /// Embeds the window's frames, given by their tokens, in batches of `batch_tokens`.
  void embed(EncoderKind kind, const TokenTable& tokens, std::int64_t batch_tokens,
             Workspace& workspace, const AfterBatch& after);

  /// Embeds the first batch of them without looking and keeps nothing, for its time. Returns its
  /// frames; at least one is needed.
  std::size_t embed_first_batch(EncoderKind kind, const TokenTable& tokens,
                                std::int64_t batch_tokens, Workspace& workspace);

  /// [frames, width()], in the form that the classifier needs.
  std::span<const float> features() const { return features_; }
  std::span<const float> embedding(EncoderKind kind, std::size_t frame) const {
    return embedding_in(features(), kind, frame);
  }
  /// The same in a copy of features().
  std::span<const float> embedding_in(std::span<const float> features, EncoderKind kind,
                                      std::size_t frame) const {
    return layout_.embedding(features, frame, kind);
  }
  bool is_finite(EncoderKind kind, std::size_t frame) const { return of(kind).finite[frame]; }
  /// "layer 3, linear 2": the first operation with NaN or infinity in the frame's own rows; empty:
  /// none. The same as for the frame alone, since no row depends on its neighbours.
  const std::string& first_nonfinite(EncoderKind kind, std::size_t frame) const {
    return of(kind).first_nonfinite[frame];
  }

 private:
  struct Found {  // per frame
    std::vector<bool> finite;
    std::vector<std::string> first_nonfinite;
  };
  const Found& of(EncoderKind kind) const { return found_[kind]; }
  const Encoder& encoder(EncoderKind kind) const { return *models_.encoders[kind]; }
  void run_batch(EncoderKind kind, Backend& backend, Workspace& workspace);
  void store(EncoderKind kind, std::span<const std::uint32_t> members);

  const ModelSet models_;
  const FeatureLayout layout_;
  const bool packed_;
  Backend& backend_;
  ProbeBackend probe_;
  BatchPlan plan_;
  PackedBatch batch_;
  Embeddings embeddings_;
  std::vector<float> features_;
  PerEncoder<Found> found_;
};

}  // namespace virnucpro
