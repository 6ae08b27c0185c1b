// The registry, with a plug-in whose GPUs compute on the CPU.
#include "devices/devices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <set>

#include "base/errors.h"
#include "devices/device_models.h"
#include "unit/devices/fake_machine.h"

namespace virnucpro {
namespace {

using test::environment_of;
using test::Machine;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

DeviceRegistry without_gpus() {
  return DeviceRegistry(environment_of(), [] {
    return LoadedCudaPlugin{nullptr, "", "no NVIDIA driver: none"};
  });
}

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
  EXPECT_THAT(devices[0].offered, IsEmpty());
  EXPECT_THAT(devices[1].offered,
              ElementsAre(Precision::kFp16, Precision::kBf16, Precision::kInt8, Precision::kFp32));
  EXPECT_EQ(devices[1].precisions.size(), devices[1].offered.size());
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

}  // namespace
}  // namespace virnucpro
