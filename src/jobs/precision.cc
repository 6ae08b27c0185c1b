#include "jobs/precision.h"

#include <algorithm>
#include <cmath>
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
#include "jobs/embedding_difference.h"
#include "jobs/probed_model.h"
#include "pipeline/window_builder.h"
#include "results/run_facts.h"
#include "sequence/ids.h"
#include "sequence/reader.h"
#include "tokenizer/protein_alphabet.h"

namespace virnucpro {
namespace {

class Study {
 public:
  Study(const std::vector<std::string>& inputs, const PrecisionStudy& study,
        const std::function<void(const FrameComparison&)>& take, std::stop_token stop)
      : study_(study),
        take_(take),
        stop_(std::move(stop)),
        reader_(inputs, study.log, stop_),
        batch_tokens_(tokens_of_a_batch()),
        studied_(study.studied, study.precision.packed, study.backend),
        exact_(study.exact, /*packed=*/false, study.backend),
        workspace_(study.backend) {
    check(study.studied.classifier != nullptr, "a study without a classifier");
    check(studied_.width() == exact_.width(), "embeddings of {} and {} values", studied_.width(),
          exact_.width());
    RunReport& run = report_.run;
    for (const std::string& path : inputs) run.inputs.push_back({path, std::nullopt, 0});
    run.bundle = study.studied.bundle;
    run.bundle_version = study.studied.bundle_version;
    run.parts = study.studied.parts;
    run.expected_length = study.studied.expected_length;
    run.precision = name_of(study.precision.precision);
    run.packed = study.precision.packed;
    run.batch_tokens = batch_tokens_;
    report_.limit = study.limit;
  }

  PrecisionReport run() {
    WindowLimits limits = study_.limits.value_or(limits_for(batch_tokens_));
    if (study_.limit > 0) {
      limits.orfs = std::min<std::size_t>(limits.orfs, static_cast<std::size_t>(study_.limit));
    }
    WindowBuilder builder(
        [this](Record& record) {
          if (!reader_.next(record)) return false;
          ++report_.run.inputs.at(record.file).records;
          return true;
        },
        study_.studied.expected_length, limits);
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
    report_.run.intake = builder.intake();
    if (report_.complete) describe_read_inputs(reader_.files(), report_.run.inputs);
    report_.run.seconds = watch_.seconds();
    return std::move(report_);
  }

 private:
  std::int64_t tokens_of_a_batch() const {
    if (study_.batch_tokens > 0) return static_cast<std::int64_t>(study_.batch_tokens);
    const LoadedModels& models = study_.studied;
    return automatic_batch_tokens(available_memory(),
                                  std::max(models.dnabert_s->width(), models.esm2->width()), 1);
  }

  void compare(Window& window, std::size_t frames) {
    if (frames == 0) return;
    DnaTokenizer::Scratch scratch;
    PerEncoder<Window::Lane>& lanes = window.prepared.lanes;
    for (std::size_t i = 0; i < frames; ++i) {
      lanes[EncoderKind::kDnabertS].tokens.append([&](auto& ids) {
        study_.studied.tokenizer->encode(window.read.text_of(EncoderKind::kDnabertS, i), scratch,
                                         ids);
      });
      lanes[EncoderKind::kEsm2].tokens.append(
          [&](auto& ids) { encode_protein(window.read.text_of(EncoderKind::kEsm2, i), ids); });
    }
    for (ProbedModel* model : {&studied_, &exact_}) {
      model->begin_window(frames);
      for (const EncoderKind kind : kEncoderKinds) {
        model->embed(kind, lanes[kind].tokens, batch_tokens_, workspace_,
                     [&](const std::vector<ProbedOperation>& operations,
                         std::span<const std::uint32_t> members) {
                       throw_if_stopped(stop_);
                       merge(window, kind, model == &studied_, operations, members);
                     });
      }
    }
    classify(studied_, scores_);
    classify(exact_, exact_scores_);
    pass_on(window, frames);
  }

  void classify(const ProbedModel& model, std::vector<float>& scores) {
    scores.resize(2 * model.features().size() / model.width());
    study_.studied.classifier->predict(study_.backend, workspace_, model.features(), scores);
  }

  /// Adds the outputs of a batch's operations to those of earlier batches.
  void merge(const Window& window, EncoderKind kind, bool studied,
             const std::vector<ProbedOperation>& operations,
             std::span<const std::uint32_t> members) {
    std::vector<OperationRange>& ranges =
        report_.encoders[static_cast<std::size_t>(kind)].operations;
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
      (studied ? range.nonfinite : range.nonfinite_fp32) +=
          static_cast<std::uint64_t>(operation.nonfinite());
      float& largest = studied ? range.largest : range.largest_fp32;
      if (operation.largest <= largest) continue;
      largest = operation.largest;
      const std::uint32_t frame[] = {members[static_cast<std::size_t>(operation.largest_sequence)]};
      (studied ? range.frame : range.frame_fp32) = window.read.frame_ids(frame).front();
    }
  }

