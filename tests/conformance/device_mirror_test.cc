// The mirror itself, without a device: what it must notice, and what it must leave as it is.
#include "support/device_mirror.h"

#include <bit>
#include <cstring>
#include <functional>

#include "backend/cpu/cpu_backend.h"
#include "conformance/conformance.h"
#include "support/separate_memory.h"
#include "tensor/host_tensor.h"

namespace virnucpro {
namespace {

using testing_support::DeviceMirror;
using testing_support::SeparateMemoryBackend;

/// The reference backend, and after each operation a look at, or a write into, its memory.
class Inner final : public ForwardingBackend {
 public:
  Inner() : Inner(std::make_unique<ReferenceBackend>()) {}

  std::function<void(const ops::Softmax&)> after_softmax = [](const auto&) {};
  std::function<void(const ops::LayerNorm&)> after_layer_norm = [](const auto&) {};
  std::function<void(const ops::Linear&)> after_linear = [](const auto&) {};
  int pool_calls = 0;

 private:
  explicit Inner(std::unique_ptr<Backend> judge)
      : ForwardingBackend(judge.get()), judge_(std::move(judge)) {}

  void do_softmax(const ops::Softmax& op) override {
    ForwardingBackend::do_softmax(op);
    after_softmax(op);
  }
  void do_layer_norm(const ops::LayerNorm& op) override {
    ForwardingBackend::do_layer_norm(op);
    after_layer_norm(op);
  }
  void do_linear(const ops::Linear& op) override {
    ForwardingBackend::do_linear(op);
    after_linear(op);
  }
  ops::NonfiniteCount do_pool_embeddings(const ops::MeanPool& op, std::span<float> values,
                                         std::span<std::int32_t> rows) override {
    ++pool_calls;
    return judge_->pool_embeddings(op, values, rows);
  }

  std::unique_ptr<Backend> judge_;
};

class DeviceMirrorTest : public testing::Test {
 protected:
  DeviceMirrorTest() {
    auto made = std::make_unique<Inner>();
    inner = made.get();
    mirror = std::make_unique<DeviceMirror>(std::move(made));
  }

  Inner* inner = nullptr;
  std::unique_ptr<Backend> mirror;
};

/// A byte `offset` elements from the first one of the matrix.
std::byte& element(const void* data, std::int64_t offset) {
  return *reinterpret_cast<std::byte*>(
      const_cast<float*>(static_cast<const float*>(data) + offset));
}

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const ContractError& error) {
    return error.what();
  }
  return "no error";
}

TEST_F(DeviceMirrorTest, ComputesWhatTheInnerBackendComputes) {
  const Grid input = Grid::random(4, 21, 9);
  Grid actual(4, 21);
  Grid expected(4, 21);
  mirror->softmax({input.view(), actual.view()});
  ReferenceBackend().softmax({input.view(), expected.view()});
  expect_same_rows(actual, expected, 0, "softmax");
}

TEST_F(DeviceMirrorTest, CatchesEveryWriteOutsideTheElementsOfTheOutput) {
  // [4, 21] with a stride of 24: elements 0..20, 24..44, 48..68 and 72..92.
  for (const std::int64_t offset : {-64, -1, 21, 23, 45, 71, 93, 100, 93 + 63}) {
    const Grid input = Grid::random(4, 21, 9);
    Grid output(4, 21);
    inner->after_softmax = [&](const ops::Softmax& op) {
      element(op.output.data, offset) ^= std::byte{1};
    };
    const std::string message = message_of([&] { mirror->softmax({input.view(), output.view()}); });
    EXPECT_THAT(message, testing::HasSubstr(fmt::format(
                             "softmax changed byte {} of a memory of 372 bytes", 4 * offset)));
    output.expect_guards_intact();
  }
  for (const std::int64_t offset : {0, 20, 24, 92}) {
    const Grid input = Grid::random(4, 21, 9);
    Grid output(4, 21);
    inner->after_softmax = [&](const ops::Softmax& op) {
      element(op.output.data, offset) ^= std::byte{1};
    };
    EXPECT_EQ(message_of([&] { mirror->softmax({input.view(), output.view()}); }), "no error");
  }
}

