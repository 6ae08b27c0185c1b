#include "fitting/train.h"

#include <algorithm>
#include <map>
#include <span>

#include "backend/cpu/topology.h"
#include "base/counted.h"
#include "base/errors.h"
#include "base/format.h"

namespace virnucpro {
namespace {

SplitPart part_of(const FrameSet& frames, const std::vector<std::size_t>& indices,
                  std::uint32_t sources) {
  SplitPart part{indices.size(), 0, sources};
  for (const std::size_t index : indices) part.viruses += frames.truth[index].is_virus ? 1 : 0;
  return part;
}

void require_both_classes(const TrainingReport& report) {
  const SplitPart& training = report.training;
  if (training.viruses == 0 || training.viruses == training.frames) {
    throw InputError(
        fmt::format("of {} to train on {} are viral by {}; training needs some of both kinds.",
                    counted(training.frames, "frame"), training.viruses, report.labels));
  }
  const SplitPart& validation = report.validation;
  if (validation.frames == 0 ||
      (validation.viruses > 0 && validation.viruses < validation.frames)) {
    return;
  }
  throw InputError(fmt::format(
      "of {} for validation {} are viral by {}; validation needs some of both kinds, so a "
      "group of each kind with two sources or more. Give more sources, or --validation-share 0 to "
      "train without validation.",
      counted(validation.frames, "frame"), validation.viruses, report.labels));
}

std::vector<GroupPart> groups_of(const FrameSet& frames, const FrameSplit& split,
                                 const LabelTable& table) {
  std::map<std::uint32_t, GroupPart> groups;
  const auto count = [&](const std::vector<std::size_t>& indices, std::uint64_t GroupPart::*side) {
    for (const std::size_t index : indices) {
      GroupPart& group = groups[frames.truth[index].group];
      group.name = table.groups[frames.truth[index].group];
      ++(group.*side);
    }
  };
  count(split.training, &GroupPart::training);
  count(split.validation, &GroupPart::validation);
  std::vector<GroupPart> result;
  result.reserve(groups.size());
  for (auto& [number, group] : groups) result.push_back(std::move(group));
  return result;
}

void log_what_is_trained(const TrainingReport& report, const LabelledFrames& labelled,
                         const FrameSplit& split, const LabelTable& table, const Log& log) {
  warn_of_what_is_left_out(labelled.left_out, "the inputs do not have", log);
  if (report.failed_frames > 0) {
    log.warning("{} left out",
                counted(report.failed_frames, "labelled frame has no finite embedding and is",
                        "labelled frames have no finite embedding and are"));
  }
  if (!split.undivided_groups.empty() && report.validation_share > 0.0) {
    std::vector<std::string> names;
    for (const std::uint32_t group : split.undivided_groups) names.push_back(table.groups[group]);
    log.warning("{} in training only, since they have one source: {}",
                counted(names.size(), "group is", "groups are"), fmt::join(names, ", "));
  }
  log.info("training on {} ({} viral) of {}, validation on {} ({}) of {}",
           counted(report.training.frames, "frame"), report.training.viruses,
           counted(report.training.sources, "source"), report.validation.frames,
           report.validation.viruses, report.validation.sources);
}

/// The card names one way to read for all of its classifiers.
void warn_of_other_lengths(const BundleInfo& base, std::int64_t expected_length,
                           const FrameRule& read, const Log& log) {
  const bool has_others = std::ranges::any_of(base.classifiers, [&](const auto& classifier) {
    return classifier.expected_length != expected_length;
  });
  if (!has_others || base.frames.choice == read.choice) return;
  log.warning(
      "the new bundle reads --frames {}, which its classifiers for other lengths were not trained "
      "for; they read {}",
      name_of(read.choice), name_of(base.frames.choice));
}

/// The size of the classifier for this length, or else of the first one.
std::size_t hidden_of(const BundleInfo& base, std::int64_t expected_length) {
  const auto same =
      std::ranges::find(base.classifiers, expected_length, &BundleClassifier::expected_length);
  const auto& like = same == base.classifiers.end() ? base.classifiers.front() : *same;
  return static_cast<std::size_t>(like.hidden_dim);
}

std::map<std::string, HostTensor> tensors_of(const FittedClassifier& fitted) {
  const NetworkShape& shape = fitted.shape;
  const auto hidden = static_cast<std::int64_t>(shape.hidden);
  const auto part = [&](std::size_t first, const Shape& sizes) {
    const auto count = static_cast<std::size_t>(sizes.elements());
    return make_float_tensor(sizes, std::span(fitted.state.parameters).subspan(first, count));
  };
  return {{"hidden_layer.weight",
           part(shape.hidden_weight(), {hidden, static_cast<std::int64_t>(shape.inputs)})},
          {"hidden_layer.bias", part(shape.hidden_bias(), {hidden})},
          {"bn1.weight", part(shape.norm_weight(), {hidden})},
          {"bn1.bias", part(shape.norm_bias(), {hidden})},
          {"bn1.running_mean", make_float_tensor({hidden}, fitted.state.running_mean)},
          {"bn1.running_var", make_float_tensor({hidden}, fitted.state.running_variance)},
          {"output_layer.weight", part(shape.output_weight(), {kClasses, hidden})},
          {"output_layer.bias", part(shape.output_bias(), {kClasses})}};
}

void write_bundle(const TrainRequest& request, const Bundle& base, const TrainingReport& report,
                  const FittedClassifier& fitted, const FrameRule& read,
                  const std::stop_token& stop) {
  const BundleInfo& info = base.info();
  BundleDerivation derivation;
  derivation.output_folder = request.output;
  derivation.force = request.force;
  // Not the folder's name: equal trainings must give equal bytes, wherever they are written.
  derivation.name = request.name.empty() ? info.name + "-trained" : request.name;
  derivation.description = fmt::format(
      "Encoders of the bundle '{}' {}; classifier for {} bases trained by virnucpro train.",
      info.name, info.version, report.expected_length);
  derivation.training_data = card_training_data(report, info.training_data);
  derivation.metrics_json = card_metrics(report, info.metrics_json);
  derivation.expected_length = report.expected_length;
  derivation.input_dim = static_cast<std::int64_t>(fitted.shape.inputs);
  derivation.hidden_dim = static_cast<std::int64_t>(fitted.shape.hidden);
  derivation.batch_norm_eps = kNormEps;
  derivation.frames = read;
  derivation.tensors = tensors_of(fitted);
  derivation.more_files = {{kTrainingTable, training_table(report)},
                           {kTrainingFile, training_json(report)}};
  derive_bundle(base, derivation, stop);
}

}  // namespace

TrainingReport train_bundle(const TrainRequest& request, const Bundle& base,
                            const LabelTable& table, const LabelledFrames& labelled, const Log& log,
                            const std::stop_token& stop, const WorkProgress& progress) {
  const FrameSet& frames = labelled.frames;
  const FrameSplit split =
      split_by_source(frames.truth, request.validation_share, request.settings.seed);
  TrainingReport report;
  report.program_version = request.program_version;
  report.base = base.info().name;
  report.base_version = base.info().version;
  report.expected_length = labelled.expected_length;
  report.inputs = request.inputs;
  report.labels = request.labels;
  report.labels_content = table.file;
  report.frames = request.frames;
  report.frames_content = request.frames_content;
  report.unlabelled_records = labelled.left_out.unlabelled_records;
  report.unused_labels = labelled.left_out.unused_labels;
  report.failed_frames = labelled.failed_frames;
  report.settings = request.settings;
  report.settings.hidden = request.hidden.value_or(hidden_of(base.info(), report.expected_length));
  report.validation_share = request.validation_share;
  report.training = part_of(frames, split.training, split.training_sources);
  report.validation = part_of(frames, split.validation, split.validation_sources);
  report.groups = groups_of(frames, split, table);
  require_both_classes(report);
  log_what_is_trained(report, labelled, split, table, log);

  WorkerGroup workers(plan_cpu_workers(request.threads).threads());
  WorkStep step(progress, "training", "epoch", report.settings.epochs);
  const auto log_epoch = [&](const EpochMetrics& epoch) {
    step.add();
    if (split.validation.empty()) {
      log.info("epoch {}: training loss {:.4f}", epoch.epoch, epoch.training_loss);
    } else {
      log.info("epoch {}: training loss {:.4f}, validation loss {:.4f}, AUROC {:.4f}", epoch.epoch,
               epoch.training_loss, epoch.validation_loss, epoch.auroc);
    }
  };
  const TrainingResult result =
      train_classifier(frames, split, report.settings, workers, log_epoch, stop);
  report.epochs = result.epochs;
  report.best_epoch = result.best_epoch;
  warn_of_other_lengths(base.info(), report.expected_length, labelled.read, log);
  write_bundle(request, base, report, result.classifier, labelled.read, stop);
  return report;
}

}  // namespace virnucpro
