#include "studies/precision.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <span>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/stopwatch.h"
#include "calls/call_rule.h"
#include "devices/batch_budget.h"
#include "pipeline/window_builder.h"
#include "results/run_facts.h"
#include "sequence/ids.h"
#include "sequence/reader.h"
#include "sequence/reference_frames.h"
#include "studies/embedding_difference.h"
#include "studies/model_speeds.h"
#include "studies/probed_model.h"

namespace virnucpro {
namespace {

// The centre is the mean of that many frames at most: it no longer moves then, and their embeddings
// (of the largest models 13 KB each, in each precision) can be held until it is known.
constexpr std::size_t kCentreFrames = 2000;
// Fewer frames than this are a part of their own mean that shows; stored ones take their place.
constexpr std::size_t kLeastCentreFrames = 32;
// Of the stored ones: ESM-2 3B takes two minutes for these on two cores, in FP32.
constexpr std::size_t kReferenceFrames = 32;
constexpr std::size_t kReferenceCodons = 60;

/// The frames of a window, and everything that was computed of them.
struct EmbeddedFrames {
  std::size_t count = 0;
  /// [count, precisions]; the differences of embeddings are still unset.
  std::vector<FrameComparison> frames;
  std::vector<float> exact;                 // [count, width]
  std::vector<std::vector<float>> studied;  // the same for each precision
};

class Study {
 public:
  Study(const std::vector<std::string>& inputs, const PrecisionStudy& study,
        const std::function<void(const FrameComparison&)>& take, std::stop_token stop)
      : study_(study),
        take_(take),
        stop_(std::move(stop)),
        reader_(inputs, study.log, stop_),
        batch_tokens_(tokens_of_a_batch()),
        exact_(study.exact, /*packed=*/false, study.backend),
        workspace_(study.backend) {
    check(!study.studied.empty() && study.exact.classifier != nullptr,
          "a study of {} precisions, or without a classifier", study.studied.size());
    for (const StudiedModels& studied : study.studied) {
      studied_.emplace_back(studied.models, study.packed, study.backend);
      check(studied_.back().width() == exact_.width(), "embeddings of {} and {} values",
            studied_.back().width(), exact_.width());
      report_.precisions.emplace_back().precision = studied.precision;
    }
    for (const EncoderKind kind : kEncoderKinds) {
      means_[kind] = EmbeddingMean(exact_.width_of(kind));
    }
    RunReport& run = report_.run;
    for (const std::string& path : inputs) run.inputs.push_back({path, std::nullopt, 0});
    run.bundle = study.exact.bundle;
    run.bundle_version = study.exact.bundle_version;
    run.parts = study.exact.parts;
    run.expected_length = study.exact.expected_length;
    run.frames = study.exact.frames;
    run.packed = study.packed;
    run.batch_tokens = batch_tokens_;
    report_.limit = study.limit;
  }

  PrecisionReport run() {
    WindowLimits limits = study_.limits.value_or(limits_for(batch_tokens_));
    limits.orfs = std::min(limits.orfs, kCentreFrames);
    if (study_.limit > 0) {
      limits.orfs = std::min<std::size_t>(limits.orfs, static_cast<std::size_t>(study_.limit));
    }
    WindowBuilder builder(
        [this](Record& record) {
          if (!reader_.next(record)) return false;
          ++report_.run.inputs.at(record.file).records;
          return true;
        },
        study_.exact.expected_length, limits, study_.exact.frames);
    report_.complete = true;
    for (Window window; builder.fill(window);) {
      throw_if_stopped(stop_);
      report_.run.intake = builder.intake();
      const std::uint64_t left =
          study_.limit == 0 ? window.read.orfs.size() : study_.limit - report_.frames;
      // Frames beyond the limit, or later input, were not examined.
      if (left == 0 || window.read.orfs.size() > left) report_.complete = false;
      compare(window,
              std::min<std::size_t>(window.read.orfs.size(), static_cast<std::size_t>(left)));
      show_progress(report_.complete);
      if (!report_.complete) break;
    }
    throw_if_stopped(stop_);
    if (report_.frames > 0 && !has_centre_) fix_centre();
    report_.run.intake = builder.intake();
    if (report_.complete) describe_read_inputs(reader_.files(), report_.run.inputs);
    report_.run.seconds = watch_.seconds();
    return std::move(report_);
  }

