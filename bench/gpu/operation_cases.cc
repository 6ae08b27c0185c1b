#include "operation_cases.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <utility>

#include "backend/reference/reference_backend.h"
#include "base/format.h"
#include "base/mix.h"
#include "tensor/float8.h"
#include "tensor/host_tensor.h"

namespace virnucpro {
namespace {

// Prime, so that a matrix filled with it again and again has different rows.
constexpr std::size_t kTile = 1'048'583;
// Several times the caches of a large GPU.
constexpr double kRotatedBytes = 256e6;
constexpr double kMostSets = 8.0;
// The reference is slow, so only this many rows, or sequences, of the timed call are checked.
constexpr std::int64_t kJudgedRows = 4;
constexpr std::int64_t kJudgedSequences = 2;

struct ModelSizes {
  std::string name;
  std::int64_t width;
  std::int64_t heads;
  std::int64_t layers;
};

/// Normal values in `type`, as bytes; the tile of normal numbers is drawn once.
HostTensor random_tensor(Shape shape, DataType type, std::uint64_t seed, float deviation) {
  static const std::vector<float> normal = [] {
    std::mt19937 generator(1);
    std::normal_distribution<float> distribution;
    std::vector<float> values(kTile);
    for (float& value : values) value = distribution(generator);
    return values;
  }();
  std::vector<float> scaled(normal);
  for (float& value : scaled) value *= deviation;
  const HostTensor tile =
      convert(make_float_tensor({static_cast<std::int64_t>(kTile)}, scaled), type);
  const auto bytes = std::make_shared<std::vector<std::byte>>(
      static_cast<std::size_t>(shape.elements()) * size_of(type));
  std::size_t from = mixed(seed) % kTile * size_of(type);
  for (std::size_t to = 0; to < bytes->size();) {
    const std::size_t count = std::min(bytes->size() - to, tile.bytes() - from);
    std::memcpy(bytes->data() + to, tile.data + from, count);
    to += count;
    from = 0;
  }
  return {type, shape, bytes->data(), bytes};
}

/// A matrix on the device.
class DeviceMatrix {
 public:
  DeviceMatrix(Backend& backend, DataType type, std::int64_t rows, std::int64_t columns)
      : buffer_(backend.allocate(static_cast<std::size_t>(rows * columns) * size_of(type))),
        view_{buffer_.data(), type, rows, columns, columns} {}

  static DeviceMatrix random(Backend& backend, DataType type, std::int64_t rows,
                             std::int64_t columns, std::uint64_t seed) {
    DeviceMatrix matrix(backend, type, rows, columns);
    const HostTensor values = random_tensor({rows, columns}, type, seed, 1.0f);
    backend.upload(values.data, matrix.view_.data, values.bytes());
    return matrix;
  }

  Matrix view() const { return view_; }
  double bytes() const { return static_cast<double>(buffer_.bytes()); }

 private:
  Buffer buffer_;
  Matrix view_;
};

/// The first rows of a device's matrix, on the host.
class HostRows {
 public:
  HostRows(Backend& backend, const Matrix& matrix, std::int64_t rows)
      : HostRows(matrix.type, rows, matrix.columns) {
    backend.download(matrix.data, bytes_.data(), bytes_.size());
  }
  HostRows(DataType type, std::int64_t rows, std::int64_t columns)
      : bytes_(static_cast<std::size_t>(rows * columns) * size_of(type)),
        type_(type),
        rows_(rows),
        columns_(columns) {}

  Matrix view() { return {bytes_.data(), type_, rows_, columns_, columns_}; }
  std::vector<float> values() const {
    return to_floats({type_, {rows_, columns_}, bytes_.data(), nullptr});
  }