TEST_F(DeviceMirrorTest, CatchesAWriteIntoAnInput) {
  const Grid input = Grid::random(4, 21, 9);
  Grid output(4, 21);
  inner->after_softmax = [](const ops::Softmax& op) { element(op.input.data, 5) ^= std::byte{1}; };
  EXPECT_THAT(message_of([&] {
                mirror->softmax({input.view(), output.view()});
              }),
              testing::HasSubstr("softmax changed byte 20"));
  const std::vector<float> vector = random_values(21, 1);
  inner->after_layer_norm = [](const ops::LayerNorm& op) {
    element(op.beta.data, 20) ^= std::byte{1};
  };
  const std::vector<float> beta = vector;
  EXPECT_THAT(
      message_of([&] {
        mirror->layer_norm({input.view(), {}, floats(vector), floats(beta), 1e-5f, output.view()});
      }),
      testing::HasSubstr("layer_norm changed byte 80 of a memory of 84 bytes"));
}

TEST_F(DeviceMirrorTest, ViewsThatShareMemoryShareItOnTheDevice) {
  Grid grid = Grid::random(5, 30, 1);
  Grid other = Grid::random(5, 30, 2);
  const std::vector<float> gamma = random_values(30, 3);
  int calls = 0;
  mirror->softmax({grid.view(), grid.view()});
  for (const bool on_input : {true, false}) {
    inner->after_layer_norm = [&](const ops::LayerNorm& op) {
      ++calls;
      EXPECT_EQ(op.output.data == op.input.data, on_input);
      EXPECT_EQ(op.output.data == op.residual.data, !on_input);
      EXPECT_EQ(op.gamma.data, op.beta.data);
    };
    mirror->layer_norm({grid.view(), other.view(), floats(gamma), floats(gamma), 1e-5f,
                        on_input ? grid.view() : other.view()});
  }
  // Two column ranges of one matrix.
  inner->after_softmax = [&](const ops::Softmax& op) {
    ++calls;
    EXPECT_EQ(static_cast<const float*>(op.output.data) - static_cast<const float*>(op.input.data),
              15);
  };
  mirror->softmax({grid.view().column_range(0, 15), grid.view().column_range(15, 15)});
  inner->after_linear = [&](const ops::Linear& op) {
    ++calls;
    EXPECT_EQ(op.output.data, op.residual.data);
    EXPECT_NE(op.output.data, op.input.data);
  };
  const auto weight = mirror->prepare_linear(make_float_tensor({30, 30}, random_values(900, 4)),
                                             DataType::kFloat32);
  mirror->linear(
      {grid.view(), weight.get(), {}, ops::Activation::kNone, other.view(), other.view()});
  EXPECT_EQ(calls, 4);
}

TEST_F(DeviceMirrorTest, KeepsTheMisalignmentOfHostMemory) {
  alignas(64) std::array<float, 64> memory{};
  for (std::size_t shift = 0; shift < 16; ++shift) {
    inner->after_softmax = [&](const ops::Softmax& op) {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(op.output.data) % 256, shift * sizeof(float));
    };
    const Matrix view{memory.data() + shift, DataType::kFloat32, 2, 5, 7};
    mirror->softmax({view, view});
  }
}

TEST_F(DeviceMirrorTest, BytesSurviveEvenThoseOfNan) {
  const auto odd_nan = std::bit_cast<float>(std::uint32_t{0x7fa12345});
  Grid input = Grid::random(2, 3, 1);
  Grid output = Grid::random(2, 3, 2);
  const std::vector<std::byte> before = output.row_bytes(1);
  std::memcpy(input.view().data, &odd_nan, sizeof(odd_nan));
  inner->after_softmax = [&](const ops::Softmax& op) {
    EXPECT_EQ(std::memcmp(op.input.data, &odd_nan, sizeof(odd_nan)), 0);
    std::memcpy(op.output.data, &odd_nan, sizeof(odd_nan));
  };
  mirror->softmax({input.view(), output.view()});
  EXPECT_EQ(std::memcmp(output.view().data, &odd_nan, sizeof(odd_nan)), 0);
}

TEST_F(DeviceMirrorTest, MemoryOfTheBackendIsUsedAsItIsAndOnlyWhileItLives) {
  const Grid input = Grid::random(2, 30, 1);
  Grid output(2, 30);
  const HostTensor vector = make_float_tensor({30}, random_values(30, 3));
  const float* host = reinterpret_cast<const float*>(vector.data);
  const std::vector<float> beta = random_values(30, 4);
  const Buffer buffer = mirror->allocate(4 * 30 * sizeof(float));
  const Matrix inside{static_cast<float*>(buffer.data()) + 30, DataType::kFloat32, 2, 30, 30};
  PlacedTensor placed =
      mirror->place(vector);  // in place: the inner backend's memory is the host's
  ASSERT_EQ(placed.floats().data, host);
  inner->after_layer_norm = [&](const ops::LayerNorm& op) {
    EXPECT_EQ(op.gamma.data, host);
    EXPECT_NE(op.beta.data, beta.data());
    EXPECT_EQ(op.output.data, inside.data);
  };
  mirror->layer_norm({input.view(), {}, placed.floats(), floats(beta), 1e-5f, inside});
  placed = {};
  inner->after_layer_norm = [&](const ops::LayerNorm& op) { EXPECT_NE(op.gamma.data, host); };
  mirror->layer_norm({input.view(), {}, {host, 30}, floats(beta), 1e-5f, output.view()});
}

