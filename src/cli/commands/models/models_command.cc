#include "cli/commands/models/models_command.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/counted.h"
#include "base/errors.h"
#include "base/format.h"
#include "cli/command_line/command_options.h"
#include "cli/commands/models/bundle_lengths.h"
#include "cli/commands/models/convert_command.h"
#include "cli/commands/models/export_command.h"
#include "cli/commands/models/import_command.h"
#include "cli/commands/models/pull_command.h"
#include "cli/commands/models/verify_command.h"
#include "cli/commands/shared/named_bundle.h"
#include "cli/commands/shared/shown_work.h"
#include "cli/context.h"
#include "cli/terminal/console.h"
#include "cli/terminal/safe_text.h"
#include "weights/bundle.h"
#include "weights/bundle_places.h"
#include "weights/open_bundle.h"

namespace virnucpro::cli {
namespace {

// One line "key value"; empty for an empty value.
std::string field(std::string_view key, std::string_view value) {
  if (value.empty()) return {};
  return fmt::format("{:<18}{}\n", key, escape_controls(value));
}

std::string part_field(std::string_view key, std::string_view sizes, const BundlePart& part) {
  return field(key, fmt::format("{}{}, sha256 {}", sizes, part.file, part.sha256));
}

std::string described(const Calibration& calibration) {
  std::uint64_t viruses = 0;
  std::uint64_t others = 0;
  for (const LengthClass& each : calibration.classes) {
    viruses += each.viruses;
    others += each.others;
  }
  std::string calls;
  if (calibration.calls) {
    calls = fmt::format(
        ", calls viral from p_calibrated {:.6g} on (at most {:.3g} false positives "
        "in a group{}{})",
        probability_of(calibration.calls->log_odds), calibration.calls->false_positives,
        calibration.calls->excepted.empty() ? "" : ", except ",
        fmt::join(calibration.calls->excepted, ", "));
  }
  return fmt::format(
      "{}{}, fitted on {} and {} of viruses, {} and {} of others, prevalence 0.5, "
      "labels sha256 {}",
      name_of(calibration.method), calls, counted(viruses, "chunk"),
      counted(calibration.contig_viruses, "record"), others, calibration.contig_others,
      calibration.labels_sha256);
}

std::string described(const Bundle& bundle) {
  const BundleInfo& info = bundle.info();
  const DnabertSConfig& dnabert = info.dnabert_s_config;
  const Esm2Config& esm2 = info.esm2_config;
  std::string text = field("name", info.name);
  text += field("version", info.version);
  text += field("description", info.description);
  text += field("license", info.license);
  text += field("expected lengths", lengths_of(info));
  if (info.stored_as) text += field("stored as", name_of(*info.stored_as));
  if (info.frames.choice != FrameChoice::kOpen) {
    text += field("frames", fmt::format("{}, runs of at least {} bases",
                                        name_of(info.frames.choice), info.frames.least_run));
  }
  text += part_field("tokenizer", "", info.tokenizer);
  text += part_field(
      "dnabert_s",
      fmt::format("{}, width {}, {}, feed-forward {}, {} tokens, ",
                  counted(static_cast<std::uint64_t>(dnabert.num_hidden_layers), "layer"),
                  dnabert.hidden_size,
                  counted(static_cast<std::uint64_t>(dnabert.num_attention_heads), "head"),
                  dnabert.intermediate_size, dnabert.vocab_size),
      info.dnabert_s);
  text += part_field(
      "esm2",
      fmt::format("{}, width {}, {}, token dropout {}, ",
                  counted(static_cast<std::uint64_t>(esm2.num_layers), "layer"), esm2.embed_dim,
                  counted(static_cast<std::uint64_t>(esm2.attention_heads), "head"),
                  esm2.token_dropout ? "on" : "off"),
      info.esm2);
  for (const BundleClassifier& classifier : info.classifiers) {
    text += part_field(
        fmt::format("classifier {}", classifier.expected_length),
        fmt::format("{} features, {} hidden units, ", classifier.input_dim, classifier.hidden_dim),
        classifier.part);
    if (classifier.calibration) {
      text += field(fmt::format("calibration {}", classifier.expected_length),
                    described(*classifier.calibration));
    }
  }
  text += field("training data", info.training_data);
  if (info.metrics_json != "{}") text += field("metrics", info.metrics_json);
  if (info.extra_json != "{}") text += field("other", info.extra_json);
  return text;
}

std::string list_row(const std::string& how_to_name, const BundleInfo& info) {
  return fmt::format("{}\t{}\t{}\t{}\t{}\n", escape_controls(how_to_name),
                     escape_controls(info.name), escape_controls(info.version), lengths_of(info),
                     escape_controls(info.description) +
                         (info.stored_as ? fmt::format(" (in {})", name_of(*info.stored_as)) : ""));
}

bool is_bundle(const std::filesystem::path& folder) {
  std::error_code error;
  return std::filesystem::is_regular_file(folder / kBundleCard, error);
}

// `folder` itself, or the bundles directly inside it, by name.
std::vector<std::string> bundles_in(const std::string& folder) {
  if (is_bundle(folder)) return {folder};
  std::vector<std::string> found;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (is_bundle(entry->path())) found.push_back(entry->path().string());
  }
  if (error) {
    throw ConfigError(fmt::format("{}: the folder cannot be read: {}", folder, error.message()));
  }
  std::sort(found.begin(), found.end());
  return found;
}

void list(Console& console, const Environment& environment,
          const std::vector<std::string>& folders) {
  console.print("bundle\tname\tversion\texpected_lengths\tdescription\n");
  for (const std::string& name : embedded_bundle_names()) {
    console.print(list_row(name, open_named_bundle(environment, name).info()));
  }
  for (const NamedBundle& each : named_bundles(environment)) {
    try {
      console.print(list_row(each.name, Bundle::open(each.folder).info()));
    } catch (const ModelError& error) {  // one of others must not hide the rest
      console.message(fmt::format("virnucpro: warning: {}", escape_controls(error.what())));
    }
  }
  for (const std::string& folder : folders) {
    for (const std::string& path : bundles_in(folder)) {
      console.print(list_row(path, Bundle::open(path).info()));
    }
  }
}

void add_list(CLI::App& models, Context& context) {
  CommandOptions taken(models, context, "list",
                       "List the embedded and the pulled bundles, and those in folders",
                       {"virnucpro models list", "virnucpro models list ~/bundles"});
  taken.arguments("FOLDER", "Bundles, or folders that hold some", "the path of a folder",
                  /*are_needed=*/false);
  taken.run_with([&context](const std::vector<std::string>& folders) {
    list(context.console, context.environment, folders);
  });
}

/// The help of commands that take one bundle.
constexpr const char* kBundleHelp = "Name of an embedded or pulled bundle, or a folder";
constexpr const char* kBundleValues =
    "the name of an embedded or pulled bundle or the path of a bundle folder";

void add_info(CLI::App& models, Context& context) {
  CommandOptions taken(models, context, "info", "Describe a bundle",
                       {"virnucpro models info mini", "virnucpro models info my_bundle/"});
  taken.argument("BUNDLE", kBundleHelp, kBundleValues);
  taken.run_with([&context](const std::vector<std::string>& names) {
    context.console.print(described(open_named_bundle(context.environment, names.front())));
  });
}

}  // namespace

void add_models_command(CLI::App& app, Context& context) {
  CLI::App& models = add_group(app, "models", "List, fetch, describe, make and check model bundles",
                               {"virnucpro models list", "virnucpro models pull virnucpro-500",
                                "virnucpro models info mini"});
  add_list(models, context);
  add_info(models, context);
  add_pull_command(models, context);
  add_export_command(models, context);
  add_import_command(models, context);
  add_convert_command(models, context);
  add_verify_command(models, context);
}

}  // namespace virnucpro::cli