 private:
  std::vector<std::byte> bytes_;
  DataType type_;
  std::int64_t rows_;
  std::int64_t columns_;
};

/// A matrix of 8-bit floats on the device.
class DeviceQuantized {
 public:
  DeviceQuantized(Backend& backend, std::int64_t rows, std::int64_t columns)
      : values_(backend.allocate(static_cast<std::size_t>(rows * columns))),
        scales_(backend.allocate(static_cast<std::size_t>(rows) * sizeof(float))),
        view_{{values_.data(), DataType::kFloat8E4M3, rows, columns, columns},
              static_cast<float*>(scales_.data())} {}

  /// The rows of `matrix`, normalised.
  static DeviceQuantized of(Backend& backend, const DeviceMatrix& matrix) {
    const std::int64_t d = matrix.view().columns;
    const std::vector<float> ones(static_cast<std::size_t>(d), 1.0f);
    const std::vector<float> zeros(static_cast<std::size_t>(d), 0.0f);
    const PlacedTensor gamma = backend.place(make_float_tensor({d}, ones));
    const PlacedTensor beta = backend.place(make_float_tensor({d}, zeros));
    DeviceQuantized made(backend, matrix.view().rows, d);
    ops::LayerNorm op;
    op.input = matrix.view();
    op.gamma = gamma.floats();
    op.beta = beta.floats();
    op.quantized = made.view_;
    backend.layer_norm(op);
    return made;
  }

  const QuantizedMatrix& view() const { return view_; }
  ConstFloats scales() const { return {view_.scales, view_.values.rows}; }

 private:
  Buffer values_;
  Buffer scales_;
  QuantizedMatrix view_;
};

/// The first rows of a device's matrix of 8-bit floats, on the host.
struct HostQuantized {
  HostQuantized(Backend& backend, const QuantizedMatrix& matrix, std::int64_t rows)
      : bytes(static_cast<std::size_t>(rows * matrix.values.columns)),
        scales(static_cast<std::size_t>(rows)) {
    backend.download(matrix.values.data, bytes.data(), bytes.size());
    backend.download(matrix.scales, scales.data(), scales.size() * sizeof(float));
    view = matrix.values;
    view.data = bytes.data();
    view.rows = rows;
  }
  std::vector<float> values() const {
    std::vector<float> all;
    const std::size_t columns = bytes.size() / scales.size();
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      all.push_back(to_float(bytes[i]) * scales[i / columns]);
    }
    return all;
  }

  std::vector<Float8E4M3> bytes;
  std::vector<float> scales;
  Matrix view;
};

double largest_difference(const std::vector<float>& actual, const std::vector<float>& expected) {
  double largest = 0.0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double difference =
        std::abs(actual[i] - expected[i]) / (1.0 + std::abs(static_cast<double>(expected[i])));
    if (!(difference <= largest)) largest = difference;  // NaN too
    if (std::isnan(largest)) return largest;
  }
  return largest;
}

std::size_t sets_for(double bytes) {
  return static_cast<std::size_t>(std::clamp(std::ceil(kRotatedBytes / bytes), 2.0, kMostSets));
}

/// Lengths like those of a chunk's frames, which fill `tokens` rows.
std::vector<std::int32_t> packed_offsets(std::int64_t tokens, std::int64_t mean,
                                         std::int64_t spread) {
  std::vector<std::int32_t> offsets = {0};
  for (std::int64_t i = 0; offsets.back() < tokens; ++i) {
    const std::int64_t length = mean - spread + i * 37 % (2 * spread + 1);
    offsets.push_back(static_cast<std::int32_t>(std::min(tokens, offsets.back() + length)));
  }
  return offsets;
}

ConstInts view(const std::vector<std::int32_t>& values) {
  return {values.data(), static_cast<std::int64_t>(values.size())};
}

ops::Sequences first_of(const std::vector<std::int32_t>& offsets, std::int64_t count) {
  return ops::Sequences::packed({offsets.data(), count + 1});
}

