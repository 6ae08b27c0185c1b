#include "studies/published_verdict.h"

#include <algorithm>
#include <utility>

#include "base/counted.h"
#include "base/format.h"

namespace virnucpro {
namespace {

// The classifier is float32 in every program; stored scores of two programs differ by 1.4e-5.
constexpr double kClassifierLimit = 1e-3;
// Below this the weights have nothing in common with those of the run.
constexpr double kOtherModel = 0.5;

class Verdict {
 public:
  Verdict(const PublishedCheck& check, const StoredRun& stored, const BundleInfo& info)
      : check_(check), stored_(stored), info_(info) {}

  std::vector<std::string> problems() {
    judge();
    return std::move(problems_);
  }

 private:
  void judge() {
    const bool computed = std::ranges::any_of(
        check_.rows, [](const CheckedPrecision& row) { return row.left_out.empty(); });
    if (!computed) {
      problems_.push_back(
          "nothing was compared: no precision could be computed here. Free memory, or name another "
          "--device or --precision.");
      return;
    }
    const bool dna_is_right = judge_encoder(EncoderKind::kDnabertS);
    const bool esm_is_right = judge_encoder(EncoderKind::kEsm2);
    if (check_.classifier_change && *check_.classifier_change > kClassifierLimit) {
      problems_.push_back(fmt::format(
          "the classifier for {} bases is wrong: from the embeddings of {} it makes scores that "
          "differ from its own by up to {:.3g} (at most {}). Import the published "
          "{}_model.pth again.",
          stored_.expected_length, stored_.origin, *check_.classifier_change, kClassifierLimit,
          stored_.expected_length));
      return;
    }
    if (!dna_is_right || !esm_is_right) return;  // scores follow from them
    for (const CheckedPrecision& row : check_.rows) {
      const double limit = check_limits(row.precision).score;
      if (!row.left_out.empty() || !row.score_change || *row.score_change <= limit) continue;
      problems_.push_back(fmt::format(
          "{} on {}: scores differ by up to {:.3g} (at most {}), with embeddings that are near "
          "enough: use a more exact --precision with this bundle.",
          name_of(row.precision), row.device, *row.score_change, limit));
    }
  }

  std::string sizes_that_differ(EncoderKind kind) const {
    const ReferenceEncoder& stored = stored_of(stored_, kind);
    const bool is_dna = kind == EncoderKind::kDnabertS;
    const BundleInfo& info = info_;
    const std::int64_t layers =
        is_dna ? info.dnabert_s_config.num_hidden_layers : info.esm2_config.num_layers;
    const std::int64_t heads =
        is_dna ? info.dnabert_s_config.num_attention_heads : info.esm2_config.attention_heads;
    std::string text;
    if (layers != stored.layers) {
      text += fmt::format(" It has {}, {} has {}.", counted(layers, "layer"), stored.model,
                          stored.layers);
    }
    if (heads != stored.heads) {
      text += fmt::format(" It has {}, {} has {}.", counted(heads, "attention head"), stored.model,
                          stored.heads);
    }
    return text;
  }

  /// Weights are to blame for what is wrong in the most exact arithmetic; else the arithmetic is.
  bool judge_encoder(EncoderKind kind) {
    const std::string sizes = sizes_that_differ(kind);
    const CheckedPrecision* exact = nullptr;
    for (const CheckedPrecision& row : check_.rows) {
      const bool is_more_exact =
          exact == nullptr || row.precision == Precision::kFp32 ||
          (row.precision == Precision::kFp16 && exact->precision != Precision::kFp32);
      if (row.left_out.empty() && is_more_exact) exact = &row;
    }
    const CheckedEncoder& checked = exact->encoders[kind];
    const CheckLimits limits = check_limits(exact->precision);
    if (!checked.is_within(limits) || !sizes.empty()) {
      problems_.push_back(wrong_encoder(kind, *exact) + sizes + mend(kind));
      return false;
    }
    bool all_within = true;
    for (const CheckedPrecision& row : check_.rows) {
      const CheckedEncoder& here = row.encoders[kind];
      if (!row.left_out.empty() || here.is_within(check_limits(row.precision))) continue;
      all_within = false;
      problems_.push_back(fmt::format(
          "{} on {}: {} is less exact than it must be: {}{}. Its weights are right ({} is near "
          "enough): do not use {} here.",
          name_of(row.precision), row.device, name_of(kind),
          figures(here, check_limits(row.precision)),
          here.first_nonfinite.empty() ? "" : ", NaN or infinity first in " + here.first_nonfinite,
          name_of(exact->precision), name_of(row.precision)));
    }
    return all_within;
  }

