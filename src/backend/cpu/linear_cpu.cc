#include "backend/cpu/linear_cpu.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/linear_kernels_cpu.h"
#include "backend/cpu/parallel.h"
#include "backend/cpu/single_thread_openmp.h"
#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"

namespace virnucpro {
namespace {

using Product = CpuLinearState::Product;

// Rows of a tile, by the inputs of the weight alone. 64 by 128 with k = 1280: a tile of either side
// is under 700 kB and fits the second level cache of current processors; oneDNN is within 2 % of
// its best there (bench/ops/linear_bench). Narrow weights take higher tiles, so that the cost of a
// call (1 to 2 us) stays small beside its products.
constexpr std::int64_t tile_rows(std::int64_t inputs) {
  if (inputs <= 192) return 256;
  return inputs <= 512 ? 128 : 64;
}

constexpr std::int64_t kPanelRows = 128;
// Enough tasks for every worker to have several, so that the last ones do not wait long.
constexpr std::int64_t kTasksPerWorker = 4;
// A panel is packed once for that many rows at least: packing then costs under 3 % of the product.
constexpr std::int64_t kMinRowsPerTask = 512;

std::byte* grow(Scratch& scratch, std::size_t bytes) {
  scratch.reserve((bytes + sizeof(float) - 1) / sizeof(float));
  return reinterpret_cast<std::byte*>(scratch.data());
}

/// Up to kPanelRows rows of a weight, stored as `type`; or, where `packed` is set, oneDNN's own
/// form.
struct Panel {
  const std::byte* rows = nullptr;
  DataType type = DataType::kFloat32;
  std::int64_t count = 0;
  std::int64_t first = 0;  // the output column of its first row
  const std::byte* packed = nullptr;
};

class CpuLinearWeight final : public ops::LinearWeight {
 public:
  CpuLinearWeight(std::int64_t outputs, std::int64_t inputs, DataType type, Product multiplied)
      : LinearWeight(outputs, inputs, type), product(multiplied) {}

  const Product product;
  std::vector<Panel> panels;
  std::vector<HostTensor> parts;  // keeps the rows alive
  std::vector<Scratch> packed;    // keeps packed panels alive
};

/// Runs `body`; what oneDNN throws becomes an error of ours.
template <typename Body>
auto translating_errors(const Body& body) {
  try {
    return body();
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_out_of_memory) {
      throw OutOfDeviceMemory("cpu: out of memory in a matrix product; use fewer --batch-tokens");
    }
    throw DeviceError(fmt::format("cpu: oneDNN failed: {} (status {})", error.what(),
                                  static_cast<int>(error.status)));
  }
}

void execute(const dnnl::primitive& primitive, const dnnl::stream& stream,
             std::span<const dnnl_exec_arg_t> arguments) {
  dnnl::error::wrap_c_api(
      dnnl_primitive_execute(primitive.get(), stream.get(), static_cast<int>(arguments.size()),
                             arguments.data()),
      "could not execute a matrix product");
}

dnnl::memory wrap(const dnnl::memory::desc& desc, const dnnl::engine& engine, const void* data) {
  return {desc, engine, const_cast<void*>(data)};
}

dnnl::memory::desc bytes_desc(std::size_t bytes) {
  return {
      {static_cast<std::int64_t>(bytes)}, dnnl::memory::data_type::u8, dnnl::memory::format_tag::a};
}

std::size_t element_size(Product product) { return product == Product::bf16 ? 2 : 4; }

}  // namespace

CpuLinearState::CpuLinearState(std::size_t worker_count) : engine(dnnl::engine::kind::cpu, 0) {
  for (std::size_t i = 0; i < worker_count; ++i) workers.emplace_back(engine);
}

bool has_native_bfloat16() {
  const dnnl::cpu_isa isa = dnnl::get_effective_cpu_isa();
  return isa == dnnl::cpu_isa::avx512_core_bf16 || isa == dnnl::cpu_isa::avx512_core_amx;
}

const CpuLinearState::Primitives& CpuLinearState::primitives(std::int64_t inputs,
                                                             std::int64_t width, Product product) {
  const auto key = std::tuple(inputs, width, product);
  const auto found = made.find(key);
  if (found != made.end()) return found->second;

  const SingleThreadOpenMp guard;  // oneDNN plans for the threads it sees here
  using dnnl::memory;
  const std::int64_t rows = tile_rows(inputs);
  const memory::desc input({rows, inputs}, product, memory::format_tag::ab);
  const memory::desc any({inputs, width}, product, memory::format_tag::any);
  const memory::desc plain({inputs, width}, product, memory::format_tag::ba);
  const memory::desc output({rows, width}, Product::f32, memory::format_tag::ab);
  dnnl::primitive_attr attributes;
  // The caller brings the scratch memory: only then may several workers run one primitive.
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  const dnnl::matmul::primitive_desc multiply(dnnl::matmul::desc(input, any, output), attributes,
                                              engine);
  const dnnl::reorder::primitive_desc reorder(engine, plain, engine, multiply.weights_desc(),
                                              attributes);
  Primitives fresh{multiply.weights_desc(), dnnl::reorder(reorder), dnnl::matmul(multiply),
                   reorder.scratchpad_desc().get_size(), multiply.scratchpad_desc().get_size()};
  return made.emplace(key, std::move(fresh)).first->second;
}

