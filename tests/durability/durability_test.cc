#include "durability/durability_test.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/result_names.h"
#include "cli/test_inputs.h"

namespace virnucpro::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = ::popen(command.c_str(), "r");
  EXPECT_NE(pipe, nullptr) << command;
  if (pipe == nullptr) return text;
  std::array<char, 4096> piece{};
  for (std::size_t n = 0; (n = std::fread(piece.data(), 1, piece.size(), pipe)) > 0;) {
    text.append(piece.data(), n);
  }
  EXPECT_EQ(::pclose(pipe), 0) << command << "\n" << text;
  return text;
}

/// What must be the same in every run of the same work.
std::string lasting_part(const std::string& text, const std::string& folder) {
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) {
    ADD_FAILURE() << folder << "/run.json is no JSON:\n" << text;
    return text;
  }
  for (const char* key : {"performance", "sessions", "faults"}) json.erase(key);
  for (const char* key : {"started_at", "command_line"}) json["program"].erase(key);
  for (const char* key : {"threads", "workers", "device_description"}) json["options"].erase(key);
  return json.dump(1);
}

}  // namespace

Results results_in(const std::string& folder) {
  Results results;
  for (const std::string& name : kTables) {
    const fs::path path = fs::path(folder) / name;
    if (fs::exists(path)) results[name] = content_of(path);
  }
  const fs::path path = fs::path(folder) / "run.json";
  if (fs::exists(path)) results["run.json"] = lasting_part(content_of(path), folder);
  return results;
}

testing::AssertionResult same_results(const Results& expected, const Results& found) {
  if (expected.size() == std::size(kTables) + 1 && expected == found) {
    return testing::AssertionSuccess();
  }
  auto failure = testing::AssertionFailure();
  if (expected.size() != std::size(kTables) + 1) failure << "the undisturbed run has no results; ";
  for (const auto& [name, content] : expected) {
    const auto other = found.find(name);
    if (other == found.end()) {
      failure << name << " is missing; ";
    } else if (other->second != content) {
      failure << name << " differs";
      if (name == "run.json") failure << ":\n" << content << "\nand\n" << other->second;
      failure << "; ";
    }
  }
  return failure;
}

testing::AssertionResult only_whole_results(const Results& expected, const Results& found) {
  if (found.contains("run.json")) return same_results(expected, found);
  for (const auto& [name, content] : found) {
    if (expected.at(name) != content) return testing::AssertionFailure() << name << " differs";
  }
  return testing::AssertionSuccess();
}

StoredState state_of(const std::string& folder) {
  StoredState state;
  const fs::path database = fs::path(folder) / "run.db";
  if (!fs::exists(database)) return state;
  // The stock program would take the log in, and the next process could not show that it can do so.
  const fs::path copy = folder + ".copy.db";
  fs::remove(copy.string() + "-wal");
  fs::copy_file(database, copy, fs::copy_options::overwrite_existing);
  if (fs::exists(database.string() + "-wal")) {
    fs::copy_file(database.string() + "-wal", copy.string() + "-wal");
  }
  const std::string sqlite = "sqlite3 '" + copy.string() + "' ";
  state.integrity = output_of(sqlite + "'PRAGMA integrity_check'");
  while (!state.integrity.empty() && state.integrity.back() == '\n') state.integrity.pop_back();
  state.exists =
      output_of(sqlite + "\"SELECT 1 FROM sqlite_master WHERE name = 'progress'\"") != "";
  if (!state.exists) return state;
  std::istringstream numbers(output_of(
      sqlite +
      "-separator ' ' 'SELECT complete, 2 * (SELECT count(*) FROM orfs WHERE same_as IS NULL) + "
      "(SELECT count(*) FROM embeddings WHERE key / 2 >= orfs) FROM progress'"));
  numbers >> state.is_complete >> state.embedded;
  return state;
}

std::string mixed_input(std::size_t records, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::string text;
  for (std::size_t i = 0; i < records; ++i) {
    std::string bases = open_frame(120 + random() % 40, seed * 100'000 + static_cast<unsigned>(i));
    switch (i % 10) {
      case 3:
        bases = open_frame(400, seed * 100'000 + static_cast<unsigned>(i));
        break;
      case 5:
        bases = open_frame(120, seed);
        break;
      case 6:
        for (char& base : bases) base = "ACGT"[random() % 4];
        break;
      case 7:
        bases.resize(random() % 3);
        break;
      case 8:
        for (int n = 0; n < 5; ++n) bases[random() % bases.size()] = 'N';
        break;
      default:
        break;
    }
    text += ">r" + std::to_string(i % 10 == 9 ? i - 9 : i) + " of the test\n" + bases + "\n";
  }
  return text;
}

int form(const char* variable, int short_form) {
  const char* text = std::getenv(variable);
  return text == nullptr || *text == '\0' ? short_form : std::atoi(text);
}

bool is_long_form() { return form("VIRNUCPRO_DURABILITY_LONG", 0) != 0; }

ProgramCall DurabilityTest::predict(const std::string& folder, const std::string& faults) const {
  ProgramCall call;
  call.arguments = {"predict", "in.fa", "-o", folder, "--batch-tokens", "1024", "--threads", "1"};
  if (faults.empty()) return call;
  call.program = VIRNUCPRO_FAULTY_PROGRAM;
  call.variables["VIRNUCPRO_TEST_FAULTS"] = faults;
  return call;
}

Results DurabilityTest::undisturbed() {
  EXPECT_TRUE(ends_with(run(predict("undisturbed")), 0));
  const Json json = Json::parse(run_json("undisturbed"));
  sequences_ = 2 * json.at("counts").at("frames_embedded").get<std::int64_t>();
  return results_in(path("undisturbed"));
}

std::int64_t DurabilityTest::counted(const std::string& name) const {
  std::int64_t sum = 0;
  if (!exists(name)) return sum;
  std::istringstream lines(read(name));
  for (std::int64_t n = 0; lines >> n;) sum += n;
  return sum;
}

}  // namespace virnucpro::test
