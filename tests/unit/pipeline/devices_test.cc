// The registry, and whole runs on several devices, with a plug-in whose GPUs compute on the CPU.
#include "pipeline/devices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "base/errors.h"
#include "base/format.h"
#include "pipeline/device_models.h"
#include "pipeline/predict.h"
#include "pipeline/run_facts.h"
#include "run/run_database.h"
#include "support/fake_cuda.h"
#include "unit/pipeline/fake_run.h"
#include "unit/report/temporary_folder.h"

namespace virnucpro {
namespace {

using test::FakeCudaPlugin;
using test::FakeGpu;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Environment environment_of(std::map<std::string, std::string> variables = {}) {
  return [variables](const std::string& name) -> std::optional<std::string> {
    const auto variable = variables.find(name);
    if (variable == variables.end()) return std::nullopt;
    return variable->second;
  };
}

DeviceRegistry without_gpus() {
  return DeviceRegistry(environment_of(), [] {
    return LoadedCudaPlugin{nullptr, "", "no NVIDIA driver: none"};
  });
}

/// A machine with GPUs, by their compute capability.
struct Machine {
  explicit Machine(const std::vector<int>& majors,
                   std::map<std::string, std::string> variables = {}) {
    for (const int major : majors) gpus.push_back(std::make_shared<FakeGpu>(major));
    registry.emplace(environment_of(std::move(variables)), [this] {
      ++loaded;
      return LoadedCudaPlugin{std::make_shared<FakeCudaPlugin>(gpus), "fake", ""};
    });
  }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  Workers workers(const std::string& wanted) {
    DeviceChoice choice = registry->choose(wanted);
    return registry->create_workers(choice, 1);
  }
  std::string refusal(const std::string& wanted) {
    try {
      workers(wanted);
    } catch (const DeviceError& error) {
      return error.what();
    }
    return "no DeviceError";
  }