  static std::string figures(const CheckedEncoder& checked, const CheckLimits& limits) {
    return fmt::format(
        "centred cosine {:.6f} in frame {} (at least {}), largest difference {:.3g} (at most {})",
        checked.cosine, checked.worst_frame.empty() ? "-" : checked.worst_frame, limits.cosine,
        checked.difference, limits.difference);
  }

  std::string wrong_encoder(EncoderKind kind, const CheckedPrecision& row) const {
    const CheckedEncoder& checked = row.encoders[kind];
    const std::string stored = stored_of(stored_, kind).model;
    std::string what;
    if (!checked.first_nonfinite.empty()) {
      what = fmt::format("NaN or infinity come up in it, first in {}", checked.first_nonfinite);
    } else if (checked.cosine < kOtherModel) {
      what = fmt::format(
          "its embeddings have nothing in common with those of {}: other weights, or weights in "
          "another order",
          stored);
    } else {
      what = fmt::format(
          "its embeddings are near those of {}, but not the same: some of the weights differ",
          stored);
    }
    return fmt::format("{} is wrong: {}. In {} on {}: {}.", name_of(kind), what,
                       name_of(row.precision), row.device,
                       figures(checked, check_limits(row.precision)));
  }

  std::string mend(EncoderKind kind) const {
    return fmt::format(" Import the bundle again with {}, from the files that were published.",
                       stored_of(stored_, kind).model);
  }

  const PublishedCheck& check_;
  const StoredRun& stored_;
  const BundleInfo& info_;
  std::vector<std::string> problems_;
};

std::string within_text(bool is_within) { return is_within ? "good" : "WRONG"; }

}  // namespace

CheckLimits check_limits(Precision precision) {
  // A bundle stores float16, so that FP32 starts from the same rounded weights as FP16.
  const Precision demanded = precision == Precision::kFp32 ? Precision::kFp16 : precision;
  const double cosine = demand_of(demanded).centred_cosine;
  switch (demanded) {  // cosine, difference, score
    case Precision::kFp32:
    case Precision::kFp16:
      break;
    case Precision::kBf16:
      return {cosine, 8e-2, 5e-2};
    case Precision::kInt8:
      return {cosine, 1e-1, 1e-1};
    case Precision::kFp8:
      return {cosine, 2e-1, 1e-1};
  }
  return {cosine, 2e-2, 2e-2};
}

const ReferenceEncoder& stored_of(const StoredRun& run, EncoderKind kind) {
  return kind == EncoderKind::kDnabertS ? run.dnabert_s : run.esm2;
}

std::vector<std::string> problems_of(const PublishedCheck& check, const StoredRun& stored,
                                     const BundleInfo& info) {
  return Verdict(check, stored, info).problems();
}

std::string table_of(const PublishedCheck& check) {
  std::string text =
      "device\tprecision\tpart\tcentred_cosine\tat_least\tlargest_difference\tat_most\tresult\n";
  for (const CheckedPrecision& row : check.rows) {
    const std::string where = fmt::format("{}\t{}", row.device, name_of(row.precision));
    if (!row.left_out.empty()) {
      text += fmt::format("{}\t-\t-\t-\t-\t-\tnot computed: {}\n", where, row.left_out);
      continue;
    }
    const CheckLimits limits = check_limits(row.precision);
    for (const EncoderKind kind : kEncoderKinds) {
      const CheckedEncoder& checked = row.encoders[kind];
      text += fmt::format("{}\t{}\t{:.6f}\t{}\t{:.3g}\t{}\t{}\n", where, name_of(kind),
                          checked.cosine, limits.cosine, checked.difference, limits.difference,
                          within_text(checked.is_within(limits)));
    }
    if (row.score_change) {
      text += fmt::format("{}\tscores\t-\t-\t{:.3g}\t{}\t{}\n", where, *row.score_change,
                          limits.score, within_text(*row.score_change <= limits.score));
    }
  }
  if (check.classifier_change) {
    text +=
        fmt::format("-\tfp32\tclassifier\t-\t-\t{:.3g}\t{}\t{}\n", *check.classifier_change,
                    kClassifierLimit, within_text(*check.classifier_change <= kClassifierLimit));
  }
  return text;
}

}  // namespace virnucpro
