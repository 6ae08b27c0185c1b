// Checks that commands and options in the documents are those of the real program, and the other
// way round.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base/format.h"
#include "cli/models_in_tree.h"
#include "cli/program_runner.h"
#include "support/markdown.h"

namespace virnucpro::test {
namespace {

namespace fs = std::filesystem;

/// Options of other programs, by the program; every one of them is used in the documents.
const std::map<std::string, std::set<std::string>> kOfOthers = {
    {"cmake", {"--build", "--install", "--preset"}},
    {"ctest", {"--preset", "--test-dir"}},
    {"GoogleTest", {"--gtest_filter"}},
    {"sbatch", {"--signal"}},
    {"bench/gpu/pack.sh", {"--genomes"}},
};

std::set<std::string> options_in(const std::string& text) {
  // Not the rest of a longer word, such as the rules of a table.
  static const std::regex kOption(R"((^|[^\w-])(--[a-z][\w-]*))");
  std::set<std::string> found;
  for (std::sregex_iterator option(text.begin(), text.end(), kOption), end; option != end;
       ++option) {
    found.insert((*option)[2]);
  }
  return found;
}

/// `virnucpro WORD` in the code of a document: the words that should be commands.
std::set<std::string> commands_in(const Markdown& document) {
  static const std::regex kCommand(R"((^|[\s/])virnucpro ([a-z][a-z-]*))");
  std::set<std::string> found;
  for (const std::vector<Piece>* pieces : {&document.code, &document.fenced}) {
    for (const Piece& piece : *pieces) {
      for (std::sregex_iterator word(piece.text.begin(), piece.text.end(), kCommand), end;
           word != end; ++word) {
        found.insert((*word)[2]);
      }
    }
  }
  return found;
}

std::string text_of(const fs::path& path) {
  std::ifstream stream(path);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// README.md and all documents in docs/ and its folders.
std::map<std::string, std::string> documents() {
  const fs::path root = VIRNUCPRO_SOURCE_DIR;
  std::map<std::string, std::string> texts = {{"README.md", text_of(root / "README.md")}};
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / "docs")) {
    if (entry.path().extension() == ".md") {
      texts[fs::relative(entry.path(), root).string()] = text_of(entry.path());
    }
  }
  return texts;
}

class DocumentedOptions : public CliTest {
 protected:
  std::string help_of(std::vector<std::string> command) {
    command.emplace_back("--help");
    const ProgramResult result = run(command);
    EXPECT_TRUE(ends_with(result, 0));
    return result.out;
  }

  // The words of the list of subcommands in a help.
  static std::vector<std::string> subcommands_in(const std::string& help) {
    std::vector<std::string> found;
    std::istringstream stream(help.substr(std::min(help.find("\nSubcommands:"), help.size())));
    std::string line;
    for (std::getline(stream, line), std::getline(stream, line);
         std::getline(stream, line) && line.starts_with("  ");) {
      found.push_back(line.substr(2, line.find(' ', 2) - 2));
    }
    return found;
  }