 private:
  std::int64_t tokens_of_a_batch() const {
    if (study_.batch_tokens > 0) return static_cast<std::int64_t>(study_.batch_tokens);
    const LoadedModels& models = study_.exact;
    return automatic_batch_tokens(available_memory(),
                                  std::max(models.dnabert_s->width(), models.esm2->width()), 1);
  }

  TokenTable tokens_of(const Window& window, EncoderKind kind, std::size_t frames) {
    TokenTable table;
    for (std::size_t i = 0; i < frames; ++i) {
      append_tokens(table, kind, window.read.text_of(kind, i), *study_.exact.tokenizer,
                    tokenizer_scratch_);
    }
    return table;
  }

  void compare(const Window& window, std::size_t frames) {
    if (frames == 0) return;
    const PerEncoder<TokenTable> tokens = {{tokens_of(window, EncoderKind::kDnabertS, frames),
                                            tokens_of(window, EncoderKind::kEsm2, frames)}};
    embed(exact_, window, tokens, nullptr);
    for (std::size_t p = 0; p < studied_.size(); ++p) {
      embed(studied_[p], window, tokens, &report_.precisions[p]);
    }
    if (report_.frames == 0) measure_speeds(tokens);
    report_.frames += frames;
    held_.push_back(collect(window, tokens, frames));
    for (const EncoderKind kind : kEncoderKinds) {
      for (std::size_t i = 0; i < frames && means_[kind].count() < kCentreFrames; ++i) {
        means_[kind].add(exact_.embedding(kind, i));
      }
    }
    if (!has_centre_ && report_.frames < kCentreFrames) return;
    if (!has_centre_) return fix_centre();
    pass_on();
  }

  /// Of the model `result` is of; null: of the exact one.
  void embed(ProbedModel& model, const Window& window, const PerEncoder<TokenTable>& tokens,
             PrecisionResult* result) {
    model.begin_window(tokens[EncoderKind::kEsm2].size());
    for (const EncoderKind kind : kEncoderKinds) {
      model.embed(kind, tokens[kind], batch_tokens_, workspace_,
                  [&](const std::vector<ProbedOperation>& operations,
                      std::span<const std::uint32_t> members) {
                    throw_if_stopped(stop_);
                    if (result != nullptr) {
                      merge(window, kind, *result, /*exact=*/false, operations, members);
                      return;
                    }
                    for (PrecisionResult& each : report_.precisions) {
                      merge(window, kind, each, /*exact=*/true, operations, members);
                    }
                  });
    }
  }

  /// Adds the outputs of a batch's operations to those of earlier batches.
  static void merge(const Window& window, EncoderKind kind, PrecisionResult& result, bool exact,
                    const std::vector<ProbedOperation>& operations,
                    std::span<const std::uint32_t> members) {
    std::vector<OperationRange>& ranges =
        result.encoders[static_cast<std::size_t>(kind)].operations;
    if (ranges.empty()) {
      for (const ProbedOperation& operation : operations) {
        OperationRange range;
        range.layer = layer_text(operation);
        range.operation = operation_text(operation);
        ranges.push_back(std::move(range));
      }
    }
    check(ranges.size() == operations.size(), "{} operations after batches of {}",
          operations.size(), ranges.size());
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      const ProbedOperation& operation = operations[i];
      OperationRange& range = ranges[i];
      (exact ? range.nonfinite_fp32 : range.nonfinite) +=
          static_cast<std::uint64_t>(operation.nonfinite());
      float& largest = exact ? range.largest_fp32 : range.largest;
      if (operation.largest <= largest) continue;
      largest = operation.largest;
      const std::uint32_t frame[] = {members[static_cast<std::size_t>(operation.largest_sequence)]};
      (exact ? range.frame_fp32 : range.frame) = window.read.frame_ids(frame).front();
    }
  }

  void measure_speeds(const PerEncoder<TokenTable>& tokens) {
    std::vector<ProbedModel*> models = {&exact_};
    for (ProbedModel& model : studied_) models.push_back(&model);
    const std::vector<double> rates =
        frames_per_second(models, tokens, batch_tokens_, workspace_, stop_);
    report_.fp32_frames_per_second = rates[0];
    for (std::size_t p = 0; p < studied_.size(); ++p) {
      report_.precisions[p].frames_per_second = rates[p + 1];
    }
  }