  EmbeddingComparison compared(EncoderKind kind, std::size_t frame, std::int32_t tokens) const {
    EmbeddingComparison comparison;
    comparison.tokens = tokens;
    comparison.finite = studied_.is_finite(kind, frame);
    comparison.finite_fp32 = exact_.is_finite(kind, frame);
    comparison.first_nonfinite = studied_.first_nonfinite(kind, frame);
    comparison.first_nonfinite_fp32 = exact_.first_nonfinite(kind, frame);
    if (!comparison.comparable()) return comparison;
    const EmbeddingDifference difference =
        embedding_difference(studied_.embedding(kind, frame), exact_.embedding(kind, frame));
    comparison.cosine = difference.cosine;
    comparison.largest_difference = difference.largest;
    comparison.relative_difference = difference.relative;
    return comparison;
  }

  void pass_on(const Window& window, std::size_t frames) {
    window.read.for_each_chunk([&](const Window::ChunkPlace& place) {
      for (std::size_t orf = place.first_orf; orf < std::min<std::size_t>(place.end_orf, frames);
           ++orf) {
        FrameComparison frame;
        frame.record_id = place.record.id;
        frame.record = place.record.ordinal;
        frame.chunk = place.chunk.index;
        frame.frame = frame_name(window.read.orfs[orf].frame);
        score(window, orf, frame);
        report_.add(frame);
        take_(frame);
      }
    });
  }

  static std::int32_t tokens_of(const Window& window, EncoderKind kind, std::size_t orf) {
    return window.prepared.lanes[kind].tokens.lengths()[orf];
  }

  void score(const Window& window, std::size_t orf, FrameComparison& frame) const {
    frame.encoders = {
        compared(EncoderKind::kDnabertS, orf, tokens_of(window, EncoderKind::kDnabertS, orf)),
        compared(EncoderKind::kEsm2, orf, tokens_of(window, EncoderKind::kEsm2, orf))};
    const auto finite = [&](bool EmbeddingComparison::*of) {
      return frame.encoders[0].*of && frame.encoders[1].*of;
    };
    // Even finite embeddings can have no score, when the weights are not finite.
    const auto is_score = [&](const std::vector<float>& scores) {
      return std::isfinite(scores[2 * orf]) && std::isfinite(scores[2 * orf + 1]);
    };
    const bool scored = finite(&EmbeddingComparison::finite) && is_score(scores_);
    const bool exact = finite(&EmbeddingComparison::finite_fp32) && is_score(exact_scores_);
    if (scored) frame.p_virus = scores_[2 * orf + 1];
    if (exact) frame.p_virus_fp32 = exact_scores_[2 * orf + 1];
    const CallRule rule;
    frame.flip = scored && exact &&
                 rule.is_virus({scores_[2 * orf], scores_[2 * orf + 1]}) !=
                     rule.is_virus({exact_scores_[2 * orf], exact_scores_[2 * orf + 1]});
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
                             .reading_done = !more,
                             .seconds = watch_.seconds()});
  }

  const PrecisionStudy& study_;
  const std::function<void(const FrameComparison&)>& take_;
  const std::stop_token stop_;
  const Stopwatch watch_;
  SequenceReader reader_;
  const std::int64_t batch_tokens_;
  ProbedModel studied_;
  ProbedModel exact_;
  Workspace workspace_;
  std::vector<float> scores_;
  std::vector<float> exact_scores_;
  PrecisionReport report_;
};

}  // namespace

PrecisionChoice studied_precision(const PrecisionRequest& request, const Environment& environment) {
  // Unpacked FP32 could run, so that the error gives the study's own reason.
  PrecisionRequest unpacked = request;
  unpacked.no_packing = true;
  if (choose_precision(unpacked, environment).precision == Precision::kFp32) {
    const bool by_flag = request.precision == Precision::kFp32;
    throw PrecisionError(fmt::format(
        "precision compares another precision with FP32, and {} FP32 for both: nothing could be "
        "learned. {}",
        by_flag ? "--precision fp32 asks for" : "VIRNUCPRO_DISABLE_FP16 is set, which means",
        by_flag ? "Name fp16, bf16 or int8." : "Unset it for this command."));
  }
  return choose_precision(request, environment);
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