/// Collects the cases of one model.
class CasesOf {
 public:
  CasesOf(const CaseSettings& settings, ModelSizes model, std::vector<std::int32_t> offsets,
          std::vector<CaseMaker>& cases)
      : settings_(settings),
        model_(std::move(model)),
        offsets_(std::move(offsets)),
        cases_(cases) {}

  struct LinearShape {
    const char* name;
    std::int64_t inputs;
    std::int64_t outputs;
    bool bias = true;
    ops::Activation activation = ops::Activation::kNone;
    bool residual = false;
    // Where activations may be quantised on their way.
    bool from_8_bits = false;
    bool to_8_bits = false;
  };
  void linear(const LinearShape& shape);
  void layer_norm(const char* name, std::int64_t per_forward, bool residual);
  void attention(bool rotary, std::vector<float> alibi_slopes);
  void gated_gelu(std::int64_t wide);
  void embedding(std::int64_t vocabulary, bool addend);
  void pool(std::int64_t skip);

 private:
  void add(const char* name, std::function<OperationCase(Backend&, OperationCase)> make) {
    OperationCase known;
    known.model = model_.name;
    known.name = name;
    cases_.push_back({model_.name + " " + name,
                      [known, make = std::move(make)](Backend& b) { return make(b, known); }});
  }

  CaseSettings settings_;
  ModelSizes model_;
  std::vector<std::int32_t> offsets_;
  std::vector<CaseMaker>& cases_;
};

