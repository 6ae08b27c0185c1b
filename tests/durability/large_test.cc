// Inputs of a size that takes minutes: the long form only.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <thread>

#include "cli/test_inputs.h"
#include "durability/durability_test.h"

namespace virnucpro::test {
namespace {

using nlohmann::json;

class Large : public DurabilityTest {
 protected:
  void SetUp() override {
    if (!is_long_form()) GTEST_SKIP() << "minutes: VIRNUCPRO_DURABILITY_LONG=1 runs it";
    DurabilityTest::SetUp();
  }

  /// Killed once after `delay`, then run to its end; the peak of that.
  std::uint64_t megabytes_of_resumed_run(std::chrono::seconds delay) const {
    ProgramCall call = predict("out");
    call.while_running = [delay](int process) {
      std::this_thread::sleep_for(delay);
      ::kill(process, SIGKILL);
    };
    EXPECT_TRUE(ends_with(run(call), 128 + SIGKILL));
    EXPECT_EQ(state_of(path("out")).integrity, "ok");
    call.while_running = {};
    EXPECT_TRUE(ends_with(run(call), 0));
    const json report = json::parse(run_json("out"));
    const auto bytes = report.at("performance").at("peak_memory_bytes").get<std::uint64_t>();
    std::cout << "peak memory: " << bytes / 1'000'000 << " MB in "
              << report.at("performance").at("seconds") << " s\n";
    return bytes / 1'000'000;
  }
};

// Stops in every frame, so that the record itself is the work: 600,000 chunks of one record.
TEST_F(Large, RecordOf300MillionBases) {
  std::string bases;
  bases.reserve(300'000'000);
  // TAATTAATTAA: a stop in each of the six frames.
  while (bases.size() < 299'999'000) bases += "TAATTAATTAAGCATGCA";
  bases += open_frame(166, 1);
  write("in.fa", ">chromosome\n" + bases + "\n>after\n" + open_frame(166, 2) + "\n");
  // The record as text, packed, and in a database's hands; not one more for each stage.
  EXPECT_LT(megabytes_of_resumed_run(std::chrono::seconds(5)), 2500U);
  const json counts = json::parse(run_json("out")).at("counts");
  EXPECT_EQ(counts.at("bases"), bases.size() + 498);
  EXPECT_EQ(counts.at("chunks").at("total"), (bases.size() + 499) / 500 + 1);
  EXPECT_EQ(counts.at("records").at("scored"), 2);
}

TEST_F(Large, TenMillionRecords) {
  {
    std::ofstream file(path("in.fa"), std::ios::binary);
    for (int i = 0; i < 10'000'000; ++i) {
      file << ">read" << i << "\n"
           << (i % 500'000 == 0 ? open_frame(50, static_cast<unsigned>(i)) : "TAATTAATTAATTAAGC")
           << "\n";
    }
  }
  EXPECT_LT(megabytes_of_resumed_run(std::chrono::seconds(10)), 1500U);
  const json counts = json::parse(run_json("out")).at("counts");
  EXPECT_EQ(counts.at("records").at("total"), 10'000'000);
  EXPECT_EQ(counts.at("records").at("scored"), 20);
  std::ifstream contigs(path("out/contigs.tsv"));
  std::size_t lines = 0;
  for (std::string line; std::getline(contigs, line);) ++lines;
  EXPECT_EQ(lines, 10'000'001U);
}

}  // namespace
}  // namespace virnucpro::test
