// Backends under test, guarded matrices, comparison.
#include "conformance/conformance.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "backend/cpu/cpu_backend.h"
#include "base/check.h"
#include "hwy/highway.h"
#include "support/cuda_devices.h"
#include "support/device_mirror.h"
#include "support/separate_memory.h"
#include "tensor/float16.h"

namespace virnucpro {
namespace {

constexpr std::size_t kGuardBytes = 256;  // more than the widest vector, on both sides
constexpr std::byte kGuard{0xa5};
constexpr std::uint64_t kPoolBytes = std::uint64_t{4} << 30;  // many times what any test needs

}  // namespace

std::vector<Subject> subjects() {
  std::vector<Subject> all = {{"reference", SubjectKind::kReference, 0, 0}};
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    all.push_back({std::string("cpu_") + hwy::TargetName(target), SubjectKind::kCpu, target, 0});
  }
  for (const std::size_t gpu : testing_support::listed_gpus()) {
    all.push_back({fmt::format("cuda_{}", gpu), SubjectKind::kCuda, 0, gpu});
  }
  return all;
}

std::vector<Subject> subjects_and_devices() {
  std::vector<Subject> all = subjects();
  all.push_back({"device_reference", SubjectKind::kDevice, 0, 0});
  // The best target is the lowest bit.
  const auto targets = hwy::SupportedAndGeneratedTargets();
  all.push_back({"device_cpu", SubjectKind::kDevice, *std::ranges::min_element(targets), 0});
  return all;
}

void Conformance::SetUp() {
  if (is_cuda()) {
    const auto& opened = testing_support::cuda_test_device(GetParam().gpu, kPoolBytes);
    if (opened.device == nullptr) GTEST_SKIP() << opened.reason;
  }
  if (is_cpu()) {
    hwy::SetSupportedTargetsForTest(GetParam().target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
  backend = make(2);
}

void Conformance::TearDown() {
  backend.reset();
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

std::vector<DataType> Conformance::activation_types() const {
  return is_cpu() ? std::vector<DataType>{DataType::kFloat32} : kFloatingTypes;
}

std::unique_ptr<Backend> Conformance::make(std::size_t threads) const {
  using testing_support::DeviceMirror;
  using testing_support::SeparateMemoryBackend;
  if (is_cuda()) {
    const auto& opened = testing_support::cuda_test_device(GetParam().gpu, kPoolBytes);
    return std::make_unique<DeviceMirror>(opened.device->create_backend());
  }
  std::unique_ptr<Backend> made;
  if (is_cpu()) {
    made = std::make_unique<CpuBackend>(threads);
  } else {
    made = std::make_unique<ReferenceBackend>();
  }
  if (is_in_host_memory()) return made;
  return std::make_unique<DeviceMirror>(std::make_unique<SeparateMemoryBackend>(std::move(made)));
}

std::vector<float> random_values(std::int64_t count, std::uint32_t seed, float deviation) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0.0f, deviation);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = normal(generator);
  return values;
}

Grid::Grid(std::int64_t rows, std::int64_t columns, DataType type, std::int64_t gap)
    : rows_(rows), columns_(columns), stride_(columns + gap), type_(type) {
  const auto elements = static_cast<std::size_t>(rows * stride_);
  bytes_.assign(2 * kGuardBytes + elements * size_of(type), kGuard);
}

Grid Grid::random(std::int64_t rows, std::int64_t columns, std::uint32_t seed, DataType type,
                  float deviation, std::int64_t gap) {
  Grid grid(rows, columns, type, gap);
  const std::vector<float> values = random_values(rows * columns, seed, deviation);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      grid.set(i, j, values[static_cast<std::size_t>(i * columns + j)]);
    }
  }
  return grid;
}

std::size_t Grid::byte_of(std::int64_t row, std::int64_t column) const {
  return kGuardBytes + static_cast<std::size_t>(row * stride_ + column) * size_of(type_);
}

Matrix Grid::view() { return {bytes_.data() + kGuardBytes, type_, rows_, columns_, stride_}; }

float Grid::at(std::int64_t row, std::int64_t column) const {
  const std::byte* from = bytes_.data() + byte_of(row, column);
  if (type_ == DataType::kFloat32) {
    float value;
    std::memcpy(&value, from, sizeof(value));
    return value;
  }
  std::uint16_t bits;
  std::memcpy(&bits, from, sizeof(bits));
  return type_ == DataType::kFloat16 ? to_float(Float16{bits}) : to_float(BFloat16{bits});
}