void CasesOf::linear(const LinearShape& shape) {
  add(shape.name, [shape, settings = settings_, layers = model_.layers](Backend& backend,
                                                                        OperationCase made) {
    /// Two weights that cancel each other: a stream to which products are added stays as it was.
    struct Set {
      DeviceMatrix input;
      DeviceMatrix output;
      std::unique_ptr<ops::LinearWeight> weights[2];
      std::optional<DeviceQuantized> input_8 = {};
      std::optional<DeviceQuantized> output_8 = {};
    };
    struct State {
      std::vector<Set> sets;
      PlacedTensor bias[2];
      HostTensor host_weight;
      HostTensor host_bias;
      std::unique_ptr<HostRows> stream;  // before the first call
    };
    const auto state = std::make_shared<State>();
    const std::int64_t m = settings.tokens;
    const DataType type = backend.activation_type(settings.precision);
    const DataType product = linear_type(settings.precision);
    const DataType stored = weight_type(settings.precision);
    const bool quantizes = backend.quantizes_activations(settings.precision);
    const float deviation = 1.0f / std::sqrt(static_cast<float>(shape.inputs));
    const double weight_bytes =
        static_cast<double>(shape.inputs * shape.outputs) * static_cast<double>(size_of(product));
    const auto size = [&](bool in_8_bits) {
      return static_cast<std::int64_t>(quantizes && in_8_bits ? 1 : size_of(type));
    };
    const auto stream_bytes = static_cast<double>(
        m * (shape.inputs * size(shape.from_8_bits) + shape.outputs * size(shape.to_8_bits)));
    const std::size_t sets = sets_for(weight_bytes + stream_bytes);
    for (std::uint64_t s = 0; s < sets; ++s) {
      state->sets.push_back({DeviceMatrix::random(backend, type, m, shape.inputs, 10 * s),
                             DeviceMatrix::random(backend, type, m, shape.outputs, 10 * s + 1),
                             {}});
      Set& set = state->sets.back();
      if (quantizes && shape.from_8_bits) set.input_8 = DeviceQuantized::of(backend, set.input);
      if (quantizes && shape.to_8_bits) set.output_8.emplace(backend, m, shape.outputs);
      const HostTensor weight =
          random_tensor({shape.outputs, shape.inputs}, stored, 10 * s + 2, deviation);
      state->sets.back().weights[0] = backend.prepare_linear(weight, product);
      if (s == 0) state->host_weight = weight;
      if (!shape.residual) continue;
      state->sets.back().weights[1] = backend.prepare_linear(
          random_tensor({shape.outputs, shape.inputs}, stored, 10 * s + 2, -deviation), product);
    }
    state->host_bias = random_tensor({shape.outputs}, DataType::kFloat32, 3, 1.0f);
    state->bias[0] = backend.place(state->host_bias);
    state->bias[1] = backend.place(random_tensor({shape.outputs}, DataType::kFloat32, 3, -1.0f));
    const std::int64_t judged = std::min(kJudgedRows, m);
    state->stream = std::make_unique<HostRows>(backend, state->sets.front().output.view(), judged);

    made.shape = fmt::format("{} x {} x {}{}{}", m, shape.inputs, shape.outputs,
                             shape.activation == ops::Activation::kGelu ? ", gelu" : "",
                             shape.residual ? ", residual" : "");
    made.per_forward = layers;
    made.flops = 2.0 * static_cast<double>(m * shape.inputs) * static_cast<double>(shape.outputs);
    made.bytes =
        weight_bytes + stream_bytes + (shape.residual ? state->sets.front().output.bytes() : 0.0);
    made.enqueue = [&backend, shape, state](std::size_t turn) {
      const std::size_t count = state->sets.size();
      const Set& set = state->sets[turn % count];
      const std::size_t sign = shape.residual ? turn / count % 2 : 0;
      ops::Linear op;
      op.input = set.input.view();
      op.weight = set.weights[sign].get();
      if (shape.bias) op.bias = state->bias[sign].floats();
      op.activation = shape.activation;
      if (shape.residual) op.residual = set.output.view();
      op.output = set.output.view();
      if (set.input_8) {
        op.input = set.input_8->view().values;
        op.input_scales = set.input_8->scales();
      }
      if (set.output_8) {
        op.output = {};
        op.quantized = set.output_8->view();
      }
      backend.linear(op);
    };
    made.worst_error = [&backend, shape, state, judged, product] {
      const Set& set = state->sets.front();
      ReferenceBackend judge;
      HostRows input(backend, state->sets.front().input.view(), judged);
      HostRows expected = *state->stream;
      const auto weight = judge.prepare_linear(state->host_weight, product);
      const PlacedTensor bias = judge.place(state->host_bias);
      ops::Linear op;
      op.input = input.view();
      op.weight = weight.get();
      if (shape.bias) op.bias = bias.floats();
      op.activation = shape.activation;
      if (shape.residual) op.residual = expected.view();
      op.output = expected.view();
      std::optional<HostQuantized> input_8;
      if (set.input_8) {
        input_8.emplace(backend, set.input_8->view(), judged);
        op.input = input_8->view;
        op.input_scales = {input_8->scales.data(), judged};
      }
      judge.linear(op);
      const std::vector<float> actual =
          set.output_8 ? HostQuantized(backend, set.output_8->view(), judged).values()
                       : HostRows(backend, set.output.view(), judged).values();
      return largest_difference(actual, expected.values());
    };
    return made;
  });
}

