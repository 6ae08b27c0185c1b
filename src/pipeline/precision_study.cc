#include "pipeline/precision_study.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <utility>
#include <vector>

#include "backend/probe_backend.h"
#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/memory.h"
#include "pipeline/batch_budget.h"
#include "pipeline/embedding_difference.h"
#include "pipeline/engine.h"
#include "pipeline/window_builder.h"
#include "sequence/ids.h"
#include "sequence/reader.h"
#include "tokenizer/protein_alphabet.h"

namespace virnucpro {
namespace {

using Clock = std::chrono::steady_clock;

std::string layer_text(const LayerMark& layer) {
  if (layer.part != "layer") return std::string(layer.part);
  return fmt::format("layer {}", layer.number);
}

std::string operation_text(const ProbedOperation& operation) {
  return fmt::format("{} {}", operation.name, operation.occurrence);
}

void throw_if_stopped(const std::stop_token& stop) {
  if (!stop.stop_requested()) return;
  throw Interrupted(
      "stopped on request before the end; no report was written. Run the same command again");
}

/// One of the two models, and what it made of the window's frames.
class Side {
 public:
  Side(const LoadedModels& models, bool packed, Backend& backend, std::int64_t batch_tokens)
      : models_(models), packed_(packed), batch_tokens_(batch_tokens), probe_(&backend) {}

  void begin_window(std::size_t frames) {
    for (Embedded& embedded : embedded_) {
      embedded.finite.assign(frames, true);
      embedded.first_nonfinite.assign(frames, {});
    }
    features.assign(frames * width(), 0.0f);
  }

  std::size_t width() const {
    return static_cast<std::size_t>(models_.dnabert_s->width() + models_.esm2->width());
  }

  /// Embeds all sequences of `tokens`; after each batch `probed(operations, members)` is called.
  template <typename Probed>
  void embed(EncoderKind kind, const TokenTable& tokens, Workspace& workspace,
             const std::stop_token& stop, Probed&& probed) {
    (packed_ ? plan_packed : plan_padded)(tokens.lengths(), batch_tokens_, plan_);
    for (std::size_t b = 0; b < plan_.batches(); ++b) {
      throw_if_stopped(stop);
      const std::span<const std::uint32_t> members = plan_.batch(b);
      gather(tokens, members, batch_);
      run_batch(kind, workspace);
      store(kind, members);
      probed(probe_.operations(), members);
    }
  }

  /// Per frame of the window.
  struct Embedded {
    std::vector<bool> finite;
    std::vector<std::string> first_nonfinite;
  };
  const Embedded& embedded(EncoderKind kind) const {
    return embedded_[static_cast<std::size_t>(kind)];
  }
  std::span<const float> embedding(EncoderKind kind, std::size_t frame) const {
    const auto columns = static_cast<std::size_t>(encoder(kind).width());
    return std::span(features).subspan(offset(kind, frame), columns);
  }

  std::vector<float> features;  ///< [frames, width()]

 private:
  const Encoder& encoder(EncoderKind kind) const {
    return kind == EncoderKind::kDnabertS ? *models_.dnabert_s : *models_.esm2;
  }

  /// DNABERT-S embeddings come first, as the classifier wants them.
  std::size_t offset(EncoderKind kind, std::size_t frame) const {
    const std::int64_t before = kind == EncoderKind::kDnabertS ? 0 : models_.dnabert_s->width();
    return frame * width() + static_cast<std::size_t>(before);
  }

  void run_batch(EncoderKind kind, Workspace& workspace) {
    if (packed_) {
      const std::vector<std::int32_t>& offsets = batch_.cu_seqlens;
      probe_.begin(
          ops::Sequences::packed({offsets.data(), static_cast<std::int64_t>(offsets.size())}));
      encoder(kind).forward_packed(probe_, workspace, batch_, embeddings_);
      return;
    }
    const bool is_dna = kind == EncoderKind::kDnabertS;
    const PaddedBatch padded = pad(batch_, is_dna ? models_.dna_padding : kProteinPadId);
    probe_.begin(
        ops::Sequences::padded({padded.lengths.data(), padded.sequences()}, padded.length));
    encoder(kind).forward(probe_, workspace, padded, embeddings_);
  }

