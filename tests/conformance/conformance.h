// Shared by the conformance tests: backends under test, guarded matrices, comparison.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ostream>

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "backend/reference/reference_backend.h"
#include "base/errors.h"
#include "ops/sequences.h"

namespace virnucpro {

/// kDevice: the reference backend, or the cpu backend, behind memory that the host cannot touch:
/// the rules of a device on a machine that has none. kCuda and kDevice run behind a DeviceMirror.
enum class SubjectKind { kReference, kCpu, kDevice, kCuda };

/// A backend under test: on one instruction set (`target` is a Highway target bit; 0: the reference
/// backend), or on one GPU, there or not.
struct Subject {
  std::string name;
  SubjectKind kind = SubjectKind::kReference;
  std::int64_t target = 0;
  std::size_t gpu = 0;

  /// The name in failures and lists of tests.
  friend void PrintTo(const Subject& subject, std::ostream* out) { *out << subject.name; }
};

/// The reference backend, the cpu backend once for each target this machine can run, and the GPUs.
std::vector<Subject> subjects();
/// The same, and the two of kDevice: for the suites that take little time.
std::vector<Subject> subjects_and_devices();

/// Runs each test against one subject and compares with the reference backend. Tests of a GPU that
/// cannot be used are skipped with the reason.
class Conformance : public testing::TestWithParam<Subject> {
 protected:
  void SetUp() override;
  void TearDown() override;

  bool is_reference() const { return GetParam().kind == SubjectKind::kReference; }
  bool is_cuda() const { return GetParam().kind == SubjectKind::kCuda; }
  /// True when the CPU backend's kernels compute.
  bool is_cpu() const { return !is_cuda() && GetParam().target != 0; }
  /// True when its memory is the host's.
  bool is_in_host_memory() const { return is_reference() || GetParam().kind == SubjectKind::kCpu; }
  /// Types of activations that the subject takes.
  std::vector<DataType> activation_types() const;
  /// A subject with that many threads. A GPU has no threads: it gives another stream.
  std::unique_ptr<Backend> make(std::size_t threads) const;

  std::unique_ptr<Backend> backend;
  ReferenceBackend judge;
};

#define VIRNUCPRO_CONFORMANCE_OF(suite, all)                          \
  class suite : public Conformance {};                                \
  INSTANTIATE_TEST_SUITE_P(Backends, suite, testing::ValuesIn(all()), \
                           [](const auto& subject) { return subject.param.name; })
#define VIRNUCPRO_CONFORMANCE(suite) VIRNUCPRO_CONFORMANCE_OF(suite, subjects)
#define VIRNUCPRO_CONFORMANCE_WITH_DEVICES(suite) \
  VIRNUCPRO_CONFORMANCE_OF(suite, subjects_and_devices)

inline const std::vector<DataType> kFloatingTypes = {DataType::kFloat32, DataType::kFloat16,
                                                     DataType::kBFloat16};

/// Normally distributed with that deviation; the same for the same seed.
std::vector<float> random_values(std::int64_t count, std::uint32_t seed, float deviation = 1.0f);

/// A matrix whose surroundings are watched: memory before, after, and between columns and stride
/// is filled with a pattern that nothing may change.
class Grid {
 public:
  Grid(std::int64_t rows, std::int64_t columns, DataType type = DataType::kFloat32,
       std::int64_t gap = 3);
  static Grid random(std::int64_t rows, std::int64_t columns, std::uint32_t seed,
                     DataType type = DataType::kFloat32, float deviation = 1.0f,
                     std::int64_t gap = 3);

  std::int64_t rows() const { return rows_; }
  std::int64_t columns() const { return columns_; }
  DataType type() const { return type_; }
  Matrix view();
  ConstMatrix view() const { return const_cast<Grid*>(this)->view(); }
  float at(std::int64_t row, std::int64_t column) const;
  void set(std::int64_t row, std::int64_t column, float value);
  /// The bytes of one row's elements.
  std::vector<std::byte> row_bytes(std::int64_t row) const;
  /// The same values, type and layout, rows [first, first + count).
  Grid rows_from(std::int64_t first, std::int64_t count) const;
  /// Rows [first, first + count) of a grid of the same columns and type, from row `to` on.
  void copy_rows(const Grid& from, std::int64_t first, std::int64_t count, std::int64_t to);
  /// Elements rounded to `type` and back: the values that a backend multiplying in that type sees.
  Grid rounded_to(DataType type) const;
  /// A test failure that names the place when something outside the elements was written.
  void expect_guards_intact() const;

 private:
  std::size_t byte_of(std::int64_t row, std::int64_t column) const;

  std::int64_t rows_;
  std::int64_t columns_;
  std::int64_t stride_;
  DataType type_;
  std::vector<std::byte> bytes_;
};

/// True when the kernels of the CUDA backend compute.
inline bool runs_on_cuda(const Backend& backend) { return backend.name().starts_with("cuda"); }

/// |actual - expected| <= absolute + relative * |expected|.
struct Tolerance {
  double absolute;
  double relative;
};

/// What one rounding to the stored type may add to `computed`, the tolerance of the float32 maths:
/// half a unit in the last place of 10 (float16) or 7 (bfloat16) fraction bits, and the other
/// neighbour where the float32 values straddle a tie: together one whole unit.
Tolerance stored_as(DataType type, Tolerance computed);

/// Compares all elements; NaN only equals NaN. Reports the worst one with its index and `what`.
void expect_close(const Grid& actual, const Grid& expected, Tolerance tolerance,
                  const std::string& what);

/// Every row's elements to the bit. `first`: where the rows of `part` lie in `whole`.
void expect_same_rows(const Grid& part, const Grid& whole, std::int64_t first,
                      const std::string& what);

/// Offsets 0, l0, l0 + l1, ... for packed sequences.
std::vector<std::int32_t> offsets_of(const std::vector<std::int32_t>& lengths);

inline ConstInts ints(const std::vector<std::int32_t>& values) {
  return {values.data(), static_cast<std::int64_t>(values.size())};
}

inline ConstFloats floats(const std::vector<float>& values) {
  return {values.data(), static_cast<std::int64_t>(values.size())};
}

}  // namespace virnucpro