void CasesOf::layer_norm(const char* name, std::int64_t per_forward, bool residual) {
  add(name, [=, settings = settings_, d = model_.width](Backend& backend, OperationCase made) {
    struct Set {
      DeviceMatrix input;
      DeviceMatrix residual;
      DeviceMatrix output;
      std::optional<DeviceQuantized> quantized = {};
    };
    struct State {
      std::vector<Set> sets;
      HostTensor host_gamma;
      PlacedTensor gamma;
    };
    const auto state = std::make_shared<State>();
    const std::int64_t m = settings.tokens;
    const DataType type = backend.activation_type(settings.precision);
    const bool quantizes = backend.quantizes_activations(settings.precision);
    const double bytes = static_cast<double>(m * d) * static_cast<double>(size_of(type));
    for (std::uint64_t s = 0; s < sets_for(2.0 * bytes); ++s) {
      state->sets.push_back({DeviceMatrix::random(backend, type, m, d, 10 * s),
                             DeviceMatrix::random(backend, type, m, d, 10 * s + 1),
                             DeviceMatrix(backend, type, m, d)});
      if (quantizes) state->sets.back().quantized.emplace(backend, m, d);
    }
    state->host_gamma = random_tensor({d}, DataType::kFloat32, 3, 1.0f);
    state->gamma = backend.place(state->host_gamma);
    const auto operation = [residual](ConstMatrix input, ConstMatrix added, ConstFloats gamma,
                                      Matrix output) {
      ops::LayerNorm op;
      op.input = input;
      if (residual) op.residual = added;
      op.gamma = gamma;
      op.beta = gamma;
      op.output = output;
      return op;
    };
    made.shape = fmt::format("{} x {}{}", m, d, residual ? ", residual" : "");
    made.per_forward = per_forward;
    // In 8 bits instead, or where it is a stream as well.
    made.bytes = (residual ? 3.0 : quantizes ? 1.0 : 2.0) * bytes;
    if (quantizes) made.bytes += static_cast<double>(m * d);
    made.enqueue = [&backend, state, operation, residual](std::size_t turn) {
      const Set& set = state->sets[turn % state->sets.size()];
      ops::LayerNorm op = operation(set.input.view(), set.residual.view(), state->gamma.floats(),
                                    set.output.view());
      if (set.quantized) {
        op.quantized = set.quantized->view();
        if (!residual) op.output = {};
      }
      backend.layer_norm(op);
    };
    made.worst_error = [&backend, state, operation, judged = std::min(kJudgedRows, m)] {
      ReferenceBackend judge;
      const Set& set = state->sets.front();
      HostRows input(backend, set.input.view(), judged);
      HostRows added(backend, set.residual.view(), judged);
      HostRows expected(backend, set.output.view(), judged);
      const std::vector<float> actual =
          set.quantized ? HostQuantized(backend, set.quantized->view(), judged).values()
                        : expected.values();
      const PlacedTensor gamma = judge.place(state->host_gamma);
      judge.layer_norm(operation(input.view(), added.view(), gamma.floats(), expected.view()));
      return largest_difference(actual, expected.values());
    };
    return made;
  });
}

void CasesOf::attention(bool rotary, std::vector<float> alibi_slopes) {
  add("attention", [=, settings = settings_, model = model_, offsets = offsets_](
                       Backend& backend, OperationCase made) {
    struct Set {
      DeviceMatrix qkv;
      DeviceMatrix output;
    };
    struct State {
      std::vector<Set> sets;
      HostTensor host_slopes;
      PlacedTensor slopes;
      std::vector<std::int32_t> offsets;
    };
    const auto state = std::make_shared<State>();
    state->offsets = offsets;
    const std::int64_t m = settings.tokens;
    const std::int64_t d = model.width;
    const DataType type = backend.activation_type(settings.precision);
    made.bytes = static_cast<double>(4 * m * d) * static_cast<double>(size_of(type));
    for (std::uint64_t s = 0; s < sets_for(made.bytes); ++s) {
      state->sets.push_back(
          {DeviceMatrix::random(backend, type, m, 3 * d, s), DeviceMatrix(backend, type, m, d)});
    }
    if (!alibi_slopes.empty()) {
      state->host_slopes = make_float_tensor({model.heads}, alibi_slopes);
      state->slopes = backend.place(state->host_slopes);
    }
    const auto operation = [rotary, model](ConstMatrix qkv, const ops::Sequences& sequences,
                                           const PlacedTensor& slopes, Matrix output) {
      ops::Attention op;
      op.qkv = qkv;
      op.sequences = sequences;
      op.heads = model.heads;
      op.scale = 1.0f / std::sqrt(static_cast<float>(model.width / model.heads));
      if (!slopes.matrix.empty()) op.alibi_slopes = slopes.floats();
      op.rotary = rotary;
      op.output = output;
      return op;
    };
    const auto sequences = static_cast<std::int64_t>(offsets.size()) - 1;
    double squares = 0.0;
    for (std::int64_t i = 0; i < sequences; ++i) {
      const double length = static_cast<double>(first_of(offsets, sequences).length(i));
      squares += length * length;
    }
    made.shape = fmt::format("{} sequences, {} tokens, {} heads of {}{}", sequences, m, model.heads,
                             d / model.heads, rotary ? ", rotary" : ", ALiBi");
    made.per_forward = model.layers;
    made.flops = 4.0 * squares * static_cast<double>(d);
    made.enqueue = [&backend, state, operation, sequences](std::size_t turn) {
      const Set& set = state->sets[turn % state->sets.size()];
      backend.attention_packed(operation(set.qkv.view(), first_of(state->offsets, sequences),
                                         state->slopes, set.output.view()));
    };
    made.worst_error = [&backend, state, operation,
                        judged = std::min(kJudgedSequences, sequences)] {
      ReferenceBackend judge;
      const Set& set = state->sets.front();
      const std::int64_t rows = state->offsets[static_cast<std::size_t>(judged)];
      HostRows qkv(backend, set.qkv.view(), rows);
      HostRows expected(backend, set.output.view(), rows);
      const std::vector<float> actual = expected.values();
      PlacedTensor slopes;
      if (state->host_slopes.data != nullptr) slopes = judge.place(state->host_slopes);
      judge.attention_packed(
          operation(qkv.view(), first_of(state->offsets, judged), slopes, expected.view()));
      return largest_difference(actual, expected.values());
    };
    return made;
  });
}

