// Memory, placement and description of every backend.
#include <cstring>

#include "backend/cpu/cpu_backend.h"
#include "conformance/conformance.h"
#include "hwy/highway.h"
#include "tensor/host_tensor.h"

namespace virnucpro {
namespace {

VIRNUCPRO_CONFORMANCE(BackendTest);

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

TEST_P(BackendTest, PlacesMatricesAndVectorsInPlaceAndMovesOnlyWhatIsNotAligned) {
  const auto values = random_values(12, 1);
  const HostTensor matrix = make_float_tensor({3, 4}, values);
  const PlacedTensor placed = backend->place(matrix);
  EXPECT_EQ(placed.matrix.data, matrix.data);
  EXPECT_EQ(placed.matrix.rows, 3);
  EXPECT_EQ(placed.matrix.columns, 4);
  const PlacedTensor vector = backend->place(make_float_tensor({12}, values));
  EXPECT_EQ(vector.floats().size, 12);
  EXPECT_EQ(vector.floats().data[11], values[11]);
  std::vector<std::byte> bytes(49);
  std::memcpy(bytes.data() + 1, values.data(), 48);
  const HostTensor crooked{DataType::kFloat32, {12}, bytes.data() + 1, nullptr};
  EXPECT_EQ(backend->place(crooked).floats().data[11], values[11]);
  EXPECT_THROW(backend->place(make_float_tensor({2, 2, 3}, values)), ContractError);
  EXPECT_THROW(backend->place(convert(matrix, DataType::kFloat16)).floats(), ContractError);
}

TEST_P(BackendTest, ActivationsAreFloat32InEveryPrecision) {
  for (const Precision precision : {Precision::kFp16, Precision::kBf16, Precision::kFp32}) {
    EXPECT_EQ(backend->activation_type(precision), DataType::kFloat32);
  }
}

TEST_P(BackendTest, DescriptionNamesTheInstructionSetAndTheThreads) {
  if (is_reference()) {
    EXPECT_EQ(backend->name(), "reference");
    return;
  }
  EXPECT_EQ(backend->name(), "cpu");
  EXPECT_THAT(backend->description(), testing::HasSubstr(hwy::TargetName(GetParam().target)));
  EXPECT_THAT(backend->description(), testing::EndsWith(", 2 threads"));
  EXPECT_THAT(make(1)->description(), testing::EndsWith(", 1 thread"));
}

TEST(CpuBackend, UsesAtLeastOneCoreOfItsOwnAccord) {
  EXPECT_THAT(CpuBackend().description(), testing::HasSubstr(" thread"));
}

}  // namespace
}  // namespace virnucpro