  std::vector<float> scores_of(const ProbedModel& model) {
    std::vector<float> scores(2 * model.features().size() / model.width());
    study_.exact.classifier->predict(study_.backend, workspace_, model.features(), scores);
    return scores;
  }

  EmbeddedFrames collect(const Window& window, const PerEncoder<TokenTable>& tokens,
                         std::size_t frames) {
    EmbeddedFrames result;
    result.count = frames;
    result.exact.assign(exact_.features().begin(), exact_.features().end());
    const std::vector<float> exact_scores = scores_of(exact_);
    std::vector<std::vector<float>> scores;
    for (const ProbedModel& model : studied_) {
      result.studied.emplace_back(model.features().begin(), model.features().end());
      scores.push_back(scores_of(model));
    }
    window.read.for_each_chunk([&](const Window::ChunkPlace& place) {
      for (std::size_t orf = place.first_orf; orf < std::min<std::size_t>(place.end_orf, frames);
           ++orf) {
        for (std::size_t p = 0; p < studied_.size(); ++p) {
          FrameComparison& frame = result.frames.emplace_back();
          frame.record_id = place.record.id;
          frame.record = place.record.ordinal;
          frame.chunk = place.chunk.index;
          frame.frame = frame_name(window.read.orfs[orf].frame);
          frame.precision = report_.precisions[p].precision;
          describe(studied_[p], tokens, orf, frame);
          score(scores[p], exact_scores, orf, frame);
        }
      }
    });
    return result;
  }

  void describe(const ProbedModel& studied, const PerEncoder<TokenTable>& tokens, std::size_t orf,
                FrameComparison& frame) const {
    for (const EncoderKind kind : kEncoderKinds) {
      EmbeddingComparison& comparison = frame.encoders[static_cast<std::size_t>(kind)];
      comparison.tokens = tokens[kind].lengths()[orf];
      comparison.finite = studied.is_finite(kind, orf);
      comparison.finite_fp32 = exact_.is_finite(kind, orf);
      comparison.first_nonfinite = studied.first_nonfinite(kind, orf);
      comparison.first_nonfinite_fp32 = exact_.first_nonfinite(kind, orf);
    }
  }

  static void score(const std::vector<float>& scores, const std::vector<float>& exact_scores,
                    std::size_t orf, FrameComparison& frame) {
    const auto finite = [&](bool EmbeddingComparison::*of) {
      return frame.encoders[0].*of && frame.encoders[1].*of;
    };
    // Even finite embeddings can have no score, when the weights are not finite.
    const auto is_score = [&](const std::vector<float>& of) {
      return std::isfinite(of[2 * orf]) && std::isfinite(of[2 * orf + 1]);
    };
    const bool scored = finite(&EmbeddingComparison::finite) && is_score(scores);
    const bool exact = finite(&EmbeddingComparison::finite_fp32) && is_score(exact_scores);
    if (scored) frame.p_virus = scores[2 * orf + 1];
    if (exact) frame.p_virus_fp32 = exact_scores[2 * orf + 1];
    const CallRule rule;
    frame.flip = scored && exact &&
                 rule.is_virus({scores[2 * orf], scores[2 * orf + 1]}) !=
                     rule.is_virus({exact_scores[2 * orf], exact_scores[2 * orf + 1]});
  }

  /// Called once, with all frames so far held.
  void fix_centre() {
    if (std::min(means_[EncoderKind::kDnabertS].count(), means_[EncoderKind::kEsm2].count()) <
        kLeastCentreFrames) {
      embed_reference();
      report_.centre.of_reference = true;
    }
    for (const EncoderKind kind : kEncoderKinds) centres_[kind] = means_[kind].mean();
    report_.centre.frames =
        std::min(means_[EncoderKind::kDnabertS].count(), means_[EncoderKind::kEsm2].count());
    has_centre_ = true;
    pass_on();
  }