  void store(EncoderKind kind, std::span<const std::uint32_t> members) {
    Embedded& embedded = embedded_[static_cast<std::size_t>(kind)];
    const auto columns = static_cast<std::size_t>(embeddings_.width);
    for (std::size_t i = 0; i < members.size(); ++i) {
      const std::size_t frame = members[i];
      std::copy_n(embeddings_.values.data() + i * columns, columns,
                  features.data() + offset(kind, frame));
      embedded.finite[frame] = embeddings_.nonfinite_per_sequence[i] == 0;
      const std::int32_t first = probe_.first_nonfinite()[i];
      if (first < 0) continue;
      const ProbedOperation& operation = probe_.operations()[static_cast<std::size_t>(first)];
      embedded.first_nonfinite[frame] =
          fmt::format("{}, {}", layer_text(operation.layer), operation_text(operation));
    }
  }

  const LoadedModels& models_;
  const bool packed_;
  const std::int64_t batch_tokens_;
  ProbeBackend probe_;
  BatchPlan plan_;
  PackedBatch batch_;
  Embeddings embeddings_;
  std::array<Embedded, 2> embedded_;
};

class Study {
 public:
  Study(const RunSettings& settings, const PrecisionStudy& study,
        const std::function<void(const FrameComparison&)>& take, std::stop_token stop)
      : study_(study),
        take_(take),
        stop_(std::move(stop)),
        start_(Clock::now()),
        reader_(settings.inputs, study.log),
        batch_tokens_(tokens_of_a_batch(settings)),
        studied_(study.studied, study.precision.packed, study.backend, batch_tokens_),
        exact_(study.exact, /*packed=*/false, study.backend, batch_tokens_),
        workspace_(study.backend) {
    check(study.studied.classifier != nullptr, "a study without a classifier");
    check(studied_.width() == exact_.width(), "embeddings of {} and {} values", studied_.width(),
          exact_.width());
    RunReport& run = report_.run;
    for (const std::string& path : settings.inputs) run.inputs.push_back({path, std::nullopt, 0});
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
          study_.limit == 0 ? window.orfs.size() : study_.limit - report_.frames;
      // Frames beyond the limit, or any input after it, were not looked at.
      if (left == 0 || window.orfs.size() > left) report_.complete = false;
      compare(window, std::min<std::size_t>(window.orfs.size(), static_cast<std::size_t>(left)));
      show_progress(report_.complete);
      if (!report_.complete) break;
    }
    report_.run.intake = builder.intake();
    report_.run.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    return std::move(report_);
  }

 private:
  std::int64_t tokens_of_a_batch(const RunSettings& settings) const {
    if (settings.batch_tokens > 0) return static_cast<std::int64_t>(settings.batch_tokens);
    const LoadedModels& models = study_.studied;
    return automatic_batch_tokens(available_memory(),
                                  std::max(models.dnabert_s->width(), models.esm2->width()), 1);
  }

  void compare(Window& window, std::size_t frames) {
    if (frames == 0) return;
    DnaTokenizer::Scratch scratch;
    for (std::size_t i = 0; i < frames; ++i) {
      window.dna_tokens.append([&](auto& ids) {
        study_.studied.tokenizer->encode(window.nucleotides_of(i), scratch, ids);
      });
      window.protein_tokens.append([&](auto& ids) { encode_protein(window.protein_of(i), ids); });
    }
    for (Side* side : {&studied_, &exact_}) {
      side->begin_window(frames);
      for (const EncoderKind kind : {EncoderKind::kDnabertS, EncoderKind::kEsm2}) {
        const bool is_dna = kind == EncoderKind::kDnabertS;
        side->embed(kind, is_dna ? window.dna_tokens : window.protein_tokens, workspace_, stop_,
                    [&](const std::vector<ProbedOperation>& operations,
                        std::span<const std::uint32_t> members) {
                      merge(window, kind, side == &studied_, operations, members);
                    });
      }
    }
    classify(studied_, scores_);
    classify(exact_, exact_scores_);
    pass_on(window, frames);
  }

  void classify(const Side& side, std::vector<float>& scores) {
    scores.resize(2 * side.features.size() / side.width());
    study_.studied.classifier->predict(study_.backend, workspace_, side.features, scores);
  }