  std::vector<std::shared_ptr<FakeGpu>> gpus;
  std::optional<DeviceRegistry> registry;
  int loaded = 0;
};

TEST(Devices, StandBestFirstWithTheReasonWhyABetterOneIsNotUsed) {
  DeviceRegistry registry = without_gpus();
  const DeviceChoice choice = registry.choose("auto");
  EXPECT_EQ(choice.name, "cpu");
  EXPECT_THAT(choice.passed_over, ElementsAre("cuda: not used (no NVIDIA driver: none)"));
  EXPECT_THAT(choice.warnings, IsEmpty());
  const std::vector<DeviceInfo> devices = registry.list(1);
  ASSERT_EQ(devices.size(), 3u);
  EXPECT_EQ(devices[0].name, "cuda");
  EXPECT_FALSE(devices[0].usable);
  EXPECT_EQ(devices[0].reason, "no NVIDIA driver: none");
  EXPECT_TRUE(devices[1].usable);
  EXPECT_FALSE(devices[1].description.empty());
  EXPECT_EQ(registry.choose("reference").name, "reference");
  EXPECT_THAT(devices[1].offers, HasSubstr("1 worker with 1 thread on "));
  EXPECT_EQ(devices[1].precisions.size(), kPrecisions.size());
  EXPECT_TRUE(devices[2].precisions.empty());
  EXPECT_EQ(create_workers("cpu", 3).threads, 3u);
  EXPECT_EQ(create_workers("reference", 8).threads, 1u);
}

TEST(Devices, AreNeverReplacedSilently) {
  DeviceRegistry registry = without_gpus();
  const std::pair<const char*, const char*> cases[] = {
      {"cuda", "device 'cuda' cannot be used: no NVIDIA driver: none. Use one of: auto, cpu, ref"},
      {"cuda:0,1", "device 'cuda:0,1' cannot be used: no NVIDIA driver: none. Use one of: auto, c"},
      {"cuda:0,cpu", "device 'cuda:0,cpu' cannot be used: no NVIDIA driver: none. Use one of: aut"},
      {"cpu:1", "device 'cpu:1': cpu has no numbered devices. Use one of: auto, cpu, reference."},
      {"gpu", "unknown device 'gpu'. Use one of: auto, cpu, reference"},
      {"cpu,gpu", "unknown device 'cpu,gpu'. Use one of: auto, cpu, reference"},
      {"auto,cpu", "auto stands alone"},
      {"cpu,cpu", "cpu is named twice"},
  };
  for (const auto& [wanted, message] : cases) {
    SCOPED_TRACE(wanted);
    try {
      registry.choose(wanted);
      FAIL() << "no DeviceError";
    } catch (const DeviceError& error) {
      EXPECT_THAT(error.what(), HasSubstr(message));
    }
  }
}

TEST(Devices, OpenThePluginOnceAndOnlyWhenAGpuIsAskedFor) {
  Machine machine({9, 9});
  machine.registry->choose("cpu");
  machine.workers("reference");
  EXPECT_EQ(machine.loaded, 0);
  machine.registry->choose("cuda:1");
  machine.workers("auto");
  machine.registry->list(1);
  EXPECT_EQ(machine.loaded, 1);
}

TEST(Devices, ListEachGpu) {
  Machine machine({9, 3, 8});
  machine.gpus[1]->reason = "compute capability 3.0 is too old";
  const std::vector<DeviceInfo> devices = machine.registry->list(1);
  ASSERT_EQ(devices.size(), 5u);
  EXPECT_EQ(devices[0].name, "cuda:0");
  EXPECT_TRUE(devices[0].usable);
  EXPECT_EQ(devices[0].description, "Fake GPU, compute capability 9.0, 80.0 GB");
  EXPECT_EQ(devices[0].reason, "");
  EXPECT_EQ(devices[1].name, "cuda:1");
  EXPECT_FALSE(devices[1].usable);
  EXPECT_EQ(devices[1].reason, "compute capability 3.0 is too old");
  EXPECT_EQ(devices[2].name, "cuda:2");
  EXPECT_EQ(devices[3].name, "cpu");
  // Looking takes no memory there.
  for (const auto& gpu : machine.gpus) EXPECT_EQ(gpu->opened, 0u);
}

TEST(Devices, AreChosenByName) {
  Machine machine({9, 9, 9});
  machine.gpus[1]->reason = "in use by another process alone";
  DeviceRegistry& registry = *machine.registry;
  for (const char* all : {"auto", "cuda"}) {
    const DeviceChoice choice = registry.choose(all);
    EXPECT_EQ(choice.name, "cuda:0,2");
    EXPECT_THAT(choice.passed_over,
                ElementsAre("cuda:1: not used (in use by another process alone)"));
    EXPECT_THAT(choice.warnings, IsEmpty());
  }
  EXPECT_EQ(registry.choose("cuda:2,0").name, "cuda:2,0");
  EXPECT_EQ(registry.choose("cpu").name, "cpu");
  EXPECT_EQ(machine.refusal("cuda:0,1"),
            "device 'cuda:0,1' cannot be used: cuda:1: in use by another process alone. Use one "
            "of: auto, cuda, cuda:0, cuda:2, cpu, reference.");
  EXPECT_EQ(machine.refusal("cuda:3"),
            "device 'cuda:3' cannot be used: there are 3 GPUs here, with the numbers inside "
            "CUDA_VISIBLE_DEVICES, from 0. Use one of: auto, cuda, cuda:0, cuda:2, cpu, "
            "reference.");
  machine.gpus[0]->reason = machine.gpus[2]->reason = "asleep";
  EXPECT_EQ(registry.choose("auto").name, "cpu");
  EXPECT_EQ(registry.choose("auto").passed_over.size(), 3u);
  EXPECT_THAT(machine.refusal("cuda"), HasSubstr("cuda:0: not used (asleep); cuda:1: not used"));
}

TEST(Devices, OfUnlikeArithmeticComeWithAWarning) {
  Machine machine({9, 8, 9});
  DeviceRegistry& registry = *machine.registry;
  EXPECT_THAT(registry.choose("cuda:0,2").warnings, IsEmpty());
  EXPECT_THAT(registry.choose("cuda:1").warnings, IsEmpty());
  EXPECT_THAT(registry.choose("cuda:0,1").warnings,
              ElementsAre(HasSubstr("cuda:0,1 compute together, whose compute capabilities")));
  EXPECT_THAT(registry.choose("cuda:0,cpu").warnings,
              ElementsAre(HasSubstr("cuda:0,cpu compute together, which are of different kinds")));
  EXPECT_THAT(registry.choose("cuda,cpu").warnings.size(), 1u);
}

TEST(Devices, HaveSeveralLanesPerGpu) {
  Machine machine({9, 9}, {{"VIRNUCPRO_CUDA_MEMORY", "4096"}});
  const Workers workers = machine.workers("cuda:1,0,cpu");
  std::vector<std::string> names;
  for (const auto& backend : workers.backends) names.emplace_back(backend->name());
  EXPECT_THAT(names,
              ElementsAre("cuda:1", "cuda:1", "cuda:1", "cuda:0", "cuda:0", "cuda:0", "cpu"));
  EXPECT_THAT(workers.lanes, ElementsAre(kCudaLanes, kCudaLanes, 1));
  EXPECT_EQ(workers.threads, 2 * kCudaLanes + 1);
  ASSERT_EQ(workers.gpus.size(), 2u);
  EXPECT_EQ(workers.gpus[0].name, "cuda:1");
  EXPECT_EQ(workers.gpus[0].description, "fake GPU cuda:1 with 4096 MiB");
  EXPECT_EQ(workers.gpus[1].device->create_backend()->name(), "cuda:0");
  for (const auto& gpu : machine.gpus) {
    EXPECT_EQ(gpu->opened, 1u);
    EXPECT_EQ(gpu->contexts, kCudaLanes);
    EXPECT_EQ(gpu->pool_bytes, std::uint64_t{4096} << 20);
  }
  DeviceChoice choice = machine.registry->choose("cuda:1,0");
  EXPECT_EQ(machine.registry->create_backend(choice, 1)->name(), "cuda:1");
  EXPECT_EQ(choice.name, "cuda:1");
  EXPECT_EQ(machine.gpus[1]->contexts, 1u);
}

TEST(Devices, ThatAreFullArePassedOverUnlessNamed) {
  Machine machine({8, 9, 9});
  DeviceRegistry& registry = *machine.registry;
  machine.gpus[0]->is_full = true;
  for (const char* all : {"auto", "cuda"}) {
    DeviceChoice choice = registry.choose(all);
    EXPECT_EQ(choice.name, "cuda:0,1,2");
    EXPECT_EQ(choice.warnings.size(), 1u);  // of unlike capabilities
    EXPECT_THAT(registry.create_workers(choice, 1).lanes, ElementsAre(kCudaLanes, kCudaLanes));
    EXPECT_EQ(choice.name, "cuda:1,2");
    EXPECT_THAT(choice.warnings, IsEmpty());
    EXPECT_THAT(choice.passed_over, ElementsAre("cuda:0: not used (3 of 80000 MiB are free)"));
    choice = registry.choose(all);
    EXPECT_EQ(registry.create_backend(choice, 1)->name(), "cuda:1");
    EXPECT_EQ(choice.name, "cuda:1");
  }
  EXPECT_EQ(machine.refusal("cuda:0,1"), "3 of 80000 MiB are free");

  for (const auto& gpu : machine.gpus) gpu->is_full = true;
  DeviceChoice choice = registry.choose("auto");
  EXPECT_EQ(registry.create_workers(choice, 1).backends.front()->name(), "cpu");
  EXPECT_EQ(choice.name, "cpu");
  EXPECT_EQ(choice.passed_over.size(), 3u);
  choice = registry.choose("auto");
  EXPECT_EQ(registry.create_backend(choice, 1)->name(), "cpu");
  choice = registry.choose("cuda,cpu");
  EXPECT_EQ(registry.create_workers(choice, 1).lanes.size(), 1u);
  EXPECT_EQ(choice.name, "cpu");
  EXPECT_THAT(machine.refusal("cuda"),
              HasSubstr("device 'cuda:0,1,2' cannot be used: cuda:0: not used (3 of 80000 MiB are "
                        "free); cuda:1: not used"));
  choice = registry.choose("cuda");
  EXPECT_THROW(registry.create_backend(choice, 1), DeviceError);
}

TEST(Devices, TakeAllFreeMemoryUnlessTold) {
  for (const char* text : {"", "0"}) {
    Machine machine({9}, {{"VIRNUCPRO_CUDA_MEMORY", text}});
    machine.gpus[0]->pool_bytes = 1;
    machine.workers("cuda");
    EXPECT_EQ(machine.gpus[0]->pool_bytes, 0u);
  }
  for (const char* text : {"8GB", "-1", " 1", "99999999999"}) {
    EXPECT_THROW(Machine({9}, {{"VIRNUCPRO_CUDA_MEMORY", text}}), ConfigError) << text;
  }
}

TEST(DeviceModels, NameTheDeviceThatHasNoRoomForThem) {
  Machine machine({9, 9});
  const Workers workers = machine.workers("cuda");
  for (const std::string full : {"cuda:0", "cuda:1"}) {
    try {
      const DeviceModels models(workers, [&](Backend& backend) {
        if (backend.name() == full) throw OutOfDeviceMemory("6 GB wanted, 2 GB free");
        return LoadedModels();
      });
      FAIL() << "no DeviceError";
    } catch (const DeviceError& error) {
      EXPECT_THAT(error.what(),
                  HasSubstr(full + ": no memory for the models (6 GB wanted, 2 GB free). Free"));
    }
  }
}

TEST(DeviceModels, AreLoadedOncePerDevice) {
  Machine machine({9, 9});
  const Workers workers = machine.workers("cuda,cpu");
  std::mutex mutex;
  std::multiset<std::string> loaded;
  const DeviceModels models(workers, [&](Backend& backend) {
    const std::lock_guard lock(mutex);
    loaded.insert(std::string(backend.name()));
    LoadedModels made;
    made.bundle = backend.name();
    return made;
  });
  EXPECT_THAT(loaded, ElementsAre("cpu", "cuda:0", "cuda:1"));
  EXPECT_EQ(&models.front(), models.by_backend().front());
  ASSERT_EQ(models.by_backend().size(), workers.backends.size());
  for (std::size_t i = 0; i < workers.backends.size(); ++i) {
    EXPECT_EQ(models.by_backend()[i]->bundle, workers.backends[i]->name());
  }
}

// ------------------------------------------------------------------------------------ whole runs

std::string some_fasta() {
  std::mt19937 random(11);
  std::string text;
  for (int i = 0; i < 40; ++i) {
    std::string bases = random_bases(150 + 20 * static_cast<std::size_t>(i), random);
    for (char& base : bases) {
      if (base == 'T' && random() % 8 != 0) base = 'C';  // without stop codons frames are open
    }
    text += fmt::format(">seq{}\n{}\n", i, bases);
  }
  return text;
}

/// predict on the devices of a machine, into folders of its own.
class DeviceRuns : public testing::Test {
 protected:
  DeviceRuns() {
    folder.write("in.fa", some_fasta());
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
    context.precision = precision_of(settings, environment_of());
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

  /// Of the batches of all devices, those that each of them computed.
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
  RunSettings settings;
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
  EXPECT_THAT(report.faults.lost_devices, IsEmpty());
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
