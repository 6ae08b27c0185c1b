#include "cli/program.h"

#include <malloc.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <exception>
#include <new>
#include <string_view>

#include "base/errors.h"
#include "base/format.h"
#include "base/memory.h"
#include "cli/command_line/argument_list.h"
#include "cli/command_line/first_steps.h"
#include "cli/command_line/help.h"
#include "cli/command_line/unexpected.h"
#include "cli/commands/bench/bench_command.h"
#include "cli/commands/calibrate/calibrate_command.h"
#include "cli/commands/classify/classify_command.h"
#include "cli/commands/dataset/dataset_command.h"
#include "cli/commands/devices_command.h"
#include "cli/commands/doctor/doctor_command.h"
#include "cli/commands/documents/documents_command.h"
#include "cli/commands/embed/embed_command.h"
#include "cli/commands/estimate/estimate_command.h"
#include "cli/commands/evaluate/evaluate_command.h"
#include "cli/commands/label_reads/label_reads_command.h"
#include "cli/commands/merge/merge_command.h"
#include "cli/commands/models/models_command.h"
#include "cli/commands/plot/plot_command.h"
#include "cli/commands/precision/precision_command.h"
#include "cli/commands/predict/predict_command.h"
#include "cli/commands/report/report_command.h"
#include "cli/commands/shards/shards_command.h"
#include "cli/commands/train/train_command.h"
#include "cli/commands/validate/validate_command.h"
#include "cli/terminal/console.h"
#include "cli/terminal/failure.h"
#include "cli/terminal/log_output.h"
#include "cli/terminal/lost_mapping.h"
#include "cli/terminal/safe_text.h"
#include "cli/terminal/stop_signals.h"

namespace virnucpro::cli {
namespace {

// What the command line asks for, once it has been read.
enum class Request { kCommand, kHelp, kVersion };

/// Thrown for an argument that is not there, where the container's parser exits with 2.
class MissingArgument : public ConfigError {
 public:
  using ConfigError::ConfigError;
};

/// CLI11's texts on the number of an option's values, in our words.
std::string text_of(const CLI::ArgumentMismatch& error) {
  const std::string text = error.what();
  const std::string option = text.substr(0, text.find(": "));
  if (text.find(": At Most 1 required") != std::string::npos) {
    return option + ": is given more than once; give one value";
  }
  if (text.ends_with(" missing")) return option + ": has no value; give one behind it";
  return text;
}

Request parse(CLI::App& app, const std::vector<std::string>& arguments) {
  std::vector<std::string> reversed = prepared_arguments(app, arguments);
  std::reverse(reversed.begin(), reversed.end());  // CLI11 takes them from the back
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    return Request::kHelp;
  } catch (const CLI::CallForVersion&) {
    return Request::kVersion;
  } catch (const CLI::RequiredError& error) {
    throw MissingArgument(error.what());
  } catch (const CLI::ArgumentMismatch& error) {
    throw ConfigError(text_of(error));
  } catch (const CLI::ParseError& error) {
    throw ConfigError(error.what());
  }
  return Request::kCommand;
}

// The innermost command that was named: help and unexpected arguments belong to it.
const CLI::App& named_command(const CLI::App& app) {
  const CLI::App* command = &app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  return *command;
}

/// Keeps large buffers on pages of their own, at glibc's initial size. Otherwise glibc raises that
/// size with the first buffer given back, and then puts windows and tables of all threads into
/// heaps, whose gaps make memory grow with the input by an eighth.
void keep_large_buffers_apart() {
#ifdef M_MMAP_THRESHOLD
  ::mallopt(M_MMAP_THRESHOLD, 128 * 1024);
#endif
}

/// Works without allocating memory.
void say_out_of_memory() {
  constexpr std::string_view kText =
      "virnucpro: error: out of memory; use fewer --threads, or raise the limit of memory "
      "('ulimit -v', that of the job or the container)\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kText.data(), kText.size());
}

/// Some destructors of libraries allocate (nlohmann/json), where an error cannot be passed on.
[[noreturn]] void end_without_handler() {
  try {
    if (const std::exception_ptr error = std::current_exception()) std::rethrow_exception(error);
  } catch (const std::bad_alloc&) {
    say_out_of_memory();
    ::_exit(kExitDevice);
  } catch (...) {  // a bug of ours
  }
  std::abort();
}

/// The name under which the published container starts this program: `classify` alone, with
/// messages on standard output, where workflow managers show them, and exit codes 0 and 1.
constexpr std::string_view kContainerName = "virnucpro_cli.py";

/// `classify` under the container's name.
void run_as_container(std::vector<std::string> arguments, const Environment& environment,
                      Console& console, const ChangeWorkers& change_workers) {
  for (const std::string& word : arguments) {
    if (word == "--") break;
    if (word != "--version") continue;
    console.print(environment("VIRNUCPRO_VERSION").value_or(program_version()) + "\n");
    return;
  }
  arguments.insert(arguments.begin(), "classify");
  run_program(arguments, environment, console, change_workers);
}

/// Writes the message and returns the exit code.
int report_failure(Console& console, const std::exception_ptr& error) {
  try {
    Failure failure = describe_failure(error);
    if (failure.exit_code != kExitInterrupted && failure.exit_code != kExitDevice &&
        has_reached_memory_limit()) {
      failure = {kExitDevice, fmt::format("out of memory: the limit of this process is reached "
                                          "('ulimit -v'); raise it. Without memory this failed: {}",
                                          failure.message)};
    }
    console.clear_status();
    if (console.is_json()) {
      console.message(json_log_line("error", failure.message,
                                    fmt::format(",\"exit_code\":{}", failure.exit_code)));
    } else {
      console.message("virnucpro: " + console.painted("error:", Color::kRed) + " " +
                      escape_controls(failure.message));
    }
    return failure.exit_code;
  } catch (const std::bad_alloc&) {  // no memory even for the message
    say_out_of_memory();
    return kExitDevice;
  }
}

}  // namespace

