// Completion in shells, and manual pages: made by the program, tried in the shells and formatters
// that are installed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "cli/program_runner.h"

namespace virnucpro::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

namespace fs = std::filesystem;

/// Its path where the system has it; empty otherwise.
std::string installed(const std::string& name) {
  for (const char* folder : {"/usr/local/bin/", "/usr/bin/", "/bin/"}) {
    if (fs::exists(folder + name)) return folder + name;
  }
  return "";
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

class Completion : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    write("reads one.fa", ">a\nACGT\n");
    write("folder/inner.fa", ">a\nACGT\n");
  }

  std::string script(const std::string& shell) {
    const ProgramResult result = run({"completion", shell});
    EXPECT_TRUE(ends_with(result, 0));
    write("script." + shell, result.out);
    return result.out;
  }

  /// What bash offers for the last of `words`, which may be empty.
  std::vector<std::string> offered(const std::vector<std::string>& words) {
    std::string call = "source script.bash; COMP_WORDS=(virnucpro";
    for (const std::string& word : words) call += " '" + word + "'";
    call += "); COMP_CWORD=" + std::to_string(words.size()) +
            "; _virnucpro; printf '%s\\n' \"${COMPREPLY[@]}\"";
    const ProgramResult result = run({.arguments = {"-c", call}, .program = "/bin/bash"});
    EXPECT_TRUE(ends_with(result, 0)) << call;
    EXPECT_EQ(result.err, "");
    return lines_of(result.out);
  }
};

TEST_F(Completion, OfBashOffersWhatMayStandThere) {
  script("bash");
  EXPECT_THAT(offered({""}), IsSupersetOf({"predict", "report", "models", "completion", "man"}));
  EXPECT_THAT(offered({""}), Not(Contains("documents"))) << "hidden";
  EXPECT_THAT(offered({"pre"}), ElementsAre("predict", "precision"));
  EXPECT_THAT(offered({"--v"}), ElementsAre("--version"));
  EXPECT_THAT(offered({"models", ""}), IsSupersetOf({"import", "info", "list", "verify"}));
  EXPECT_THAT(offered({"models", "import", "--esm"}), ElementsAre("--esm2"));
  EXPECT_THAT(offered({"predict", "--out"}), ElementsAre("--output-dir"));
  EXPECT_THAT(offered({"evaluate", "--shard"}), ElementsAre("")) << "an option of predict";
  EXPECT_THAT(offered({"predict", "--num-w"}), ElementsAre("")) << "one without effect";
  EXPECT_THAT(offered({"predict", "--calls", ""}), ElementsAre("published", "bundle"));
  EXPECT_THAT(offered({"predict", "-m", "3"}), ElementsAre("300"));
  EXPECT_THAT(offered({"predict", "--calls", "=", "b"}), ElementsAre("bundle"));
  EXPECT_THAT(offered({"predict", "--calls", "="}), ElementsAre("published", "bundle"));
  EXPECT_THAT(offered({"predict", "-o", ""}), ElementsAre("folder")) << "folders alone";
  EXPECT_THAT(offered({"predict", "--bundle", ""}), ElementsAre("mini", "folder"));
  EXPECT_THAT(offered({"predict", "-o", "folder", "re"}), ElementsAre("reads one.fa"));
  EXPECT_THAT(offered({"predict", "--", "-"}), ElementsAre("")) << "options have ended";
  EXPECT_THAT(offered({"completion", "z"}), ElementsAre("zsh"));
}

TEST_F(Completion, OfFishOffersWhatMayStandThere) {
  const std::string fish = installed("fish");
  if (fish.empty()) GTEST_SKIP() << "fish is not installed";
  script("fish");
  const auto offers = [&](const std::string& line) {
    const ProgramResult result =
        run({.arguments = {"--no-config", "-c", "source script.fish; complete -C '" + line + "'"},
             .program = fish});
    EXPECT_TRUE(ends_with(result, 0));
    std::vector<std::string> words;
    for (const std::string& offer : lines_of(result.out)) {
      words.push_back(offer.substr(0, offer.find('\t')));
    }
    return words;
  };
  EXPECT_TRUE(ends_with(run({.arguments = {"-n", "script.fish"}, .program = fish}), 0));
  EXPECT_THAT(offers("virnucpro pre"), testing::UnorderedElementsAre("predict", "precision"));
  EXPECT_THAT(offers("virnucpro models "), IsSupersetOf({"import", "info", "list", "verify"}));
  EXPECT_THAT(offers("virnucpro predict --calls "), IsSupersetOf({"published", "bundle"}));
  EXPECT_THAT(offers("virnucpro predict --out"), ElementsAre("--output-dir"));
  EXPECT_THAT(offers("virnucpro evaluate --shar"), testing::IsEmpty());
}