void CpuLinearState::pack(const Primitives& shape, const void* rows, std::byte* to,
                          std::int64_t inputs, std::int64_t width, Product product,
                          std::size_t worker) {
  const dnnl::memory::desc plain({inputs, width}, product, dnnl::memory::format_tag::ba);
  const dnnl::memory from = wrap(plain, engine, rows);
  const dnnl::memory into = wrap(shape.packed, engine, to);
  const dnnl::memory library = wrap(bytes_desc(shape.pack_scratch), engine,
                                    grow(workers[worker].library, shape.pack_scratch));
  const std::array<dnnl_exec_arg_t, 3> arguments = {{{DNNL_ARG_FROM, from.get()},
                                                     {DNNL_ARG_TO, into.get()},
                                                     {DNNL_ARG_SCRATCHPAD, library.get()}}};
  execute(shape.pack, workers[worker].stream, arguments);
}

std::unique_ptr<ops::LinearWeight> CpuBackend::do_prepare_linear(const HostTensor& weight,
                                                                 DataType type) {
  return do_prepare_linear_parts({&weight, 1}, type);
}

std::unique_ptr<ops::LinearWeight> CpuBackend::do_prepare_linear_parts(
    std::span<const HostTensor> parts, DataType type) {
  return translating_errors([&] { return prepare(parts, type); });
}

std::unique_ptr<ops::LinearWeight> CpuBackend::prepare(std::span<const HostTensor> parts,
                                                       DataType type) {
  const std::int64_t k = parts[0].shape[1];
  std::int64_t outputs = 0;
  for (const HostTensor& part : parts) outputs += part.shape[0];
  const bool native_bfloat16 = type == DataType::kBFloat16 && has_native_bfloat16();
  auto weight = std::make_unique<CpuLinearWeight>(outputs, k, type,
                                                  native_bfloat16 ? Product::bf16 : Product::f32);
  std::int64_t first = 0;
  for (const HostTensor& part : parts) {
    // Every half is a float32: an exact wider product needs no wider copy.
    const bool in_place = type == DataType::kFloat32;
    const HostTensor stored = virnucpro::convert(part, in_place ? part.type : type);
    weight->parts.push_back(stored);
    const std::size_t row_bytes = static_cast<std::size_t>(k) * size_of(stored.type);
    for (std::int64_t row = 0; row < part.shape[0]; row += kPanelRows) {
      const std::int64_t count = std::min(kPanelRows, part.shape[0] - row);
      weight->panels.push_back({.rows = stored.data + static_cast<std::size_t>(row) * row_bytes,
                                .type = stored.type,
                                .count = count,
                                .first = first});
      first += count;
    }
  }
  if (native_bfloat16 && k > 0) {
    const SingleThreadOpenMp guard;
    for (Panel& panel : weight->panels) {
      const auto& made = linear_state_->primitives(k, panel.count, weight->product);
      std::byte* to = grow(weight->packed.emplace_back(), made.packed.get_size());
      linear_state_->pack(made, panel.rows, to, k, panel.count, weight->product, 0);
      panel.packed = to;
      panel.rows = nullptr;
    }
    weight->parts.clear();
  }
  return weight;
}

