#include "cli/command_line/first_steps.h"

#include <array>
#include <filesystem>
#include <optional>
#include <system_error>

#include "base/format.h"
#include "base/split.h"

namespace virnucpro::cli {
namespace {

namespace fs = std::filesystem;

/// From the folder of the program: in an installation, and in a build.
constexpr std::array kExampleFolders = {"../share/virnucpro/examples", "../../../../examples"};

std::optional<fs::path> examples() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) return std::nullopt;
  for (const char* folder : kExampleFolders) {
    const fs::path path = (program.parent_path() / folder).lexically_normal();
    if (fs::is_regular_file(path / "genomes.fa", error) &&
        fs::is_regular_file(path / "reads.fq.gz", error)) {
      return path;
    }
  }
  return std::nullopt;
}

/// As a shell reads it, and from the working folder where the file is below it.
std::string shown(const fs::path& path) {
  std::error_code error;
  const std::string relative = fs::relative(path, fs::current_path(error), error).string();
  const bool is_below = !error && !relative.empty() && !relative.starts_with("..");
  const std::string text = is_below ? relative : path.string();
  if (text.find_first_of(" '\"\\$`&|;<>()*?[]#~!{}\t\n") == std::string::npos) return text;
  std::string quoted = "'";
  for (const std::string& part : split(text, '\'')) {
    quoted += (quoted.size() > 1 ? "'\\''" : "") + part;
  }
  return quoted + "'";
}

}  // namespace

std::string first_steps() {
  const std::optional<fs::path> folder = examples();
  std::string text = "VirNucPro finds viral sequences in reads and contigs. To begin:\n\n";
  if (folder) {
    text += fmt::format(
        "  virnucpro predict {} -o virnucpro_example\n"
        "      the viruses among eleven known sequences, in seconds\n"
        "  virnucpro validate {}\n"
        "      what is in a file of sequences, and what is wrong with it\n",
        shown(*folder / "genomes.fa"), shown(*folder / "reads.fq.gz"));
  } else {
    text +=
        "  virnucpro models list\n"
        "      the models that are there\n"
        "  virnucpro models verify mini\n"
        "      whether the model in the program is whole\n";
  }
  text +=
      "  virnucpro devices\n"
      "      where this machine can compute, and how\n\n"
      "With sequences of your own: virnucpro predict contigs.fa -o results\n"
      "All commands: virnucpro --help. One of them: virnucpro predict --help\n";
  return text;
}

}  // namespace virnucpro::cli