TEST_F(Completion, OfZshIsAScriptThatZshReads) {
  const std::string zsh = installed("zsh");
  const std::string text = script("zsh");
  EXPECT_THAT(text, AllOf(testing::StartsWith("#compdef virnucpro\n"), HasSubstr("--output-dir")));
  if (zsh.empty()) GTEST_SKIP() << "zsh is not installed";
  EXPECT_TRUE(ends_with(run({.arguments = {"-n", "script.zsh"}, .program = zsh}), 0));
  // Loaded as a function of the completion system, which defines one for each command.
  const ProgramResult loaded =
      run({.arguments =
               {"-f", "-c",
                "autoload -U compinit; compinit -D -u; source ./script.zsh; "
                "whence -w _virnucpro-predict _virnucpro-models-import; print $_comps[virnucpro]"},
           .program = zsh});
  EXPECT_TRUE(ends_with(loaded, 0));
  EXPECT_EQ(loaded.out,
            "_virnucpro-predict: function\n_virnucpro-models-import: function\n_virnucpro\n");
}

TEST_F(Completion, OfAnotherShellIsRefused) {
  const ProgramResult result = run({"completion", "csh"});
  EXPECT_TRUE(ends_with(result, 2));
  EXPECT_THAT(result.err,
              HasSubstr("'csh' has no completion here; there is one for bash, zsh, fish"));
}

class ManualPages : public CliTest {
 protected:
  /// The names of the pages, all of them written to the folder documents/.
  std::vector<std::string> pages() {
    EXPECT_TRUE(ends_with(run({"documents", "documents"}), 0));
    return names_in("documents/man1");
  }
};

TEST_F(ManualPages, AreThereForEveryCommand) {
  const std::vector<std::string> names = pages();
  EXPECT_THAT(names, IsSupersetOf({"virnucpro.1", "virnucpro-predict.1", "virnucpro-models.1",
                                   "virnucpro-models-import.1"}));
  EXPECT_THAT(names, Not(Contains("virnucpro-documents.1")));
  for (const std::string& name : names) {
    const std::string text = read("documents/man1/" + name);
    for (const char* section : {"NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "SEE ALSO"}) {
      EXPECT_THAT(text, HasSubstr(std::string("\n.SH ") + section + "\n")) << name;
    }
  }
  EXPECT_EQ(run({"man"}).out, read("documents/man1/virnucpro.1"));
  EXPECT_EQ(run({"man", "models", "import"}).out, read("documents/man1/virnucpro-models-import.1"));
  EXPECT_THAT(read("documents/man1/virnucpro-predict.1"),
              HasSubstr("\\fB\\-o\\fR, \\fB\\-\\-output\\-dir\\fR \\fIDIR\\fR\n"));
  EXPECT_TRUE(ends_with(run({"man", "nothing"}), 2));
}

TEST_F(ManualPages, AreWhatMandocAndManReadWithoutAWord) {
  const std::string mandoc = installed("mandoc");
  const std::string man = installed("man");
  if (mandoc.empty() && man.empty()) GTEST_SKIP() << "neither mandoc nor man is installed";
  for (const std::string& name : pages()) {
    const std::string page = path("documents/man1/" + name);
    if (!mandoc.empty()) {
      const ProgramResult result =
          run({.arguments = {"-T", "lint", "-W", "warning", page}, .program = mandoc});
      // Without a date the same program gives the same bytes.
      for (const std::string& line : lines_of(result.out + result.err)) {
        EXPECT_THAT(line, HasSubstr("missing date")) << name;
      }
    }
    if (!man.empty()) {
      const ProgramResult result = run({.arguments = {"--warnings", "-l", page},
                                        .program = man,
                                        .variables = {{"MANWIDTH", "100"}}});
      EXPECT_TRUE(ends_with(result, 0));
      EXPECT_EQ(result.err, "") << name;
      EXPECT_THAT(result.out, HasSubstr("SYNOPSIS")) << name;
    }
  }
}

}  // namespace
}  // namespace virnucpro::test