  // The help of every command by its name, that of the program under "".
  std::map<std::string, std::string> all_help() {
    std::map<std::string, std::string> help = {{"", help_of({})}};
    for (const std::string& command : subcommands_in(help[""])) {
      help[command] = help_of({command});
      for (const std::string& inner : subcommands_in(help[command])) {
        help[command] += help_of({command, inner});
      }
    }
    return help;
  }
};

TEST_F(DocumentedOptions, AreThoseOfTheProgram) {
  std::set<std::string> known;
  for (const auto& [command, help] : all_help()) known.merge(options_in(help));
  ASSERT_GT(known.size(), 40u);
  std::set<std::string> foreign;
  for (const auto& [program, options] : kOfOthers) foreign.insert(options.begin(), options.end());
  std::set<std::string> used;
  for (const auto& [name, text] : documents()) {
    for (const std::string& option : options_in(text)) {
      used.insert(option);
      EXPECT_TRUE(known.contains(option) || foreign.contains(option))
          << name << " names " << option << ", which no command has";
    }
  }
  for (const std::string& option : foreign) {
    EXPECT_TRUE(used.contains(option)) << option << " is in no document: take it from the list";
    EXPECT_FALSE(known.contains(option)) << option << " is the program's: take it from the list";
  }
}

TEST_F(DocumentedOptions, AreThoseThatTheProgramWritesDown) {
  ASSERT_TRUE(ends_with(run({"documents", "written"}), 0));
  EXPECT_EQ(documents().at("docs/reference/options.md"), read("written/options.md"))
      << "write the page anew: scripts/update_reference.sh";
}

TEST_F(DocumentedOptions, AreAllThatACommandHas) {
  const std::set<std::string> documented = options_in(documents().at("docs/reference/options.md"));
  for (const auto& [command, help] : all_help()) {
    for (const std::string& option : options_in(help)) {
      const bool is_of_all = option == "--help" || option == "--version";
      EXPECT_TRUE(is_of_all || documented.contains(option))
          << "docs/reference/options.md lacks " << option << " of " << command;
    }
  }
}

TEST_F(DocumentedOptions, StandBehindCommandsThatThereAre) {
  const std::map<std::string, std::string> help = all_help();
  EXPECT_GE(help.size(), 14u);
  std::set<std::string> named;
  for (const auto& [name, text] : documents()) {
    for (const std::string& command : commands_in(parse_markdown(text))) {
      EXPECT_TRUE(help.contains(command)) << name << " names virnucpro " << command;
      named.insert(command);
    }
  }
  EXPECT_EQ(named.size(), help.size() - 1) << "a command is in no document";
}

/// The words of a command line, as a shell would take it apart: up to a pipe, a comment or two
/// blanks, behind which examples explain themselves.
std::vector<std::string> call_words(const std::string& line) {
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) words.push_back(word);
    word.clear();
  };
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0 || c == '\'' || c == '"') {
      quote = quote == 0 ? c : c == quote ? 0 : quote;
      if (c != '\'' && c != '"') word += c;
    } else if (c == ' ') {
      end_word();
      if (i + 1 < line.size() && line[i + 1] == ' ') break;
    } else if (std::string("|#>&;)`").find(c) != std::string::npos) {
      break;
    } else {
      word += c;
    }
  }
  end_word();
  return words;
}

/// All calls of the program in blocks of a document, each from the word after its name.
std::vector<Piece> calls_in(const Markdown& document) {
  static const std::regex kStart(R"((?:^|[\s(|/])virnucpro +(?=[a-z-]))");
  std::vector<Piece> calls;
  for (std::size_t i = 0; i < document.fenced.size(); ++i) {
    std::string line = document.fenced[i].text;
    const int number = document.fenced[i].line;
    while (line.ends_with('\\') && i + 1 < document.fenced.size()) {
      line.pop_back();
      const std::string& next = document.fenced[++i].text;
      line += next.substr(std::min(next.find_first_not_of(' '), next.size()));
    }
    for (std::sregex_iterator start(line.begin(), line.end(), kStart), end; start != end; ++start) {
      const auto at = static_cast<std::size_t>(start->position() + start->length());
      calls.push_back({number, line.substr(at)});
    }
  }
  return calls;
}

/// The flags of a help text, each with the name of its value; empty for a switch.
std::map<std::string, std::string> flags_of_help(const std::string& help) {
  static const std::regex kRow(R"((?:^|\n)  (-[^ \n]+)(?: ([^ \n]+)(?= |\n|$))?)");
  std::map<std::string, std::string> flags;
  for (std::sregex_iterator row(help.begin(), help.end(), kRow), end; row != end; ++row) {
    std::istringstream names((*row)[1]);
    for (std::string name; std::getline(names, name, ',');) flags[name] = (*row)[2];
  }
  return flags;
}

/// What is wrong with a call, beside the help of its command; empty: nothing.
std::string fault_of_call(const std::vector<std::string>& words, const std::string& help) {
  const std::map<std::string, std::string> flags = flags_of_help(help);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string flag = words[i].substr(0, words[i].find('='));
    if (!flag.starts_with("-") || flag == "-") continue;
    if (flag == "--") break;
    const auto found = flags.find(flag);
    if (found == flags.end()) return "it has no " + flag;
    if (found->second.empty()) continue;
    const bool is_next = flag == words[i];
    if (is_next && ++i == words.size()) return "no value for " + flag;
    const std::string value = is_next ? words[i] : words[i].substr(flag.size() + 1);
    const std::string& choices = found->second;
    const bool is_choice =
        choices.find('|') != std::string::npos &&
        std::ranges::none_of(choices, [](unsigned char c) { return std::isupper(c); });
    if (is_choice && value.find_first_of("NAME<") == std::string::npos &&
        ("|" + choices + "|").find("|" + value + "|") == std::string::npos) {
      return flag + " takes " + choices + ", not " + value;
    }
  }
  return "";
}