void CasesOf::gated_gelu(std::int64_t wide) {
  add("gated_gelu",
      [=, settings = settings_, layers = model_.layers](Backend& backend, OperationCase made) {
        struct Set {
          DeviceMatrix input;
          DeviceMatrix output;
          std::optional<DeviceQuantized> quantized = {};
        };
        const auto sets = std::make_shared<std::vector<Set>>();
        const std::int64_t m = settings.tokens;
        const DataType type = backend.activation_type(settings.precision);
        const bool quantizes = backend.quantizes_activations(settings.precision);
        made.bytes = static_cast<double>(3 * m * wide) * static_cast<double>(size_of(type));
        for (std::uint64_t s = 0; s < sets_for(made.bytes); ++s) {
          sets->push_back({DeviceMatrix::random(backend, type, m, 2 * wide, s),
                           DeviceMatrix(backend, type, m, wide)});
          if (quantizes) sets->back().quantized.emplace(backend, m, wide);
        }
        if (quantizes) made.bytes -= static_cast<double>(m * wide);
        made.shape = fmt::format("{} x {} to {}", m, 2 * wide, wide);
        made.per_forward = layers;
        made.enqueue = [&backend, sets](std::size_t turn) {
          const Set& set = (*sets)[turn % sets->size()];
          ops::GatedGelu op{.input = set.input.view(), .output = set.output.view()};
          if (set.quantized) {
            op.output = {};
            op.quantized = set.quantized->view();
          }
          backend.gated_gelu(op);
        };
        made.worst_error = [&backend, sets, judged = std::min(kJudgedRows, m)] {
          HostRows input(backend, sets->front().input.view(), judged);
          HostRows expected(backend, sets->front().output.view(), judged);
          const auto& quantized = sets->front().quantized;
          const std::vector<float> actual =
              quantized ? HostQuantized(backend, quantized->view(), judged).values()
                        : expected.values();
          ReferenceBackend().gated_gelu({.input = input.view(), .output = expected.view()});
          return largest_difference(actual, expected.values());
        };
        return made;
      });
}

