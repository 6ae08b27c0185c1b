// ESM-2: the protein encoder (pre-LN, rotary positions), docs/explanation/numerics.md#5-esm-2.
#pragma once

#include <memory>
#include <vector>

#include "layers/transformer.h"
#include "models/encoder.h"
#include "models/first_layer_table.h"
#include "models/outlier_columns.h"
#include "weights/esm2_weights.h"

namespace virnucpro {

/// Any size from 8M to 15B parameters, as the configuration of its weights says. The embedding is
/// the mean of the last layer over the residues, at most the first 1024 of them, without <cls> and
/// <eos>.
class Esm2 final : public Encoder {
 public:
  /// Takes every tensor; throws ModelError for missing, extra or misshapen ones. `kept`:
  /// columns that int8 leaves to float16, for each dense layer or none.
  Esm2(Esm2Weights weights, Precision precision, Backend& backend, const KeptColumns& kept = {});
  ~Esm2() override;

  std::string_view name() const override { return "ESM-2"; }
  std::int64_t width() const override { return config_.embed_dim; }
  Precision precision() const override { return precision_; }
  std::int64_t vocabulary() const override { return vocabulary_; }

 private:
  ops::MeanPool encode(Backend& backend, Workspace& workspace, ConstInts tokens,
                       const ops::Sequences& sequences) const override;
  /// Looks the tokens up; before any norm.
  void embed(Backend& backend, ConstInts tokens, Matrix stream) const;

  struct Layer;
  Esm2Config config_;
  Precision precision_;
  std::int64_t vocabulary_ = 0;
  PlacedTensor embedding_;
  std::vector<Layer> layers_;
  Norm final_norm_;
  FirstLayerTable first_layer_;
};

}  // namespace virnucpro
