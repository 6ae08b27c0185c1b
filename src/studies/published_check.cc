#include "studies/published_check.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <span>
#include <utility>

#include "base/counted.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/gigabytes.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/stopwatch.h"
#include "calls/call_rule.h"
#include "devices/batch_budget.h"
#include "models/precision_policy.h"
#include "studies/embedding_difference.h"
#include "studies/probed_model.h"

namespace virnucpro {
namespace {

constexpr std::int64_t kPublishedDnabertWidth = 768;
constexpr std::int64_t kPublishedEsm2Width = 2560;
// A dimension with more than this share of all energy is dominant: in ESM-2 3B one has 0.82, and
// the next one 0.007.
constexpr double kDominantShare = 0.25;
// The classifier is float32 in every program; stored scores of two programs differ by 1.4e-5.
constexpr double kClassifierLimit = 1e-3;
// Below this the weights have nothing in common with those of the run.
constexpr double kOtherModel = 0.5;

const StoredEncoder& stored_of(const StoredRun& run, EncoderKind kind) {
  return kind == EncoderKind::kDnabertS ? run.dnabert_s : run.esm2;
}

std::span<const float> row_of(const StoredEncoder& encoder, std::size_t frame) {
  const auto width = static_cast<std::size_t>(encoder.width);
  return std::span(encoder.embeddings).subspan(frame * width, width);
}

/// The dimension that holds most of all energy, where one dominates.
std::optional<std::size_t> dominant_dimension(const StoredEncoder& encoder) {
  const auto width = static_cast<std::size_t>(encoder.width);
  std::vector<double> energy(width, 0.0);
  double all = 0.0;
  for (std::size_t i = 0; i < encoder.embeddings.size(); ++i) {
    const double square = static_cast<double>(encoder.embeddings[i]) * encoder.embeddings[i];
    energy[i % width] += square;
    all += square;
  }
  const auto largest = std::ranges::max_element(energy);
  if (*largest <= kDominantShare * all) return std::nullopt;
  return static_cast<std::size_t>(largest - energy.begin());
}

/// The embeddings of one encoder in the stored run, and what they are compared by.
struct Reference {
  explicit Reference(const StoredEncoder& stored)
      : encoder(stored), outside(dominant_dimension(stored)) {
    EmbeddingMean mean(static_cast<std::size_t>(stored.width));
    for (std::size_t i = 0; i * static_cast<std::size_t>(stored.width) < stored.embeddings.size();
         ++i) {
      const std::span<const float> row = row_of(stored, i);
      mean.add(row);
      for (std::size_t c = 0; c < row.size(); ++c) {
        if (outside != c) largest = std::max(largest, std::abs(static_cast<double>(row[c])));
      }
    }
    centre = mean.mean();
  }

  const StoredEncoder& encoder;
  std::optional<std::size_t> outside;  // the dominant dimension
  double largest = 0.0;                // magnitude of the others
  std::vector<double> centre;
};

class Check {
 public:
  Check(const CheckRequest& request, const std::stop_token& stop)
      : request_(request),
        stored_(request.stored),
        stop_(stop),
        references_{{Reference(request.stored.dnabert_s), Reference(request.stored.esm2)}} {
    result_.stored = stored_.origin;
    result_.frames = stored_.frames.size();
    require_width(EncoderKind::kDnabertS, request.info.dnabert_s_config.hidden_size);
    require_width(EncoderKind::kEsm2, request.info.esm2_config.embed_dim);
    const std::optional<Precision> stored_as = request.info.stored_as;
    if (stored_as && !request.precisions.empty() && !is_wanted(*stored_as)) {
      throw PrecisionError(
          fmt::format("{}: its weights are stored as {}, which is not among the precisions that "
                      "were asked for; leave --precision out",
                      request.info.name, name_of(*stored_as)));
    }
  }

  PublishedCheck run(const std::vector<CheckDevice>& devices) {
    for (const CheckDevice& device : devices) {
      device.backend.bind_thread();
      for (const Precision precision : kPrecisions) {
        if (!is_wanted(precision) || !device.backend.offers(precision)) continue;
        throw_if_stopped(stop_);
        compare(device, precision);
      }
    }
    judge();
    return std::move(result_);
  }

 private:
  bool is_wanted(Precision precision) const {
    if (request_.info.stored_as && precision != *request_.info.stored_as) return false;
    return request_.precisions.empty() ||
           std::ranges::find(request_.precisions, precision) != request_.precisions.end();
  }