  /// Adds what a batch's operations put out to that of the batches before.
  void merge(const Window& window, EncoderKind kind, bool studied,
             const std::vector<ProbedOperation>& operations,
             std::span<const std::uint32_t> members) {
    std::vector<OperationRange>& ranges =
        report_.encoders[static_cast<std::size_t>(kind)].operations;
    if (ranges.empty()) {
      for (const ProbedOperation& operation : operations) {
        OperationRange range;
        range.layer = layer_text(operation.layer);
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
      (studied ? range.frame : range.frame_fp32) = window.frame_ids(frame).front();
    }
  }

  EmbeddingComparison compared(EncoderKind kind, std::size_t frame, std::int32_t tokens) const {
    EmbeddingComparison comparison;
    comparison.tokens = tokens;
    comparison.finite = studied_.embedded(kind).finite[frame];
    comparison.finite_fp32 = exact_.embedded(kind).finite[frame];
    comparison.first_nonfinite = studied_.embedded(kind).first_nonfinite[frame];
    comparison.first_nonfinite_fp32 = exact_.embedded(kind).first_nonfinite[frame];
    if (!comparison.comparable()) return comparison;
    const EmbeddingDifference difference =
        embedding_difference(studied_.embedding(kind, frame), exact_.embedding(kind, frame));
    comparison.cosine = difference.cosine;
    comparison.largest_difference = difference.largest;
    comparison.relative_difference = difference.relative;
    return comparison;
  }

  void pass_on(const Window& window, std::size_t frames) {
    std::size_t chunk = 0;
    std::size_t orf = 0;
    for (const Window::Part& part : window.parts) {
      for (std::size_t i = 0; i < part.chunk_count; ++i) {
        const Window::ChunkEntry& entry = window.chunks[chunk++];
        for (std::size_t k = 0; k < entry.orf_count; ++k, ++orf) {
          if (orf == frames) return;
          FrameComparison frame;
          frame.record_id = part.record->id;
          frame.record = part.record->ordinal;
          frame.chunk = entry.chunk.index;
          frame.frame = frame_name(window.orfs[orf].frame);
          score(window, orf, frame);
          report_.add(frame);
          take_(frame);
        }
      }
    }
  }

  void score(const Window& window, std::size_t orf, FrameComparison& frame) const {
    frame.encoders = {compared(EncoderKind::kDnabertS, orf, window.dna_tokens.lengths()[orf]),
                      compared(EncoderKind::kEsm2, orf, window.protein_tokens.lengths()[orf])};
    const auto finite = [&](bool EmbeddingComparison::*of) {
      return frame.encoders[0].*of && frame.encoders[1].*of;
    };
    const bool scored = finite(&EmbeddingComparison::finite);
    const bool exact = finite(&EmbeddingComparison::finite_fp32);
    if (scored) frame.p_virus = scores_[2 * orf + 1];
    if (exact) frame.p_virus_fp32 = exact_scores_[2 * orf + 1];
    frame.flip = scored && exact &&
                 is_virus(scores_[2 * orf], scores_[2 * orf + 1]) !=
                     is_virus(exact_scores_[2 * orf], exact_scores_[2 * orf + 1]);
  }

  void show_progress(bool more) {
    if (study_.progress == nullptr) return;
    const Intake& intake = report_.run.intake;
    study_.progress->update(
        {.records_read = intake.records,
         .bases_read = intake.bases,
         .chunks_read = intake.chunks,
         .frames_found = intake.orfs,
         .frames_embedded = report_.frames,
         .records_finished = report_.last_record,
         .reading_done = !more,
         .seconds = std::chrono::duration<double>(Clock::now() - start_).count()});
  }

  const PrecisionStudy& study_;
  const std::function<void(const FrameComparison&)>& take_;
  const std::stop_token stop_;
  const Clock::time_point start_;
  SequenceReader reader_;
  const std::int64_t batch_tokens_;
  Side studied_;
  Side exact_;
  Workspace workspace_;
  std::vector<float> scores_;
  std::vector<float> exact_scores_;
  PrecisionReport report_;
};

}  // namespace

PrecisionChoice studied_precision(const RunSettings& settings, const Environment& environment) {
  // Unpacked FP32 could run, so that the reason given is the study's own.
  RunSettings unpacked = settings;
  unpacked.no_packing = true;
  if (precision_of(unpacked, environment).precision == Precision::kFp32) {
    const bool by_flag = settings.precision == "fp32";
    throw PrecisionError(fmt::format(
        "precision compares another precision with FP32, and {} FP32 for both: nothing could be "
        "learned. {}",
        by_flag ? "--precision fp32 asks for" : "VIRNUCPRO_DISABLE_FP16 is set, which means",
        by_flag ? "Name fp16, bf16 or int8." : "Unset it for this command."));
  }
  return precision_of(settings, environment);
}

PrecisionReport study_precision(const RunSettings& settings, const PrecisionStudy& study,
                                const std::function<void(const FrameComparison&)>& take,
                                std::stop_token stop) {
  return Study(settings, study, take, std::move(stop)).run();
}

}  // namespace virnucpro
