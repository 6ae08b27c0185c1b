#include "cli/commands/documents/documents_command.h"

#include <string>
#include <vector>

#include "base/errors.h"
#include "base/format.h"
#include "base/output_file.h"
#include "base/partial_file.h"
#include "cli/command_line/command_options.h"
#include "cli/command_line/command_tree.h"
#include "cli/commands/documents/completion.h"
#include "cli/commands/documents/man_page.h"
#include "cli/commands/documents/options_page.h"
#include "cli/context.h"
#include "cli/terminal/console.h"

namespace virnucpro::cli {
namespace {

void write_file(const std::string& folder, const std::string& name, const std::string& text) {
  make_result_folder(folder);
  OutputFile file(folder + "/" + name);
  file.write(text);
  file.commit();
}

/// All pages and scripts, under the names that they are installed by.
void write_documents(const CommandFacts& program, const std::string& folder) {
  for (const CommandFacts* command : all_commands(program)) {
    write_file(folder + "/man1", man_name(*command) + ".1", man_page(*command, program));
  }
  write_file(folder + "/bash", "virnucpro", bash_completion(program));
  write_file(folder + "/zsh", "_virnucpro", zsh_completion(program));
  write_file(folder + "/fish", "virnucpro.fish", fish_completion(program));
  write_file(folder, "options.md", options_page(program));
}

const CommandFacts& command_named(const CommandFacts& program, const std::string& name) {
  for (const CommandFacts* command : all_commands(program)) {
    if (command->name == name) return *command;
  }
  throw ConfigError(
      fmt::format("unknown command '{}'; 'virnucpro --help' lists what there is", name));
}

}  // namespace

void add_documents_commands(CLI::App& app, Context& context) {
  CommandOptions shell(app, context, "completion",
                       "Write the script that completes this command line in a shell",
                       {"source <(virnucpro completion bash)",
                        "virnucpro completion zsh > ~/.zsh/completions/_virnucpro",
                        "virnucpro completion fish > ~/.config/fish/completions/virnucpro.fish"});
  shell.argument("SHELL", "bash, zsh or fish", "bash, zsh or fish");
  shell.run_with([&app, &context](const std::vector<std::string>& arguments) {
    context.console.print(completion_script(arguments.front(), facts_of(app)));
  });

  CommandOptions page(app, context, "man", "Write the manual page of the program or a command",
                      {"virnucpro man | man -l -", "virnucpro man models import | man -l -"});
  page.arguments("COMMAND", "A command, such as predict or models import; none: the program",
                 "the name of a command", /*are_needed=*/false);
  page.run_with([&app, &context](const std::vector<std::string>& words) {
    const CommandFacts program = facts_of(app);
    const std::string name = fmt::format("{}", fmt::join(words, " "));
    context.console.print(man_page(command_named(program, name), program));
  });

  // For those who build and package the program.
  CommandOptions folder(app, context, "documents",
                        "Write all manual pages, completions and the reference of options",
                        {"virnucpro documents build/documents"});
  folder.hide();
  folder.argument("DIR", "Folder to write to; made when missing", "the path of a folder");
  folder.run_with([&app](const std::vector<std::string>& arguments) {
    write_documents(facts_of(app), arguments.front());
  });
}

}  // namespace virnucpro::cli
