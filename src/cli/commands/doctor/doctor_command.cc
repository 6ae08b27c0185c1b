#include "cli/commands/doctor/doctor_command.h"

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/errors.h"
#include "base/format.h"
#include "bench/speed_estimate.h"
#include "cli/command_line/command_options.h"
#include "cli/commands/doctor/doctor_settings.h"
#include "cli/commands/doctor/doctor_text.h"
#include "cli/commands/shared/named_bundle.h"
#include "cli/context.h"
#include "cli/terminal/console.h"
#include "devices/devices.h"
#include "studies/machine_check.h"
#include "studies/published_check.h"
#include "weights/bundle_places.h"
#include "weights/embedded_bundle.h"
#include "weights/open_bundle.h"
#include "weights/stored_run.h"

namespace virnucpro::cli {
namespace {

// For all devices and precisions together: patience for a look, and enough for stable figures.
constexpr double kSpeedSeconds = 45.0;

/// Gathers what is found, section by section.
class Doctor {
 public:
  Doctor(Context& context, const DoctorSettings& settings)
      : context_(context),
        settings_(settings),
        log_(log_for(context, settings.common)),
        registry_(context.environment) {}

  DoctorReport examine() {
    report_.settings = settings_.in_force;
    const std::uint64_t needed = check_models();
    std::vector<Diagnosis> machine = judge_machine(machine_facts(), needed);
    std::vector<Diagnosis> folders = judge_folders(used_folders());
    // The machine comes first on the page.
    machine.insert(machine.end(), folders.begin(), folders.end());
    machine.insert(machine.end(), report_.findings.begin(), report_.findings.end());
    report_.findings = std::move(machine);
    check_devices();
    check_settings();
    check_results();
    if (!settings_.no_speed) estimate_speeds();
    return std::move(report_);
  }

 private:
  void add(std::string section, std::string name, Finding finding, std::string text,
           std::string mend = {}) {
    report_.findings.push_back(
        {std::move(section), std::move(name), finding, std::move(text), std::move(mend)});
  }

  std::vector<UsedFolder> used_folders() const {
    std::vector<UsedFolder> folders = {
        {"results (--output-dir)", settings_.output},
        {"working folder", "."},
        {"temporary files (TMPDIR)", context_.environment("TMPDIR").value_or("/tmp")}};
    const std::string cache = hash_cache_folder(context_.environment);
    if (!cache.empty()) folders.push_back({"remembered hashes (XDG_CACHE_HOME)", cache});
    return folders;
  }

  /// The bundles that a run could take by name. Returns the bytes that the settings' one takes.
  std::uint64_t check_models() {
    std::uint64_t needed = 0;
    std::vector<std::string> names = embedded_bundle_names();
    for (const NamedBundle& pulled : named_bundles(context_.environment)) {
      names.push_back(pulled.name);
    }
    if (std::ranges::find(names, settings_.bundle) == names.end())
      names.push_back(settings_.bundle);
    for (const std::string& name : names) {
      const bool is_used = name == settings_.bundle;
      const std::string shown = name + (is_used ? " (--bundle)" : "");
      try {
        const Bundle bundle = open_named_bundle(context_.environment, name);
        log_.info("hashing and reading {}", bundle.origin());
        const std::vector<std::string> problems = bundle.problems({}, context_.stop);
        const BundleInfo& info = bundle.info();
        if (is_used) {
          // FP16, the default, else as the bundle is stored.
          const std::uint64_t bytes = info.stored_as ? 1 : 2;
          needed = bytes * static_cast<std::uint64_t>(parameter_count(info.esm2_config) +
                                                      parameter_count(info.dnabert_s_config));
        }
        if (problems.empty()) {
          add("models", shown, Finding::kGood, identity_text(info));
        } else {
          add("models", shown, Finding::kFailure, fmt::format("{}", fmt::join(problems, "; ")),
              "Import or copy the bundle again; an embedded one: install the program again.");
        }
      } catch (const ModelError& error) {
        add("models", shown, Finding::kFailure, error.what(),
            "Name another --bundle ('virnucpro models list' shows them), or make this one with "
            "'virnucpro models import'.");
      }
    }
    return needed;
  }

  static std::string identity_text(const BundleInfo& info) {
    std::string text =
        fmt::format("{} {}; sha256 of tokenizer {}, dnabert_s {}, esm2 {}", info.name, info.version,
                    info.tokenizer.sha256, info.dnabert_s.sha256, info.esm2.sha256);
    for (const BundleClassifier& classifier : info.classifiers) {
      text += fmt::format(", classifier {} {}", classifier.expected_length, classifier.part.sha256);
    }
    return text;
  }

  void check_devices() {
    std::ifstream driver("/proc/driver/nvidia/version");
    std::string line;
    if (std::getline(driver, line)) add("devices", "NVIDIA driver", Finding::kGood, line);
    for (const DeviceInfo& device : registry_.list(settings_.threads)) {
      if (device.name == "reference") continue;  // a judge, no device for runs
      if (device.usable) {
        std::string text = device.description;
        for (const PrecisionCost& cost : device.precisions) {
          text += fmt::format("; {}: {}", name_of(cost.precision), cost.computed_as);
        }
        add("devices", device.name, Finding::kGood, text);
      } else {
        // Runs work without a GPU; that one was asked for is judged below.
        add("devices", device.name, Finding::kWarning, "not used: " + device.reason,
            "Without an NVIDIA GPU nothing is to be done; with one, install its driver and the "
            "plug-in ('make cuda'), or name the plug-in's file with VIRNUCPRO_CUDA_PLUGIN.");
      }
    }
    try {
      DeviceChoice choice = registry_.choose(settings_.device);
      add("devices", "chosen (--device)", Finding::kGood, choice.name);
      for (const Device& device : choice.devices) open(device);
    } catch (const Error& error) {
      add("devices", "chosen (--device)", Finding::kFailure, error.what(),
          "Name another --device ('virnucpro devices' lists them); auto takes what works.");
    }
    if (std::ranges::none_of(opened_, [](const CheckDevice& each) { return each.name == "cpu"; })) {
      open({DeviceKind::kCpu});
    }
  }

