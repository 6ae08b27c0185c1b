// Whole runs on several devices, whose GPUs compute on the CPU.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

#include "base/errors.h"
#include "base/format.h"
#include "devices/device_models.h"
#include "jobs/predict.h"
#include "results/run_facts.h"
#include "run/run_database.h"
#include "support/run_settings.h"
#include "unit/devices/fake_machine.h"
#include "unit/pipeline/fake_run.h"
#include "unit/report/temporary_folder.h"

namespace virnucpro {
namespace {

using test::environment_of;
using test::Machine;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::string forty_records() {
  std::mt19937 random(11);
  std::string text;
  for (int i = 0; i < 40; ++i) {
    text += fmt::format(">seq{}\n{}\n", i,
                        mostly_open_bases(150 + 20 * static_cast<std::size_t>(i), random));
  }
  return text;
}

/// predict on the devices of a machine, into folders of its own.
class DeviceRuns : public testing::Test {
 protected:
  DeviceRuns() {
    folder.write("in.fa", forty_records());
    settings.inputs = {folder.file("in.fa")};
    settings.bundle = std::string(VIRNUCPRO_SOURCE_DIR) + "/models/mini";
    settings.expected_length = 500;
    settings.batch_tokens = 300;
    settings.threads = 1;
  }

  RunReport run(Machine& machine, const std::string& device, const std::string& output) {
    messages.clear();
    settings.output = folder.file(output);
    DeviceChoice choice = machine.registry->choose(device);
    const Workers workers = machine.registry->create_workers(choice, settings.threads);
    RunContext context;
    context.program_version = "0.0.test";
    context.device = choice.name;
    context.warnings = choice.warnings;
    context.precision = choose_precision(settings, environment_of());
    const auto load = [this](Precision precision, bool with_classifier, Backend& backend) {
      return load_models(
          settings, precision, with_classifier,
          [](const std::string& name) { return Bundle::open(name); }, backend);
    };
    const DeviceModels models(workers, [&](Backend& backend) {
      return load(context.precision.precision, true, backend);
    });
    for (const auto& backend : workers.backends) context.backends.push_back(backend.get());
    context.models = models.by_backend();
    context.threads = workers.threads;
    context.load_exact = [&](Backend& b) { return load(Precision::kFp32, false, b); };
    context.log = Log([this](LogLevel, std::string_view line) {
      const std::lock_guard lock(mutex);
      messages.emplace_back(line);
    });
    return run_predict(settings, models.front(), context).report;
  }

  std::string tables(const std::string& output) const {
    std::string text;
    for (const char* name :
         {kPredictionsFile, kContigsFile, kViralFile, kLegacyFramesFile, kLegacyChunksFile}) {
      text += folder.read(output + "/" + name);
    }
    return text;
  }

  /// For each device, how many batches of all it computed.
  static std::map<std::string, std::uint64_t> batches_of(const RunReport& report) {
    std::map<std::string, std::uint64_t> batches;
    for (const DeviceReport& device : report.devices) batches[device.name] = device.batches;
    return batches;
  }

  std::string device_fact(const std::string& output) const {
    const RunDatabase database(folder.file(output));
    for (const RunFact& fact : database.work()) {
      if (fact.name == kDeviceFact) return fact.value;
    }
    return "no fact";
  }

