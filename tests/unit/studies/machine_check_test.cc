// What is said of a machine and its limits.
#include "studies/machine_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace virnucpro {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kGiga = 1'000'000'000;

MachineFacts sound() {
  MachineFacts facts;
  facts.processor = "a processor";
  facts.instructions = "AVX2";
  facts.cores = 8;
  facts.usable = 8;
  facts.memory = 32 * kGiga;
  facts.available = 24 * kGiga;
  facts.open_files = 1024;
  return facts;
}

Diagnosis named(const std::vector<Diagnosis>& found, const std::string& name) {
  const auto place = std::ranges::find_if(
      found, [&](const Diagnosis& each) { return each.name.starts_with(name); });
  EXPECT_NE(place, found.end()) << name;
  return place == found.end() ? Diagnosis{} : *place;
}

void expect_mends(const std::vector<Diagnosis>& found) {
  for (const Diagnosis& each : found) {
    EXPECT_EQ(each.finding != Finding::kGood, !each.mend.empty()) << each.name << each.text;
  }
}

TEST(MachineCheck, FindsNothingWrongWithASoundMachine) {
  const std::vector<Diagnosis> found = judge_machine(sound(), 6 * kGiga);
  expect_mends(found);
  for (const Diagnosis& each : found) EXPECT_EQ(each.finding, Finding::kGood) << each.name;
  EXPECT_EQ(named(found, "cores").text, "8 cores on 1 NUMA node");
}

TEST(MachineCheck, JudgesMemoryByTheModels) {
  MachineFacts facts = sound();
  facts.available = 4 * kGiga;
  EXPECT_EQ(named(judge_machine(facts, 10'000'000), "available").finding, Finding::kGood);
  const std::vector<Diagnosis> found = judge_machine(facts, 6 * kGiga);
  EXPECT_EQ(named(found, "available").finding, Finding::kFailure);
  expect_mends(found);
  facts.available = 7 * kGiga;
  EXPECT_EQ(named(judge_machine(facts, 6 * kGiga), "available").finding, Finding::kWarning);
  facts.available.reset();
  EXPECT_EQ(named(judge_machine(facts, 6 * kGiga), "available").finding, Finding::kGood);
}

TEST(MachineCheck, JudgesLimits) {
  MachineFacts facts = sound();
  facts.usable = 2;
  facts.open_files = 40;
  facts.addresses = 2 * kGiga;
  facts.file_bytes = 1'000'000;
  const std::vector<Diagnosis> found = judge_machine(facts, 6 * kGiga);
  expect_mends(found);
  EXPECT_EQ(named(found, "cores").finding, Finding::kWarning);
  EXPECT_EQ(named(found, "open files").finding, Finding::kFailure);
  EXPECT_THAT(named(found, "open files").mend, HasSubstr("ulimit -n"));
  EXPECT_EQ(named(found, "addresses").finding, Finding::kFailure);
  EXPECT_EQ(named(found, "size of a file").finding, Finding::kFailure);
  facts.open_files = 128;
  EXPECT_EQ(named(judge_machine(facts, 0), "open files").finding, Finding::kWarning);
}

TEST(MachineCheck, LooksAtTheNearestFolderThatIsThere) {
  const std::string folder = testing::TempDir() + "machine_check";
  std::filesystem::create_directories(folder);
  const std::string file = folder + "/file";
  std::ofstream(file) << "text";
  const std::vector<Diagnosis> found =
      judge_folders({{"made later", folder + "/a/b"}, {"in the way", file}});
  EXPECT_NE(found[0].finding, Finding::kFailure) << found[0].text;
  EXPECT_THAT(found[0].text, HasSubstr("(" + folder + "): "));
  EXPECT_EQ(found[1].finding, Finding::kFailure);
  EXPECT_THAT(found[1].text, HasSubstr("is not a folder"));
  EXPECT_NE(found[1].mend, "");
  // No disk at all.
  EXPECT_EQ(judge_folders({{"system", "/proc"}})[0].finding, Finding::kFailure);
}

TEST(MachineCheck, KnowsThisMachine) {
  const MachineFacts facts = machine_facts();
  EXPECT_GE(facts.usable, 1u);
  EXPECT_GE(facts.cores, facts.usable);
  EXPECT_GT(facts.memory, kGiga / 4);
  EXPECT_LE(facts.available.value_or(0), facts.memory + kGiga);
  EXPECT_GT(facts.open_files, 0u);
}

}  // namespace
}  // namespace virnucpro