namespace {

/// Row tiles [first_tile, last_tile) of the outputs of one panel.
void run_task(CpuLinearState& state, const ops::Linear& op, const CpuLinearWeight& weight,
              const Panel& panel, std::int64_t first_tile, std::int64_t last_tile,
              std::size_t worker) {
  const SingleThreadOpenMp guard;
  const std::int64_t k = weight.inputs();
  const std::int64_t width = panel.count;
  const auto& made = state.made.at(std::tuple(k, width, weight.product));
  CpuLinearState::Worker& mine = state.workers[worker];
  const auto cells = static_cast<std::size_t>(k * width);

  const std::byte* packed = panel.packed;
  if (packed == nullptr) {
    const void* rows = panel.rows;
    if (panel.type != DataType::kFloat32) {
      mine.wide.reserve(cells);
      float* wide = mine.wide.data();
      widen(rows, panel.type, wide, cells);
      rows = wide;
    }
    std::byte* to = grow(mine.packed, made.packed.get_size());
    state.pack(made, rows, to, k, width, weight.product, worker);
    packed = to;
  }

  const std::size_t element = element_size(weight.product);
  const auto row_bytes = static_cast<std::size_t>(k) * element;
  const bool narrow = weight.product == Product::bf16;
  const auto* input = static_cast<const std::byte*>(narrow ? state.narrowed.data() : op.input.data);
  const std::int64_t input_stride = narrow ? k : op.input.stride;
  const std::int64_t height = tile_rows(k);
  mine.sums.reserve(static_cast<std::size_t>(height * width));
  float* sums = mine.sums.data();
  std::byte* tail = grow(mine.tail, static_cast<std::size_t>(height) * row_bytes);

  using dnnl::memory;
  const memory::desc tile_desc({height, k}, weight.product, memory::format_tag::ab);
  const memory::desc sums_desc({height, width}, Product::f32, memory::format_tag::ab);
  memory tile = wrap(tile_desc, state.engine, tail);
  const memory weights = wrap(made.packed, state.engine, packed);
  const memory product = wrap(sums_desc, state.engine, sums);
  const memory library = wrap(bytes_desc(made.multiply_scratch), state.engine,
                              grow(mine.library, made.multiply_scratch));
  const std::array<dnnl_exec_arg_t, 4> arguments = {{{DNNL_ARG_SRC, tile.get()},
                                                     {DNNL_ARG_WEIGHTS, weights.get()},
                                                     {DNNL_ARG_DST, product.get()},
                                                     {DNNL_ARG_SCRATCHPAD, library.get()}}};
  const auto* residual = static_cast<const float*>(op.residual.data);
  auto* output = static_cast<float*>(op.output.data);
  for (std::int64_t t = first_tile; t < last_tile; ++t) {
    const std::int64_t row = t * height;
    const std::int64_t rows = std::min(height, op.input.rows - row);
    const std::byte* from = input + static_cast<std::size_t>(row * input_stride) * element;
    if (rows == height && input_stride == k) {
      tile.set_data_handle(const_cast<std::byte*>(from));
    } else {
      for (std::int64_t r = 0; r < rows; ++r) {
        std::memcpy(tail + static_cast<std::size_t>(r) * row_bytes,
                    from + static_cast<std::size_t>(r * input_stride) * element, row_bytes);
      }
      std::memset(tail + static_cast<std::size_t>(rows) * row_bytes, 0,
                  static_cast<std::size_t>(height - rows) * row_bytes);
      tile.set_data_handle(tail);
    }
    execute(made.multiply, mine.stream, arguments);
    apply_epilogue({.sums = sums,
                    .rows = static_cast<std::size_t>(rows),
                    .columns = static_cast<std::size_t>(width),
                    .sums_stride = static_cast<std::size_t>(width),
                    .bias = op.bias.empty() ? nullptr : op.bias.data + panel.first,
                    .activation = op.activation,
                    .residual = residual == nullptr
                                    ? nullptr
                                    : residual + row * op.residual.stride + panel.first,
                    .residual_stride = static_cast<std::size_t>(op.residual.stride),
                    .output = output + row * op.output.stride + panel.first,
                    .output_stride = static_cast<std::size_t>(op.output.stride)});
  }
}

}  // namespace

void CpuBackend::do_linear(const ops::Linear& op) {
  translating_errors([&] { multiply(op); });
}

void CpuBackend::multiply(const ops::Linear& op) {
  const auto* weight = dynamic_cast<const CpuLinearWeight*>(op.weight);
  check(weight != nullptr, "linear: the weight was prepared by another backend");
  check(op.input.type == DataType::kFloat32 && op.output.type == DataType::kFloat32 &&
            (op.residual.empty() || op.residual.type == DataType::kFloat32),
        "linear: the cpu backend computes on float32 activations");
  const std::int64_t rows = op.input.rows;
  const std::int64_t k = weight->inputs();
  if (rows == 0 || weight->outputs() == 0) return;
  check(k > 0, "linear: a weight without inputs");
  for (const Panel& panel : weight->panels) {
    linear_state_->primitives(k, panel.count, weight->product);
  }

  const std::int64_t height = tile_rows(k);
  const std::int64_t tiles = (rows + height - 1) / height;
  if (weight->product == Product::bf16) {
    auto* narrowed = reinterpret_cast<std::uint16_t*>(
        grow(linear_state_->narrowed, static_cast<std::size_t>(rows * k) * sizeof(std::uint16_t)));
    parallel_for(workers_, tiles, [&](std::size_t t, std::size_t) {
      const std::int64_t first = static_cast<std::int64_t>(t) * height;
      for (std::int64_t r = first; r < std::min(first + height, rows); ++r) {
        narrow_to_bfloat16(static_cast<const float*>(op.input.data) + r * op.input.stride,
                           narrowed + r * k, static_cast<std::size_t>(k));
      }
    });
  }

  const auto panels = static_cast<std::int64_t>(weight->panels.size());
  const auto wanted = static_cast<std::int64_t>(workers_.size()) * kTasksPerWorker;
  const std::int64_t most_splits = std::max<std::int64_t>(1, rows / kMinRowsPerTask);
  const std::int64_t splits = std::clamp<std::int64_t>((wanted + panels - 1) / panels, 1,
                                                       workers_.size() == 1 ? 1 : most_splits);
  parallel_for(workers_, panels * splits, [&](std::size_t task, std::size_t worker) {
    const auto index = static_cast<std::int64_t>(task);
    const std::int64_t split = index % splits;
    run_task(*linear_state_, op, *weight, weight->panels[static_cast<std::size_t>(index / splits)],
             tiles * split / splits, tiles * (split + 1) / splits, worker);
  });
}

}  // namespace virnucpro