  TemporaryFolder folder;
  testing_support::RunSettings settings;
  std::mutex mutex;
  std::vector<std::string> messages;
};

TEST_F(DeviceRuns, OnSeveralGpusGiveTheResultsOfOne) {
  Machine one({9});
  run(one, "cpu", "cpu");
  run(one, "cuda", "one");
  Machine machine({9, 9});
  for (const auto& gpu : machine.gpus) gpu->slowness = std::chrono::milliseconds(5);
  const RunReport report = run(machine, "auto", "two");
  EXPECT_EQ(tables("two"), tables("one"));
  EXPECT_EQ(tables("two"), tables("cpu"));
  EXPECT_EQ(report.device, "cuda:0,1");
  EXPECT_EQ(report.workers, 2 * kCudaLanes);
  EXPECT_EQ(device_fact("two"), "cuda");
  // Once for each device, whatever the number of lanes.
  EXPECT_EQ(one.gpus[0]->weights.size(), machine.gpus[0]->weights.size());
  EXPECT_EQ(machine.gpus[1]->weights.size(), machine.gpus[0]->weights.size());
  ASSERT_EQ(report.devices.size(), 2u);
  EXPECT_EQ(report.devices[1].name, "cuda:1");
  EXPECT_EQ(report.devices[1].description, "fake GPU cuda:1");
  EXPECT_EQ(report.devices[1].workers, kCudaLanes);
  std::uint64_t batches = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_GT(report.devices[i].batches, 0u);
    EXPECT_EQ(report.devices[i].batches, machine.gpus[i]->batches);
    batches += report.devices[i].batches;
  }
  EXPECT_EQ(batches, report.batches);
  const auto json = nlohmann::json::parse(folder.read("two/run.json"));
  const auto& devices = json["performance"]["devices"];
  ASSERT_EQ(devices.size(), 2u);
  EXPECT_EQ(devices[0]["name"], "cuda:0");
  EXPECT_EQ(devices[0]["workers"], kCudaLanes);
  EXPECT_GT(devices[0]["tokens"]["esm2"], 0);
  EXPECT_GT(devices[0]["busy_seconds"], 0.0);
  EXPECT_EQ(json["options"]["device"], "cuda:0,1");
  EXPECT_EQ(json["options"]["device_description"], "fake GPU cuda:0; fake GPU cuda:1");
}

TEST_F(DeviceRuns, GoOnWithoutALostGpuAndNameItOnce) {
  Machine machine({9, 9});
  run(machine, "cpu", "cpu");
  for (const auto& gpu : machine.gpus) gpu->slowness = std::chrono::milliseconds(5);
  machine.gpus[1]->lost_at = 20;
  const RunReport report = run(machine, "cuda", "out");
  EXPECT_EQ(tables("out"), tables("cpu"));
  EXPECT_THAT(report.faults.lost_devices, ElementsAre("cuda:1"));
  EXPECT_EQ(std::ranges::count_if(
                messages,
                [](const std::string& line) { return line.find(" is lost") != std::string::npos; }),
            1);
  EXPECT_THAT(messages, testing::Contains("cuda:1 is lost: cuda:1: fell off the bus, as the test "
                                          "wants. Its batches go to 1 other"));
  EXPECT_EQ(batches_of(report)["cuda:0"] + batches_of(report)["cuda:1"], report.batches);
}

TEST_F(DeviceRuns, EndWithTheLastGpuAndGoOnWithAnother) {
  Machine machine({9, 9});
  run(machine, "cpu", "cpu");
  for (const auto& gpu : machine.gpus) gpu->lost_at = 60;
  EXPECT_THROW(run(machine, "cuda", "out"), DeviceError);
  EXPECT_THAT(messages, testing::Contains(HasSubstr("No device is left")));
  Machine other({9, 9, 9});
  const RunReport report = run(other, "cuda:2", "out");
  EXPECT_EQ(tables("out"), tables("cpu"));
  // The faults of both processes, and of each.
  EXPECT_THAT(report.faults.lost_devices, UnorderedElementsAre("cuda:0", "cuda:1"));
  ASSERT_EQ(report.sessions.size(), 2u);
  EXPECT_EQ(report.sessions[0].faults.lost_devices, report.faults.lost_devices);
  EXPECT_THAT(report.sessions[1].faults.lost_devices, IsEmpty());
  EXPECT_EQ(other.gpus[0]->opened, 0u);
  EXPECT_THROW(run(other, "cpu", "out"), ConfigError);  // another kind is other work
}

TEST_F(DeviceRuns, MayMixKindsAsAKindOfTheirOwn) {
  Machine machine({9});
  run(machine, "cpu", "cpu");
  const RunReport report = run(machine, "cuda:0,cpu", "mix");
  EXPECT_EQ(tables("mix"), tables("cpu"));  // these GPUs are CPUs
  EXPECT_EQ(device_fact("mix"), "cpu,cuda");
  EXPECT_THAT(report.warnings, testing::Contains(HasSubstr("cuda:0,cpu compute together")));
  ASSERT_EQ(report.devices.size(), 2u);
  EXPECT_EQ(report.devices[0].workers, kCudaLanes);
  EXPECT_EQ(report.devices[1].name, "cpu");
  EXPECT_THROW(run(machine, "cuda:0", "mix"), ConfigError);
  EXPECT_EQ(run(machine, "cpu,cuda", "mix").device, "cpu,cuda:0");
}

TEST_F(DeviceRuns, CutBatchesForTheSmallestRoom) {
  settings.batch_tokens = 0;
  Machine machine({9, 9});
  machine.gpus[0]->room = BatchRoom{std::uint64_t{1} << 40, 16384};
  machine.gpus[1]->room = BatchRoom{std::uint64_t{1} << 40, 512};
  EXPECT_EQ(run(machine, "cuda:0", "a").batch_tokens, 16384);
  EXPECT_EQ(run(machine, "cuda", "b").batch_tokens, 512);
  EXPECT_LE(run(machine, "cuda:0,cpu", "c").batch_tokens, 8192);
  EXPECT_TRUE(run(machine, "cuda:1,cpu", "d").automatic_batch_tokens);
  EXPECT_EQ(tables("a"), tables("b"));
}

TEST_F(DeviceRuns, PrepareFp32ModelsOnTheDeviceThatNeedsThem) {
  // A dense layer with a weight of the other device would end the run.
  Machine machine({9, 9});
  for (const auto& gpu : machine.gpus) {
    gpu->slowness = std::chrono::milliseconds(2);
    gpu->overflows = true;
  }
  const RunReport report = run(machine, "cuda", "out");
  EXPECT_GT(report.faults.recomputed_frames, 0u);
  EXPECT_EQ(report.faults.failed_frames, 0u);
  const std::size_t weights = machine.gpus[0]->weights.size();
  EXPECT_EQ(machine.gpus[1]->weights.size(), weights);
  Machine sound({9});
  run(sound, "cuda", "sound");
  // Twice the encoders, once the classifier.
  EXPECT_GT(weights, sound.gpus[0]->weights.size());
  EXPECT_LT(weights, 2 * sound.gpus[0]->weights.size());
}

}  // namespace
}  // namespace virnucpro