void run_program(const std::vector<std::string>& arguments, const Environment& environment,
                 Console& console, const ChangeWorkers& change_workers) {
  Context context{console, environment, arguments, change_workers, {}, {}};
  CLI::App app("Finds viral sequences in reads and contigs.", "virnucpro");
  app.set_version_flag("--version", version_line());
  // Unexpected arguments are reported here, with the nearest known name.
  app.allow_extras();
  // Only one command, because an input file may have the name of another one.
  app.require_subcommand(0, 1);
  add_predict_command(app, context);
  add_report_command(app, context);
  add_merge_command(app, context);
  add_label_reads_command(app, context);
  add_classify_command(app, context);
  add_embed_command(app, context);
  add_train_command(app, context);
  add_evaluate_command(app, context);
  add_plot_command(app, context);
  add_dataset_command(app, context);
  add_calibrate_command(app, context);
  add_models_command(app, context);
  add_validate_command(app, context);
  add_devices_command(app, context);
  add_doctor_command(app, context);
  add_bench_command(app, context);
  add_estimate_command(app, context);
  add_shards_command(app, context);
  add_precision_command(app, context);
  add_documents_commands(app, context);
  app.footer(help_footer({"virnucpro predict contigs.fa -o results", "virnucpro predict --help"},
                         /*with_exit_codes=*/true));

  const Request request = parse(app, arguments);
  if (request == Request::kVersion) return console.print(version_line() + "\n");
  if (request == Request::kHelp) return console.print(app.help());
  const CLI::App& command = named_command(app);
  const std::vector<std::string> unexpected = app.remaining(true);
  if (!unexpected.empty()) throw_unexpected(command, unexpected);
  if (!context.action) {
    if (&command == &app) return console.print(first_steps());
    throw ConfigError("no command; 'virnucpro " + command.get_name() + " --help' lists them");
  }
  for (const auto& parse_value : context.values) parse_value();
  StopSignals signals([&console](int) {
    make_log(console, {.quiet = true, .json = console.is_json()})
        .warning("stopping; a second signal ends the program at once");
  });
  context.stop = signals.token();
  context.action();
}

int main_program(int argc, char** argv, const ChangeWorkers& change_workers) {
  keep_large_buffers_apart();
  secure_standard_streams();
  const std::string_view path = argc > 0 ? argv[0] : "";
  const bool is_container = path.substr(path.rfind('/') + 1) == kContainerName;
  if (is_container) ::dup2(STDOUT_FILENO, STDERR_FILENO);
  end_on_stop_signals();
  std::set_terminate(end_without_handler);
  end_on_lost_mapping();
  Console console;
  try {
    const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    if (is_container) {
      run_as_container(arguments, process_environment(), console, change_workers);
    } else {
      run_program(arguments, process_environment(), console, change_workers);
    }
    console.flush();
    return 0;
  } catch (const MissingArgument&) {
    return report_failure(console, std::current_exception());
  } catch (...) {
    const int exit_code = report_failure(console, std::current_exception());
    return is_container ? 1 : exit_code;
  }
}

}  // namespace virnucpro::cli