  void require_width(EncoderKind kind, std::int64_t width) const {
    const StoredEncoder& stored = stored_of(stored_, kind);
    if (width == stored.width) return;
    throw ModelError(fmt::format(
        "{}: {} has embeddings of {} values, those of {} have {}: this bundle is of other models, "
        "and the run says nothing about it. 'virnucpro models verify' without --published checks "
        "its files.",
        request_.info.name, name_of(kind), width, stored_.origin, stored.width));
  }

  void compare(const CheckDevice& device, Precision precision) {
    CheckedPrecision& row = result_.rows.emplace_back();
    row.device = device.name;
    row.precision = precision;
    row.left_out = no_room_for(precision, device);
    if (!row.left_out.empty()) return;
    request_.log.info("computing the frames of {} in {} on {}", stored_.origin, name_of(precision),
                      device.name);
    try {
      const LoadedModels models = request_.load(precision, device.backend);
      embed(models, device.backend, row);
      models.require_unchanged();
    } catch (const OutOfDeviceMemory& error) {
      row.left_out = error.what();
    } catch (const std::bad_alloc&) {
      row.left_out = "no memory for the weights in this precision";
    }
  }

  /// Why the weights would not fit beside what is in memory; empty: they do. FP16 and FP32 use a
  /// bundle's file in place, so that a processor can always try.
  std::string no_room_for(Precision precision, const CheckDevice& device) const {
    const bool is_in_place = precision == Precision::kFp16 || precision == Precision::kFp32;
    const std::optional<std::uint64_t> available = available_memory();
    if (is_in_place || device.name != "cpu" || !available) return {};
    const std::int64_t weights = parameter_count(request_.info.dnabert_s_config) +
                                 parameter_count(request_.info.esm2_config);
    const std::uint64_t needed =
        static_cast<std::uint64_t>(weights) * (precision == Precision::kBf16 ? 2 : 1);
    if (needed <= *available) return {};
    return fmt::format("the weights take {}, {} of memory are available", gigabytes(needed),
                       gigabytes(*available));
  }

  TokenTable tokens_of(EncoderKind kind, const DnaTokenizer& tokenizer) const {
    TokenTable table;
    DnaTokenizer::Scratch scratch;
    for (const StoredFrame& frame : stored_.frames) {
      append_tokens(table, kind, kind == EncoderKind::kEsm2 ? frame.protein : frame.nucleotides,
                    tokenizer, scratch);
    }
    return table;
  }

  void embed(const LoadedModels& models, Backend& backend, CheckedPrecision& row) {
    const bool packed = row.precision != Precision::kFp32;
    ProbedModel model(models, packed, backend);
    Workspace workspace(backend);
    Backend* const one[] = {&backend};
    const std::int64_t batch_tokens = automatic_batch_tokens(
        one, row.precision, std::max(stored_.dnabert_s.width, stored_.esm2.width),
        available_memory());
    model.begin_window(stored_.frames.size());
    const Stopwatch watch;
    for (const EncoderKind kind : kEncoderKinds) {
      model.embed(kind, tokens_of(kind, *models.tokenizer), batch_tokens, workspace,
                  [&](const auto&, const auto&) { throw_if_stopped(stop_); });
    }
    row.seconds = watch.seconds();
    for (const EncoderKind kind : kEncoderKinds) row.encoders[kind] = compared(model, kind);
    if (models.classifier == nullptr) return;
    std::vector<float> scores(stored_.scores.size());
    models.classifier->predict(backend, workspace, model.features(), scores);
    row.score_change = largest_change(scores);
    const CallRule rule;
    for (std::size_t i = 0; i < scores.size(); i += 2) {
      const bool is_virus = rule.is_virus({scores[i], scores[i + 1]});
      row.changed_calls += is_virus != rule.is_virus({stored_.scores[i], stored_.scores[i + 1]});
    }
    if (!result_.classifier_change) judge_classifier(*models.classifier, backend, workspace);
  }

  CheckedEncoder compared(const ProbedModel& model, EncoderKind kind) const {
    const Reference& reference = references_[kind];
    CheckedEncoder checked;
    for (std::size_t i = 0; i < stored_.frames.size(); ++i) {
      if (!model.is_finite(kind, i)) {
        checked.cosine = 0.0;
        checked.difference = std::numeric_limits<double>::infinity();
        checked.worst_frame = stored_.frames[i].id;
        checked.first_nonfinite = model.first_nonfinite(kind, i);
        return checked;
      }
      const std::span<const float> exact = row_of(reference.encoder, i);
      const std::span<const float> found = model.embedding(kind, i);
      const double cosine = embedding_difference(found, exact, reference.centre).cosine;
      if (cosine < checked.cosine) {
        checked.cosine = cosine;
        checked.worst_frame = stored_.frames[i].id;
      }
      for (std::size_t c = 0; c < exact.size(); ++c) {
        if (reference.outside == c) continue;
        const double difference = std::abs(static_cast<double>(found[c]) - exact[c]);
        checked.difference = std::max(checked.difference, difference / reference.largest);
      }
    }
    return checked;
  }