void CasesOf::embedding(std::int64_t vocabulary, bool addend) {
  add("embedding", [=, settings = settings_, d = model_.width](Backend& backend,
                                                               OperationCase made) {
    struct State {
      std::vector<DeviceMatrix> outputs;
      std::vector<std::vector<std::int32_t>> ids;
      HostTensor host_table;
      HostTensor host_addend;
      PlacedTensor table;
      PlacedTensor addend;
    };
    const auto state = std::make_shared<State>();
    const std::int64_t m = settings.tokens;
    const DataType type = backend.activation_type(settings.precision);
    made.bytes = static_cast<double>(2 * m * d) * static_cast<double>(size_of(type));
    for (std::uint64_t s = 0; s < sets_for(made.bytes); ++s) {
      state->outputs.emplace_back(backend, type, m, d);
      std::vector<std::int32_t>& ids = state->ids.emplace_back();
      for (std::int64_t i = 0; i < m; ++i) {
        const std::uint64_t draw = mixed((s << 32) + static_cast<std::uint64_t>(i));
        ids.push_back(static_cast<std::int32_t>(draw % static_cast<std::uint64_t>(vocabulary)));
      }
    }
    state->host_table = random_tensor({vocabulary, d}, weight_type(settings.precision), 1, 1.0f);
    state->host_addend = random_tensor({d}, DataType::kFloat32, 2, 1.0f);
    state->table = backend.place(state->host_table);
    state->addend = backend.place(state->host_addend);
    const auto operation = [addend](ConstInts ids, const PlacedTensor& table,
                                    const PlacedTensor& added, Matrix output) {
      ops::EmbeddingLookup op;
      op.ids = ids;
      op.table = table.matrix;
      if (addend) op.addend = added.floats();
      op.scale = 0.88f;
      op.output = output;
      return op;
    };
    made.shape = fmt::format("{} of {} x {}", m, vocabulary, d);
    made.enqueue = [&backend, state, operation](std::size_t turn) {
      const std::size_t s = turn % state->outputs.size();
      backend.embedding_lookup(
          operation(view(state->ids[s]), state->table, state->addend, state->outputs[s].view()));
    };
    made.worst_error = [&backend, state, operation, judged = std::min(kJudgedRows, m)] {
      ReferenceBackend judge;
      HostRows expected(backend, state->outputs.front().view(), judged);
      const std::vector<float> actual = expected.values();
      const PlacedTensor table = judge.place(state->host_table);
      const PlacedTensor added = judge.place(state->host_addend);
      judge.embedding_lookup(
          operation({state->ids.front().data(), judged}, table, added, expected.view()));
      return largest_difference(actual, expected.values());
    };
    return made;
  });
}

void CasesOf::pool(std::int64_t skip) {
  add("pool_embeddings", [=, settings = settings_, d = model_.width, offsets = offsets_](
                             Backend& backend, OperationCase made) {
    struct State {
      std::vector<DeviceMatrix> inputs;
      std::vector<DeviceMatrix> output;
      std::vector<std::int32_t> offsets;
      std::vector<float> values;
      std::vector<std::int32_t> rows;
    };
    const auto state = std::make_shared<State>();
    state->offsets = offsets;
    const auto sequences = static_cast<std::int64_t>(offsets.size()) - 1;
    const std::int64_t m = settings.tokens;
    const DataType type = backend.activation_type(settings.precision);
    made.bytes = static_cast<double>(m * d) * static_cast<double>(size_of(type));
    for (std::uint64_t s = 0; s < sets_for(made.bytes); ++s) {
      state->inputs.push_back(DeviceMatrix::random(backend, type, m, d, s));
    }
    state->output.emplace_back(backend, DataType::kFloat32, sequences, d);
    state->values.resize(static_cast<std::size_t>(sequences * d));
    state->rows.resize(static_cast<std::size_t>(sequences));
    const auto operation = [skip](ConstMatrix input, const ops::Sequences& of, Matrix output) {
      ops::MeanPool op;
      op.input = input;
      op.sequences = of;
      op.skip_front = skip;
      op.skip_back = skip;
      op.output = output;
      return op;
    };
    made.shape = fmt::format("{} sequences, {} x {}; waits for the device", sequences, m, d);
    made.enqueue = [&backend, state, operation, sequences](std::size_t turn) {
      backend.pool_embeddings(
          operation(state->inputs[turn % state->inputs.size()].view(),
                    first_of(state->offsets, sequences), state->output.front().view()),
          state->values, state->rows);
    };
    made.worst_error = [&backend, state, operation, d,
                        judged = std::min(kJudgedSequences, sequences)] {
      const std::int64_t rows = state->offsets[static_cast<std::size_t>(judged)];
      HostRows input(backend, state->inputs.front().view(), rows);
      HostRows expected(DataType::kFloat32, judged, d);
      ReferenceBackend().mean_pool(
          operation(input.view(), first_of(state->offsets, judged), expected.view()));
      return largest_difference(state->values, expected.values());
    };
    return made;
  });
}

}  // namespace

