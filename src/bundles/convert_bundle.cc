#include "bundles/convert_bundle.h"

#include "devices/load_models.h"
#include "tokenizer/dna_tokenizer.h"

namespace virnucpro {

BundleInfo convert_bundle(const Bundle& bundle, Precision precision, const std::string& folder,
                          bool force, Backend& backend, const WorkProgress& progress,
                          const std::stop_token& stop) {
  BundleColumns columns;
  if (precision == Precision::kInt8 && !bundle.info().stored_as) {
    const DnaTokenizer tokenizer =
        DnaTokenizer::from_json(bundle.tokenizer_json(), bundle.origin() + ": tokenizer.json");
    WorkStep step(progress, "looking for outliers", "encoder", 2);
    columns.dnabert_s = kept_columns_of(bundle.dnabert_s(), tokenizer, backend);
    step.add();
    columns.esm2 = kept_columns_of(bundle.esm2(), tokenizer, backend);
    step.add();
  }
  return quantize_bundle(bundle, precision, columns, folder, force, progress, stop);
}

}  // namespace virnucpro