  double largest_change(std::span<const float> scores) const {
    double largest = 0.0;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const double change = std::abs(static_cast<double>(scores[i]) - stored_.scores[i]);
      if (!(change <= largest)) largest = std::isnan(change) ? HUGE_VAL : change;
    }
    return largest;
  }

  /// By itself: on the stored embeddings, so that a wrong encoder does not make it look wrong.
  void judge_classifier(const Classifier& classifier, Backend& backend, Workspace& workspace) {
    std::vector<float> features;
    for (std::size_t i = 0; i < stored_.frames.size(); ++i) {
      for (const EncoderKind kind : kEncoderKinds) {
        const std::span<const float> row = row_of(stored_of(stored_, kind), i);
        features.insert(features.end(), row.begin(), row.end());
      }
    }
    std::vector<float> scores(stored_.scores.size());
    classifier.predict(backend, workspace, features, scores);
    result_.classifier_change = largest_change(scores);
  }

  void judge() {
    const bool computed = std::ranges::any_of(
        result_.rows, [](const CheckedPrecision& row) { return row.left_out.empty(); });
    if (!computed) {
      result_.problems.push_back(
          "nothing was compared: no precision could be computed here. Free memory, or name another "
          "--device or --precision.");
      return;
    }
    const bool dna_is_right = judge_encoder(EncoderKind::kDnabertS);
    const bool esm_is_right = judge_encoder(EncoderKind::kEsm2);
    if (result_.classifier_change && *result_.classifier_change > kClassifierLimit) {
      result_.problems.push_back(fmt::format(
          "the classifier for {} bases is wrong: from the embeddings of {} it makes scores that "
          "differ from its own by up to {:.3g} (at most {}). Import the published "
          "{}_model.pth again.",
          stored_.expected_length, stored_.origin, *result_.classifier_change, kClassifierLimit,
          stored_.expected_length));
      return;
    }
    if (!dna_is_right || !esm_is_right) return;  // scores follow from them
    for (const CheckedPrecision& row : result_.rows) {
      const double limit = check_limits(row.precision).score;
      if (!row.left_out.empty() || !row.score_change || *row.score_change <= limit) continue;
      result_.problems.push_back(fmt::format(
          "{} on {}: scores differ by up to {:.3g} (at most {}), with embeddings that are near "
          "enough: use a more exact --precision with this bundle.",
          name_of(row.precision), row.device, *row.score_change, limit));
    }
  }

  std::string sizes_that_differ(EncoderKind kind) const {
    const StoredEncoder& stored = stored_of(stored_, kind);
    const bool is_dna = kind == EncoderKind::kDnabertS;
    const BundleInfo& info = request_.info;
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
    for (const CheckedPrecision& row : result_.rows) {
      const bool is_more_exact =
          exact == nullptr || row.precision == Precision::kFp32 ||
          (row.precision == Precision::kFp16 && exact->precision != Precision::kFp32);
      if (row.left_out.empty() && is_more_exact) exact = &row;
    }
    const CheckedEncoder& checked = exact->encoders[kind];
    const CheckLimits limits = check_limits(exact->precision);
    if (!checked.is_within(limits) || !sizes.empty()) {
      result_.problems.push_back(wrong_encoder(kind, *exact) + sizes + mend(kind));
      return false;
    }
    bool all_within = true;
    for (const CheckedPrecision& row : result_.rows) {
      const CheckedEncoder& here = row.encoders[kind];
      if (!row.left_out.empty() || here.is_within(check_limits(row.precision))) continue;
      all_within = false;
      result_.problems.push_back(fmt::format(
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

  const CheckRequest& request_;
  const StoredRun& stored_;
  const std::stop_token& stop_;
  const PerEncoder<Reference> references_;
  PublishedCheck result_;
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

bool has_published_widths(const BundleInfo& info) {
  return info.dnabert_s_config.hidden_size == kPublishedDnabertWidth &&
         info.esm2_config.embed_dim == kPublishedEsm2Width;
}

PublishedCheck check_against(const CheckRequest& request, const std::vector<CheckDevice>& devices,
                             const std::stop_token& stop) {
  return Check(request, stop).run(devices);
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