TEST_F(DeviceMirrorTest, PoolsByTheInnerBackendsOwnFunction) {
  const std::vector<std::int32_t> offsets = {0, 5};
  const Grid input = Grid::random(5, 8, 5);
  Grid output(1, 8, DataType::kFloat32, 0);
  std::vector<float> values(8);
  mirror->pool_embeddings(
      {input.view(), ops::Sequences::packed(ints(offsets)), 0, 0, 0, output.view()}, values, {});
  EXPECT_EQ(inner->pool_calls, 1);
  EXPECT_EQ(values[7], output.at(0, 7));
}

/// Dense layers and attention, whose suites are too slow to run once more; the others run theirs
/// over separate memory.
TEST(DeviceMirrorOverSeparateMemory, HandsOnEveryViewOfLinearAndAttention) {
  DeviceMirror mirror(
      std::make_unique<SeparateMemoryBackend>(std::make_unique<ReferenceBackend>()));
  ReferenceBackend judge;
  const Grid input = Grid::random(9, 48, 1, DataType::kFloat16);
  const Grid residual = Grid::random(9, 16, 2, DataType::kFloat16);
  const std::vector<float> bias = random_values(16, 3);
  const std::vector<float> slopes = {0.5f, 0.25f};
  const HostTensor weight = make_float_tensor({16, 48}, random_values(16 * 48, 4));
  const std::vector<std::int32_t> offsets = {0, 4, 9};
  const std::vector<std::int32_t> lengths = {2, 3, 1};
  const auto run = [&](Backend& backend, int operation) {
    Grid output(9, 16, DataType::kFloat16);
    if (operation == 0) {
      const auto prepared = backend.prepare_linear(weight, DataType::kFloat16);
      backend.linear({input.view(), prepared.get(), floats(bias), ops::Activation::kGelu,
                      residual.view(), output.view()});
    } else if (operation == 1) {
      backend.attention_packed({input.view(), ops::Sequences::packed(ints(offsets)), 2, 0.25f,
                                floats(slopes), false, output.view()});
    } else {
      backend.attention_padded({input.view(),
                                ops::Sequences::padded(ints(lengths), 3),
                                2,
                                0.25f,
                                {},
                                true,
                                output.view()});
    }
    return output;
  };
  for (const int operation : {0, 1, 2}) {
    expect_same_rows(run(mirror, operation), run(judge, operation), 0,
                     fmt::format("operation {}", operation));
  }
}

TEST(SeparateMemory, TakesNoHostMemory) {
  SeparateMemoryBackend backend(std::make_unique<ReferenceBackend>());
  Grid grid = Grid::random(2, 3, 1);
  EXPECT_THROW(backend.softmax({grid.view(), grid.view()}), ContractError);
  const Buffer buffer = backend.allocate(24);
  const Matrix there{buffer.data(), DataType::kFloat32, 2, 3, 3};
  EXPECT_THROW(backend.softmax({grid.view(), there}), ContractError);
  const std::vector<float> values = {1, 1, 1, 2, 2, 2};
  backend.upload(values.data(), buffer.data(), 24);
  backend.softmax({there, there});
  std::vector<float> back(6);
  backend.download(buffer.data(), back.data(), 24);
  EXPECT_FLOAT_EQ(back[5], 1.0f / 3);
  const Matrix too_long{buffer.data(), DataType::kFloat32, 2, 3, 4};
  EXPECT_THROW(backend.softmax({too_long, too_long}), ContractError);
}

TEST(SeparateMemoryDeathTest, TheHostCannotTouchIt) {
  SeparateMemoryBackend backend(std::make_unique<ReferenceBackend>());
  const Buffer buffer = backend.allocate(24);
  EXPECT_DEATH(*static_cast<volatile float*>(buffer.data()) = 1.0f, "");
  const PlacedTensor placed = backend.place(make_float_tensor({3}, std::vector<float>{1, 2, 3}));
  EXPECT_DEATH(static_cast<void>(*static_cast<const volatile float*>(placed.matrix.data)), "");
}

}  // namespace
}  // namespace virnucpro
