// Memory, placement and description of every backend.
#include <cstring>
#include <optional>

#include "backend/cpu/cpu_backend.h"
#include "conformance/conformance.h"
#include "hwy/highway.h"
#include "support/cuda_devices.h"
#include "tensor/host_tensor.h"

namespace virnucpro {
namespace {

VIRNUCPRO_CONFORMANCE_WITH_DEVICES(BackendTest);

TEST_P(BackendTest, CopiesToAndFromItsMemory) {
  for (const std::size_t count : {0, 1, 1000}) {
    const auto values = random_values(static_cast<std::int64_t>(count), 1);
    const Buffer buffer = backend->allocate(count * sizeof(float));
    EXPECT_EQ(buffer.bytes(), count * sizeof(float));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64, 0u);
    backend->upload(values.data(), buffer.data(), buffer.bytes());
    std::vector<float> back(count);
    backend->download(buffer.data(), back.data(), buffer.bytes());
    EXPECT_EQ(back, values);
  }
}

TEST_P(BackendTest, ReportsMemoryItCannotGet) {
#if defined(VIRNUCPRO_SANITIZED)
  GTEST_SKIP() << "sanitizers end the program when memory cannot be had";
#endif
  EXPECT_THROW(backend->allocate(std::size_t{1} << 60), OutOfDeviceMemory);
}

/// The elements of a vector, which may be in any memory of the backend.
std::vector<float> downloaded(Backend& backend, const PlacedTensor& placed) {
  std::vector<float> values(static_cast<std::size_t>(placed.floats().size));
  backend.download(placed.floats().data, values.data(), values.size() * sizeof(float));
  return values;
}

TEST_P(BackendTest, PlacesMatricesAndVectorsAlignedOrNot) {
  const auto values = random_values(12, 1);
  const PlacedTensor placed = backend->place(make_float_tensor({3, 4}, values));
  EXPECT_EQ(placed.matrix.rows, 3);
  EXPECT_EQ(placed.matrix.columns, 4);
  EXPECT_EQ(placed.matrix.stride, 4);
  EXPECT_EQ(downloaded(*backend, placed), values);
  EXPECT_EQ(downloaded(*backend, backend->place(make_float_tensor({12}, values))), values);
  std::vector<std::byte> bytes(49);
  std::memcpy(bytes.data() + 1, values.data(), 48);
  const HostTensor crooked{DataType::kFloat32, {12}, bytes.data() + 1, nullptr};
  EXPECT_EQ(downloaded(*backend, backend->place(crooked)), values);
  const HostTensor half = convert(make_float_tensor({3, 4}, values), DataType::kFloat16);
  const PlacedTensor placed_half = backend->place(half);
  std::vector<std::byte> back(half.bytes());
  backend->download(placed_half.matrix.data, back.data(), back.size());
  EXPECT_EQ(std::memcmp(back.data(), half.data, back.size()), 0);
  EXPECT_THROW(placed_half.floats(), ContractError);
  EXPECT_THROW(backend->place(make_float_tensor({2, 2, 3}, values)), ContractError);
}

TEST_P(BackendTest, PlacesInPlaceWhereHostMemoryWillDoAndElseACopy) {
  const HostTensor matrix = make_float_tensor({3, 4}, random_values(12, 1));
  EXPECT_EQ(backend->place(matrix).matrix.data == matrix.data, is_in_host_memory());
}

TEST_P(BackendTest, WhatIsPlacedOutlivesItsHostTensor) {
  const auto values = random_values(12, 1);
  PlacedTensor placed;
  {
    const HostTensor vector = make_float_tensor({12}, values);
    placed = backend->place(vector);
  }
  EXPECT_EQ(downloaded(*backend, placed), values);
}

TEST_P(BackendTest, ActivationsHaveTheTypesOfThePrecisions) {
  for (const Precision precision : kPrecisions) {
    DataType expected = DataType::kFloat32;
    if (is_cuda() && precision != Precision::kFp32) {
      expected = precision == Precision::kBf16 ? DataType::kBFloat16 : DataType::kFloat16;
    }
    EXPECT_EQ(backend->activation_type(precision), expected) << name_of(precision);
  }
}

TEST_P(BackendTest, DescriptionNamesTheDevice) {
  if (is_cuda()) {
    const std::size_t gpu = GetParam().gpu;
    EXPECT_EQ(backend->name(), fmt::format("cuda:{}", gpu));
    EXPECT_THAT(backend->description(),
                testing::HasSubstr(testing_support::cuda_test_device(gpu, 0).name));
  } else if (is_cpu()) {
    EXPECT_EQ(backend->name(), "cpu");
    EXPECT_THAT(backend->description(), testing::HasSubstr(hwy::TargetName(GetParam().target)));
    EXPECT_THAT(backend->description(), testing::EndsWith(", 2 threads"));
    EXPECT_THAT(make(1)->description(), testing::EndsWith(", 1 thread"));
  } else {
    EXPECT_EQ(backend->name(), "reference");
  }
}

TEST_P(BackendTest, ItsBatchesAreBoundedWhereItsMemoryIsNotTheHosts) {
  const std::optional<BatchRoom> room = backend->batch_room();
  EXPECT_EQ(room.has_value(), is_cuda());
  if (!room.has_value()) return;
  EXPECT_GT(room->bytes, 0u);
  EXPECT_GT(room->most_tokens, 0);
}

TEST(CpuBackend, UsesAtLeastOneCoreOfItsOwnAccord) {
  EXPECT_THAT(CpuBackend().description(), testing::HasSubstr(" thread"));
}

}  // namespace
}  // namespace virnucpro