  void embed_reference() {
    const std::vector<ReferenceFrame> frames = reference_frames(kReferenceFrames, kReferenceCodons);
    exact_.begin_window(frames.size());
    for (const EncoderKind kind : kEncoderKinds) {
      TokenTable table;
      for (const ReferenceFrame& frame : frames) {
        append_tokens(table, kind, kind == EncoderKind::kEsm2 ? frame.protein : frame.nucleotides,
                      *study_.exact.tokenizer, tokenizer_scratch_);
      }
      exact_.embed(kind, table, batch_tokens_, workspace_,
                   [&](const auto&, const auto&) { throw_if_stopped(stop_); });
      means_[kind] = EmbeddingMean(exact_.width_of(kind));
      for (std::size_t i = 0; i < frames.size(); ++i) means_[kind].add(exact_.embedding(kind, i));
    }
  }

  /// Compares the embeddings that are held, and forgets them.
  void pass_on() {
    for (EmbeddedFrames& held : held_) {
      for (std::size_t i = 0; i < held.count; ++i) {
        for (std::size_t p = 0; p < studied_.size(); ++p) {
          FrameComparison& frame = held.frames[i * studied_.size() + p];
          for (const EncoderKind kind : kEncoderKinds) {
            EmbeddingComparison& comparison = frame.encoders[static_cast<std::size_t>(kind)];
            if (!comparison.comparable()) continue;
            const EmbeddingDifference difference =
                embedding_difference(exact_.embedding_in(held.studied[p], kind, i),
                                     exact_.embedding_in(held.exact, kind, i), centres_[kind]);
            comparison.cosine = difference.cosine;
            comparison.largest_difference = difference.largest;
            comparison.relative_difference = difference.relative;
          }
          report_.precisions[p].add(frame);
          report_.last_record = frame.record + 1;
          take_(frame);
        }
      }
    }
    held_.clear();
  }

  void show_progress(bool more) {
    if (study_.progress == nullptr) return;
    const Intake& intake = report_.run.intake;
    study_.progress->update({.records_read = intake.records,
                             .bases_read = intake.bases,
                             .chunks_read = intake.chunks,
                             .frames_found = intake.orfs,
                             .frames_embedded = report_.frames,
                             .records_finished = report_.last_record,
                             .encoders = {},
                             .reading_done = !more,
                             .seconds = watch_.seconds()});
  }

  const PrecisionStudy& study_;
  const std::function<void(const FrameComparison&)>& take_;
  const std::stop_token stop_;
  const Stopwatch watch_;
  SequenceReader reader_;
  const std::int64_t batch_tokens_;
  ProbedModel exact_;
  std::deque<ProbedModel> studied_;
  Workspace workspace_;
  DnaTokenizer::Scratch tokenizer_scratch_;
  PerEncoder<EmbeddingMean> means_;
  PerEncoder<std::vector<double>> centres_;
  bool has_centre_ = false;
  std::vector<EmbeddedFrames> held_;
  PrecisionReport report_;
};

}  // namespace

std::vector<Precision> studied_precisions(const std::vector<Precision>& wanted,
                                          const Environment& environment) {
  std::vector<Precision> precisions;
  for (const Precision each : wanted.empty() ? std::vector{Precision::kFp16} : wanted) {
    // Unpacked FP32 could run, so that the error gives the study's own reason.
    const Precision precision =
        choose_precision({.precision = each, .no_packing = true}, environment).precision;
    if (precision == Precision::kFp32) {
      const bool by_flag = each == Precision::kFp32;
      throw PrecisionError(fmt::format(
          "precision compares other precisions with FP32, and {} FP32 for both: nothing could be "
          "learned. {}",
          by_flag ? "--precision fp32 asks for" : "VIRNUCPRO_DISABLE_FP16 is set, which means",
          by_flag ? "Name others." : "Unset it for this command."));
    }
    if (std::ranges::find(precisions, precision) == precisions.end()) {
      precisions.push_back(precision);
    }
  }
  return precisions;
}

PrecisionReport study_precision(const std::vector<std::string>& inputs, const PrecisionStudy& study,
                                const std::function<void(const FrameComparison&)>& take,
                                std::stop_token stop) {
  try {
    return Study(inputs, study, take, std::move(stop)).run();
  } catch (const Interrupted&) {
    // One text, wherever the stop was noticed: between windows, batches or operations.
    throw Interrupted(
        "stopped on request before the end; no report was written. Run the same command again");
  }
}

}  // namespace virnucpro
