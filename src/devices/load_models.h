// Models that are ready to run, from a bundle or from the user's own parts.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "calls/calibration.h"
#include "models/classifier.h"
#include "models/encoder.h"
#include "models/encoder_kind.h"
#include "models/model_set.h"
#include "models/outlier_columns.h"
#include "models/precision_policy.h"
#include "sequence/frames.h"
#include "tokenizer/dna_tokenizer.h"
#include "tokenizer/protein_alphabet.h"
#include "weights/bundle.h"
#include "weights/content_hashes.h"
#include "weights/embedded_bundle.h"
#include "weights/model_part.h"

namespace virnucpro {

/// Which models, for which chunks, and what they read of these.
struct ModelRequest {
  /// Name of an embedded bundle, or a folder. Unused where there are own parts.
  std::string bundle = kEmbeddedBundle;
  /// Own parts instead of a bundle: all, or all but the classifier where none is needed, or none.
  std::string dnabert;
  std::string esm2;
  std::string classifier;
  /// A classifier in place of that of the bundle; empty: the bundle's.
  std::string bundle_classifier;
  /// 300 or 500; absent: the only length of the bundle, else 500.
  std::optional<std::int64_t> expected_length;
  /// Absent: as the card of the bundle says.
  std::optional<FrameChoice> frames;
  GeneticCode genetic_code;
  /// FP32 of weights that a bundle stores in 8 bits widens them: for single frames that are not
  /// finite in 8 bits, and refused otherwise.
  bool widens_stored = false;

  bool has_own_parts() const { return !dnabert.empty(); }
};

/// Everything that a run computes with. Immutable once loaded; shared by all workers whose backends
/// belong to the device it was prepared for.
struct LoadedModels {
  std::string bundle;  ///< its name, or "own parts"
  std::string bundle_version;
  std::vector<ModelPart> parts;
  std::int64_t expected_length = 0;
  std::optional<Calibration> calibration;
  std::vector<MeasuredAccuracy> accuracy;  ///< of the bundle, for this length
  FrameRule frames;  ///< as asked for, else as the card of the bundle says; of own parts: published
  bool reads_untrained_runs = false;      ///< the card knows open frames only
  std::optional<DnaTokenizer> tokenizer;  ///< always set once loaded
  std::int32_t dna_padding = 0;
  std::unique_ptr<const Encoder> dnabert_s;
  std::unique_ptr<const Encoder> esm2;
  std::unique_ptr<const Classifier> classifier;  ///< null where none was asked for
  PerEncoder<std::int64_t> weight_counts;        ///< of each encoder
  std::vector<UsedFile> files;                   ///< that everything was read from, with hashes

  /// Borrowed: the result must not outlive `this`.
  ModelSet model_set() const {
    return {{{dnabert_s.get(), esm2.get()}}, {{dna_padding, kProteinPadId}}, classifier.get()};
  }

  /// Throws ModelError when one of the files was changed since: weights may be used in place.
  void require_unchanged() const { virnucpro::require_unchanged(files); }
};

/// The chunk length in bases unless something else says it: a published classifier is named for it.
inline constexpr std::int64_t kUsualLength = 500;
/// The same for a bundle with classifiers of these lengths: a single length decides.
inline std::int64_t usual_length(std::span<const std::int64_t> lengths) {
  return lengths.size() == 1 ? lengths.front() : kUsualLength;
}

/// How the files of the models are identified.
struct ModelHashing {
  /// Shared by all loadings of a run, so that their content is the same; null: this one's own.
  std::shared_ptr<ContentHashes> hashes = {};
  std::stop_token stop = {};
};

/// The columns that int8 keeps in float16 in both encoders of these weights on this backend: the
/// same that loading them in int8 finds. Throws what loading does.
KeptColumns kept_columns_of(const DnabertSWeights& weights, const DnaTokenizer& tokenizer,
                            Backend& backend);
KeptColumns kept_columns_of(const Esm2Weights& weights, const DnaTokenizer& tokenizer,
                            Backend& backend);

/// Opens a bundle by the text of `--bundle`, which may name an embedded bundle of the program.
using OpenBundle = std::function<Bundle(const std::string& name)>;

/// How the bundle stores its dense layers, where it stores them in 8 bits: a run that names no
/// precision computes in it. Absent for own parts, and for bundles that cannot be opened, which
/// load_models() reports.
std::optional<Precision> stored_precision(const ModelRequest& request,
                                          const OpenBundle& open_bundle);

/// Loads the parts, checks that they fit together and prepares them on `backend`, while another
/// thread hashes the files. Throws ModelError naming part, expectation and finding, also for
/// files that change meanwhile; ConfigError when the bundle lacks the expected length;
/// PrecisionError at once where the backend lacks `precision`, or where a bundle is stored in
/// another one; Interrupted.
LoadedModels load_models(const ModelRequest& request, Precision precision, bool with_classifier,
                         const OpenBundle& open_bundle, Backend& backend,
                         const ModelHashing& hashing = {});

}  // namespace virnucpro