TEST_F(DocumentedOptions, AreUsedInCallsAsTheirCommandsTakeThem) {
  std::map<std::string, std::string> help = all_help();
  for (const std::string& inner : subcommands_in(help["models"])) {
    help["models " + inner] = help_of({"models", inner});
  }
  int calls = 0;
  for (const auto& [name, text] : documents()) {
    for (const Piece& call : calls_in(parse_markdown(text))) {
      std::vector<std::string> words = call_words(call.text);
      if (words.empty()) continue;
      std::string command = words.front().starts_with("-") ? "" : words.front();
      if (words.size() > 1 && help.contains(command + " " + words[1])) command += " " + words[1];
      if (!help.contains(command)) continue;  // a list such as "list | info", or COMMAND
      ++calls;
      words.erase(words.begin(),
                  words.begin() + std::ranges::count(command, ' ') + (command.empty() ? 0 : 1));
      EXPECT_EQ(fault_of_call(words, help[command]), "")
          << name << ":" << call.line << ": virnucpro " << call.text;
    }
  }
  EXPECT_GT(calls, 60);
}

/// The lines of README.md between one that begins with `begin` and the next that begins with `end`.
std::vector<std::string> lines_of_readme(const std::string& begin, const std::string& end) {
  std::istringstream stream(documents().at("README.md"));
  std::vector<std::string> lines;
  bool is_inside = false;
  for (std::string line; std::getline(stream, line);) {
    if (is_inside && line.starts_with(end)) break;
    if (is_inside) lines.push_back(line);
    if (line.starts_with(begin)) is_inside = true;
  }
  return lines;
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  return {std::istream_iterator<std::string>(stream), {}};
}

/// Equal except for numbers with a point, whose last digit processors may round differently.
bool is_same_row(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    if (x == y) return true;
    const bool are_numbers = x.starts_with("0.") && y.starts_with("0.");
    return are_numbers && std::abs(std::stod(x) - std::stod(y)) < 0.002;
  });
}

class Readme : public CliTest {};

TEST_F(Readme, ShowsTheTableOfTheExamples) {
  const std::string root = VIRNUCPRO_SOURCE_DIR "/";
  ASSERT_TRUE(ends_with(
      run({"predict", root + "examples/genomes.fa", root + "examples/reads.fq.gz", "-o", "out"}),
      0));
  const ProgramResult shown =
      run({.arguments = {root + "scripts/show_results.sh", "out"}, .program = "/bin/bash"});
  ASSERT_TRUE(ends_with(shown, 0));
  std::vector<std::vector<std::string>> rows;
  std::istringstream stream(shown.out);
  for (std::string line; std::getline(stream, line);) rows.push_back(words_of(line));
  const std::vector<std::string> lines = lines_of_readme("<!-- example output", "<!-- end");
  ASSERT_GT(lines.size(), 15u);
  for (const std::string& line : lines) {
    if (line == "```" || line == "...") continue;
    const std::vector<std::string> wanted = words_of(line);
    EXPECT_TRUE(std::any_of(rows.begin(), rows.end(),
                            [&](const auto& row) { return is_same_row(row, wanted); }))
        << "README.md shows \"" << line << "\", and the program\n"
        << shown.out;
  }
}

class Tutorial : public CliTest {
 protected:
  /// The records of contigs.tsv in `folder` that are called viral.
  int called_in(const std::string& folder) {
    std::istringstream rows(read(folder + "/contigs.tsv"));
    int called = 0;
    for (std::string row; std::getline(rows, row);) {
      called += row.find("\tvirus\t") != std::string::npos ? 1 : 0;
    }
    return called;
  }
};