  void open(const Device& device) {
    const std::string name = text_of(device);
    try {
      DeviceChoice choice = registry_.choose(name);
      backends_.push_back(registry_.create_backend(choice, settings_.threads));
      backends_.back()->set_stop(context_.stop);
      opened_.push_back({name, *backends_.back()});
    } catch (const DeviceError& error) {
      add("devices", name, Finding::kFailure, error.what(),
          "Free its memory, or name other devices with --device.");
    }
  }

  void check_settings() {
    if (settings_.refused.empty()) {
      add("settings", "predict", Finding::kGood, "accepted; listed below");
    } else {
      add("settings", "predict", Finding::kFailure, settings_.refused,
          "Mend the settings file (--config) or the variable that is named.");
    }
  }

  /// The embedded models on stored frames: a processor or GPU that computes wrongly is found here.
  void check_results() {
    const StoredRun stored = embedded_bundle_run();
    const Bundle bundle = embedded_bundle();
    ModelRequest request;
    request.expected_length = stored.expected_length;
    for (const CheckDevice& device : opened_) {
      const std::string name = fmt::format("mini on {}", device.name);
      try {
        const PublishedCheck check =
            check_against({.stored = stored,
                           .info = bundle.info(),
                           .precisions = {},
                           .load =
                               [&](Precision precision, Backend& backend) {
                                 return load_models(
                                     request, precision, /*with_classifier=*/true,
                                     [&](const std::string&) { return bundle; }, backend);
                               }},
                          {device}, context_.stop);
        add_results(name, check);
      } catch (const DeviceError& error) {
        add("results", name, Finding::kFailure, error.what(),
            "Use another --device, and look at what the system's log says of this one.");
      }
    }
  }

  void add_results(const std::string& name, const PublishedCheck& check) {
    std::string text;
    for (const CheckedPrecision& row : check.rows) {
      if (!text.empty()) text += "; ";
      text += fmt::format("{}: ", name_of(row.precision));
      if (!row.left_out.empty()) {
        text += "not computed: " + row.left_out;
        continue;
      }
      text += fmt::format("centred cosines {:.6f} and {:.6f}, scores within {:.2g}",
                          row.encoders[EncoderKind::kDnabertS].cosine,
                          row.encoders[EncoderKind::kEsm2].cosine, row.score_change.value_or(0.0));
    }
    if (check.passed()) return add("results", name, Finding::kGood, text);
    add("results", name, Finding::kFailure,
        fmt::format("{} ({})", fmt::join(check.problems, " "), text),
        "The program, this processor or this GPU computes wrongly: do not trust results from here; "
        "install the program again, try another device, and report it.");
  }

  void estimate_speeds() {
    std::vector<std::pair<CheckDevice, Precision>> wanted;
    for (const CheckDevice& device : opened_) {
      for (const Precision precision : {Precision::kFp16, Precision::kBf16, Precision::kInt8}) {
        wanted.emplace_back(device, precision);
      }
    }
    // A half is for making weights and for the first touch of them.
    const double seconds =
        kSpeedSeconds / 2.0 / static_cast<double>(std::max<std::size_t>(wanted.size(), 1));
    for (const auto& [device, precision] : wanted) {
      log_.info("measuring one layer of each published model in {} on {}", name_of(precision),
                device.name);
      try {
        report_.speeds.push_back(estimate_published_speed(device.name, precision, device.backend,
                                                          seconds, context_.stop));
      } catch (const OutOfDeviceMemory& error) {
        add("speed", fmt::format("{} on {}", name_of(precision), device.name), Finding::kWarning,
            error.what(), "Free memory there for a measurement.");
      }
    }
  }

  Context& context_;
  const DoctorSettings& settings_;
  const Log log_;
  DeviceRegistry registry_;
  std::vector<std::unique_ptr<Backend>> backends_;
  std::vector<CheckDevice> opened_;
  DoctorReport report_;
};

/// The error for the first failure: exit codes say what kind it is.
void throw_first_failure(const DoctorReport& report) {
  const auto first = std::ranges::find(report.findings, Finding::kFailure, &Diagnosis::finding);
  if (first == report.findings.end()) return;
  const std::string message =
      fmt::format("a run would not work here: {}, {}: {}{} {}", first->section, first->name,
                  first->text, first->text.ends_with('.') ? "" : ".", first->mend);
  if (first->section == "models" || first->section == "results") throw ModelError(message);
  if (first->section == "settings") throw ConfigError(message);
  if (first->section == "disks") throw OutputError(message);
  throw DeviceError(message);
}

void run_doctor(Context& context, const DoctorSettings& settings) {
  const DoctorReport report = Doctor(context, settings).examine();
  context.console.print(settings.json ? doctor_json(report) : doctor_page(report));
  context.console.flush();
  throw_first_failure(report);
}

}  // namespace

void add_doctor_command(CLI::App& app, Context& context) {
  CommandOptions taken(app, context, "doctor",
                       "Find out if runs work here, how fast, and what to mend where they do not",
                       {"virnucpro doctor", "virnucpro doctor --bundle published/ --json",
                        "virnucpro doctor --config settings.yaml --no-speed"});
  taken.run_with(Command::kDoctor,
                 [&context](const std::vector<std::string>&, const GivenOptions& options) {
                   run_doctor(context, doctor_settings(options, context.environment));
                 });
}

}  // namespace virnucpro::cli
