#include "studies/published_check.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <span>
#include <utility>

#include "base/errors.h"
#include "base/format.h"
#include "base/gigabytes.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/stopwatch.h"
#include "calls/call_rule.h"
#include "devices/batch_budget.h"
#include "studies/embedding_difference.h"
#include "studies/probed_model.h"

namespace virnucpro {
namespace {

constexpr std::int64_t kPublishedDnabertWidth = 768;
constexpr std::int64_t kPublishedEsm2Width = 2560;
// A dimension with more than this share of all energy is dominant: in ESM-2 3B one has 0.82, and
// the next one 0.007.
constexpr double kDominantShare = 0.25;

std::span<const float> row_of(const ReferenceEncoder& encoder, std::size_t frame) {
  const auto width = static_cast<std::size_t>(encoder.width);
  return std::span(encoder.embeddings).subspan(frame * width, width);
}

/// The dimension that holds most of all energy, where one dominates.
std::optional<std::size_t> dominant_dimension(const ReferenceEncoder& encoder) {
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
  explicit Reference(const ReferenceEncoder& stored)
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

  const ReferenceEncoder& encoder;
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
    result_.problems = problems_of(result_, stored_, request_.info);
    return std::move(result_);
  }

 private:
  bool is_wanted(Precision precision) const {
    if (request_.info.stored_as && precision != *request_.info.stored_as) return false;
    return request_.precisions.empty() ||
           std::ranges::find(request_.precisions, precision) != request_.precisions.end();
  }

  void require_width(EncoderKind kind, std::int64_t width) const {
    const ReferenceEncoder& stored = stored_of(stored_, kind);
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

  const CheckRequest& request_;
  const StoredRun& stored_;
  const std::stop_token& stop_;
  const PerEncoder<Reference> references_;
  PublishedCheck result_;
};

}  // namespace

bool has_published_widths(const BundleInfo& info) {
  return info.dnabert_s_config.hidden_size == kPublishedDnabertWidth &&
         info.esm2_config.embed_dim == kPublishedEsm2Width;
}

PublishedCheck check_against(const CheckRequest& request, const std::vector<CheckDevice>& devices,
                             const std::stop_token& stop) {
  return Check(request, stop).run(devices);
}

}  // namespace virnucpro