void Grid::set(std::int64_t row, std::int64_t column, float value) {
  std::byte* to = bytes_.data() + byte_of(row, column);
  if (type_ == DataType::kFloat32) {
    std::memcpy(to, &value, sizeof(value));
    return;
  }
  const std::uint16_t bits =
      type_ == DataType::kFloat16 ? to_float16(value).bits : to_bfloat16(value).bits;
  std::memcpy(to, &bits, sizeof(bits));
}

std::vector<std::byte> Grid::row_bytes(std::int64_t row) const {
  const auto first = bytes_.begin() + static_cast<std::ptrdiff_t>(byte_of(row, 0));
  const auto size = static_cast<std::size_t>(columns_) * size_of(type_);
  return {first, first + static_cast<std::ptrdiff_t>(size)};
}

Grid Grid::rows_from(std::int64_t first, std::int64_t count) const {
  Grid part(count, columns_, type_, stride_ - columns_);
  part.copy_rows(*this, first, count, 0);
  return part;
}

void Grid::copy_rows(const Grid& from, std::int64_t first, std::int64_t count, std::int64_t to) {
  for (std::int64_t i = 0; i < count; ++i) {
    const std::vector<std::byte> row = from.row_bytes(first + i);
    std::copy(row.begin(), row.end(),
              bytes_.begin() + static_cast<std::ptrdiff_t>(byte_of(to + i, 0)));
  }
}

Grid Grid::rounded_to(DataType type) const {
  Grid narrow(rows_, columns_, type);
  Grid result = *this;
  for (std::int64_t i = 0; i < rows_; ++i) {
    for (std::int64_t j = 0; j < columns_; ++j) {
      narrow.set(i, j, at(i, j));
      result.set(i, j, narrow.at(i, j));
    }
  }
  return result;
}

void Grid::expect_guards_intact() const {
  std::vector<bool> inside(bytes_.size(), false);
  for (std::int64_t i = 0; i < rows_; ++i) {
    const std::size_t first = byte_of(i, 0);
    std::fill_n(inside.begin() + static_cast<std::ptrdiff_t>(first),
                static_cast<std::size_t>(columns_) * size_of(type_), true);
  }
  for (std::size_t b = 0; b < bytes_.size(); ++b) {
    if (inside[b] || bytes_[b] == kGuard) continue;
    ADD_FAILURE() << "byte " << static_cast<std::ptrdiff_t>(b - kGuardBytes) << " of a [" << rows_
                  << ", " << columns_ << "] matrix with stride " << stride_
                  << " was written outside its elements";
    return;
  }
}

Tolerance stored_as(DataType type, Tolerance computed) {
  switch (type) {
    case DataType::kFloat16:
      // 2^-24 is the smallest float16: the unit of all results below 2^-14.
      return {computed.absolute + std::ldexp(1.0, -24), computed.relative + std::ldexp(1.0, -10)};
    case DataType::kBFloat16:
      return {computed.absolute, computed.relative + std::ldexp(1.0, -7)};
    default:
      return computed;
  }
}

void expect_close(const Grid& actual, const Grid& expected, Tolerance tolerance,
                  const std::string& what) {
  ASSERT_EQ(actual.rows(), expected.rows()) << what;
  ASSERT_EQ(actual.columns(), expected.columns()) << what;
  double worst = 1.0;
  std::string report;
  for (std::int64_t i = 0; i < actual.rows(); ++i) {
    for (std::int64_t j = 0; j < actual.columns(); ++j) {
      const double is = actual.at(i, j);
      const double should = expected.at(i, j);
      if (is == should || (std::isnan(is) && std::isnan(should))) continue;
      const double allowed = tolerance.absolute + tolerance.relative * std::abs(should);
      const double excess = std::isfinite(is) ? std::abs(is - should) / allowed : HUGE_VAL;
      if (excess <= worst) continue;
      worst = excess;
      report = fmt::format(
          "{}: element [{}, {}] of [{}, {}] is {}, expected {}: {} times the {} "
          "allowed",
          what, i, j, actual.rows(), actual.columns(), is, should, excess, allowed);
    }
  }
  EXPECT_EQ(worst, 1.0) << report;
  actual.expect_guards_intact();
}

void expect_same_rows(const Grid& part, const Grid& whole, std::int64_t first,
                      const std::string& what) {
  part.expect_guards_intact();
  for (std::int64_t i = 0; i < part.rows(); ++i) {
    ASSERT_EQ(part.row_bytes(i), whole.row_bytes(first + i)) << what << ", row " << i;
  }
}

std::vector<std::int32_t> offsets_of(const std::vector<std::int32_t>& lengths) {
  std::vector<std::int32_t> offsets = {0};
  for (const std::int32_t length : lengths) offsets.push_back(offsets.back() + length);
  return offsets;
}

}  // namespace virnucpro