std::vector<CaseMaker> operation_cases(const CaseSettings& settings) {
  std::vector<CaseMaker> cases;
  // A frame of n bases has n / 3 residues and two marks; a DNABERT-S token takes about 4.5 bases.
  const std::int64_t residues = settings.bases / 3 + 1;
  const ModelSizes esm2{"esm2-3b", 2560, 40, 36};
  CasesOf protein(settings, esm2, packed_offsets(settings.tokens, residues, 1), cases);
  const std::int64_t d = esm2.width;
  protein.embedding(33, false);
  protein.layer_norm("layer_norm", 2 * esm2.layers + 1, false);
  protein.linear({.name = "qkv", .inputs = d, .outputs = 3 * d, .from_8_bits = true});
  protein.attention(true, {});
  protein.linear({.name = "out", .inputs = d, .outputs = d, .residual = true});
  protein.linear({.name = "fc1",
                  .inputs = d,
                  .outputs = 4 * d,
                  .activation = ops::Activation::kGelu,
                  .from_8_bits = true,
                  .to_8_bits = true});
  protein.linear(
      {.name = "fc2", .inputs = 4 * d, .outputs = d, .residual = true, .from_8_bits = true});
  protein.pool(1);

  const ModelSizes dnabert{"dnabert-s", 768, 12, 12};
  const std::int64_t dna_tokens = settings.bases * 2 / 9;
  CasesOf dna(settings, dnabert, packed_offsets(settings.tokens, dna_tokens, dna_tokens / 8),
              cases);
  constexpr std::int64_t kWide = 3072;
  std::vector<float> slopes;
  for (int head = 0; head < 12; ++head)
    slopes.push_back(std::exp2(-0.5f * (1.0f + static_cast<float>(head))));
  dna.embedding(4096, true);
  dna.layer_norm("layer_norm", 2 * dnabert.layers + 1, true);
  dna.linear(
      {.name = "Wqkv", .inputs = dnabert.width, .outputs = 3 * dnabert.width, .from_8_bits = true});
  dna.attention(false, slopes);
  dna.linear({.name = "dense", .inputs = dnabert.width, .outputs = dnabert.width});
  dna.linear({.name = "gated",
              .inputs = dnabert.width,
              .outputs = 2 * kWide,
              .bias = false,
              .from_8_bits = true});
  dna.gated_gelu(kWide);
  dna.linear({.name = "wo", .inputs = kWide, .outputs = dnabert.width, .from_8_bits = true});
  dna.pool(0);
  return cases;
}

double tolerance_of(Precision precision) {
  switch (precision) {
    case Precision::kFp32:
      return 1e-4;
    case Precision::kFp16:
      return 1e-2;
    case Precision::kBf16:
    case Precision::kInt8:  // a quantised value may round to either side
      return 5e-2;
    case Precision::kFp8:  // half a step of E4M3 is a sixteenth of a value, or rounded otherwise
      return 1.3e-1;
  }
  return 0.0;
}

}  // namespace virnucpro
