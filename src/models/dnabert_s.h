// DNABERT-S, encoder of DNA (ALiBi, gated, post-LN): docs/explanation/numerics.md#4-dnabert-s
#pragma once

#include <vector>

#include "layers/transformer.h"
#include "models/encoder.h"
#include "models/first_layer_table.h"
#include "models/outlier_columns.h"
#include "weights/dnabert_s_weights.h"

namespace virnucpro {

/// The embedding is the mean of the last layer over all tokens, [CLS] and [SEP] included.
class DnabertS final : public Encoder {
 public:
  /// Takes every tensor; throws ModelError for missing, extra or misshapen ones. `kept`:
  /// columns that int8 leaves to float16, for each dense layer or none.
  DnabertS(DnabertSWeights weights, Precision precision, Backend& backend,
           const KeptColumns& kept = {});
  ~DnabertS() override;

  std::string_view name() const override { return "DNABERT-S"; }
  std::int64_t width() const override { return config_.hidden_size; }
  Precision precision() const override { return precision_; }
  std::int64_t vocabulary() const override { return config_.vocab_size; }

 private:
  ops::MeanPool encode(Backend& backend, Workspace& workspace, ConstInts tokens,
                       const ops::Sequences& sequences) const override;
  /// Looks the tokens up; before any norm.
  void embed(Backend& backend, ConstInts tokens, Matrix stream) const;

  struct Layer;
  DnabertSConfig config_;
  Precision precision_;
  PlacedTensor word_embedding_;
  PlacedTensor token_type_;
  Norm embedding_norm_;
  std::vector<Layer> layers_;
  PlacedTensor slopes_;
  FirstLayerTable first_layer_;
};

/// ALiBi slopes for any head count (docs/explanation/numerics.md#4-dnabert-s); here for its test.
std::vector<float> alibi_slopes(std::int64_t heads);

}  // namespace virnucpro