TEST_F(Tutorial, SaysWhatItsCommandsGive) {
  const std::string root = VIRNUCPRO_SOURCE_DIR "/";
  const std::string text = documents().at("docs/tutorial/first_run.md");
  ASSERT_TRUE(ends_with(run({"predict", root + "examples/genomes.fa", root + "examples/reads.fq.gz",
                             "-o", "results"}),
                        0));
  EXPECT_EQ(called_in("results"), 7) << "the six viruses and one of the reads";
  ASSERT_TRUE(ends_with(run({"report", "results", "--fdr", "0.05", "-o", "few_wrong"}), 0));
  EXPECT_THAT(text, testing::HasSubstr(
                        fmt::format("expected to be wrong: {} records", called_in("few_wrong"))));
  ASSERT_TRUE(ends_with(run({"report", "results", "--relaxed", "-o", "many"}), 0));
  EXPECT_THAT(text, testing::HasSubstr(
                        fmt::format("likelier than one in four: {} records", called_in("many"))));
}

TEST_F(Readme, IsShort) {
  const std::string text = documents().at("README.md");
  EXPECT_LT(std::ranges::count(text, '\n'), 120) << "move what is not for a first look into docs/";
}

TEST_F(Readme, HasTheFiguresOfTheEmbeddedBundle) {
  const nlohmann::json card = nlohmann::json::parse(text_of(kMini + "/bundle.json"));
  std::string auroc = "| `mini` (95 % interval)";
  std::string recall = "| recall of `mini` at 1 % / 5 % false positives";
  // The card has four decimals; a 5 at the end is rounded up, whatever its double is.
  const auto number = [](const nlohmann::json& value) { return value.get<double>() + 1e-9; };
  for (const char* length : {"300", "500"}) {
    const nlohmann::json& figures = card["metrics"][std::string("dev_") + length];
    const nlohmann::json& interval = figures["auroc_interval_95"];
    auroc += fmt::format(" | {:.3f} ({:.3f} to {:.3f})", number(figures["auroc"]),
                         number(interval[0]), number(interval[1]));
    recall +=
        fmt::format(" | {:.0f} % / {:.0f} %", 100 * number(figures["recall_at_1_percent_fpr"]),
                    100 * number(figures["recall_at_5_percent_fpr"]));
  }
  const std::vector<std::string> lines = lines_of_readme("<!-- figures", "<!-- end");
  EXPECT_THAT(lines, testing::Contains(auroc + " |"));
  EXPECT_THAT(lines, testing::Contains(recall + " |"));
}

TEST(DocumentedWords, AreFound) {
  EXPECT_EQ(options_in("`--a-b C`, --d=2 |---| x--y (--e2)"),
            (std::set<std::string>{"--a-b", "--d", "--e2"}));
  const Markdown document = parse_markdown(
      "virnucpro is a program. `virnucpro embed -o x`\n\n```\nbuild/virnucpro predict a\n```\n");
  EXPECT_EQ(commands_in(document), (std::set<std::string>{"embed", "predict"}));
  EXPECT_TRUE(is_same_row({"a", "3", "0.960"}, {"a", "3", "0.961"}));
  EXPECT_FALSE(is_same_row({"a", "3", "0.960"}, {"a", "3", "0.970"}));
  EXPECT_FALSE(is_same_row({"a", "3"}, {"a", "4"}));
  EXPECT_FALSE(is_same_row({"a"}, {"a", "4"}));
}

TEST(DocumentedCalls, AreReadAsAShellReadsThem) {
  EXPECT_EQ(call_words("predict 'a b.fa' --x=1 -o c   # the rest"),
            (std::vector<std::string>{"predict", "a b.fa", "--x=1", "-o", "c"}));
  EXPECT_EQ(call_words("man models | man -l -"), (std::vector<std::string>{"man", "models"}));
  const std::vector<Piece> calls = calls_in(parse_markdown(
      "```\nsamtools view a | build/virnucpro predict - \\\n   -o x\nvirnucpro is it\n```\n"));
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].text, "predict - -o x");
  const std::string help =
      "  -o,--output DIR   x\n  --calls a|b y\n  -q,--quiet   z\n  --long N\n      x\n";
  EXPECT_EQ(fault_of_call({"-q", "-o", "--calls", "--calls=b", "--long", "3"}, help), "");
  EXPECT_EQ(fault_of_call({"--calls", "c"}, help), "--calls takes a|b, not c");
  EXPECT_EQ(fault_of_call({"--other"}, help), "it has no --other");
  EXPECT_EQ(fault_of_call({"-o"}, help), "no value for -o");
  EXPECT_EQ(fault_of_call({"--", "--other"}, help), "");
}

}  // namespace
}  // namespace virnucpro::test
