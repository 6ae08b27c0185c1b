#include "backend/cpu/linear_cpu.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/gemm_cpu.h"
#include "backend/cpu/linear_kernels_cpu.h"
#include "backend/cpu/linear_weight_cpu.h"
#include "backend/cpu/parallel.h"
#include "backend/cpu/quantize_cpu.h"
#include "backend/cpu/single_thread_openmp.h"
#include "base/check.h"

namespace virnucpro {
namespace {

// Rows that our own product takes at a time: whole tiles of every instruction set, whose sums (48 x
// 128) stay in the first level cache until the epilogue has read them.
constexpr std::int64_t kOwnRows = 48;
// Enough tasks for every worker to have several, so that the last ones do not wait long.
constexpr std::int64_t kTasksPerWorker = 4;
// A panel is packed once for at least that many rows: packing then costs under 5 % of the product.
constexpr std::int64_t kMinRowsPerTask = 512;

/// A piece of work: rows [first, last) of the input times one panel.
struct Task {
  const ops::Linear& op;
  const CpuLinearWeight& weight;
  const Panel& panel;
  std::int64_t first;
  std::int64_t last;
  std::size_t worker;
};

/// The epilogue of `rows` rows from `row` on, whose sums have the given stride.
EpilogueTile epilogue_of(const CpuLinearState& state, const Task& task, std::int64_t row,
                         std::int64_t rows, std::size_t sums_stride) {
  const ops::Linear& op = task.op;
  const std::int64_t column = task.panel.first;
  const auto* residual = static_cast<const float*>(op.residual.data);
  const bool is_quantized = !task.weight.scales.empty();
  return {.sums = nullptr,
          .quantized_sums = nullptr,
          .row_scales = is_quantized ? state.scales.data() + row : nullptr,
          .column_scales = is_quantized ? task.weight.scales.data() + column : nullptr,
          .kept_sums = nullptr,
          .kept_stride = 0,
          .rows = static_cast<std::size_t>(rows),
          .columns = static_cast<std::size_t>(task.panel.count),
          .sums_stride = sums_stride,
          .bias = op.bias.empty() ? nullptr : op.bias.data + column,
          .activation = op.activation,
          .residual = residual == nullptr ? nullptr : residual + row * op.residual.stride + column,
          .residual_stride = static_cast<std::size_t>(op.residual.stride),
          .output = static_cast<float*>(op.output.data) + row * op.output.stride + column,
          .output_stride = static_cast<std::size_t>(op.output.stride)};
}

/// One of our own products of the task. `input`: all rows in the form of the product.
template <typename Element, typename Sum>
void run_own(CpuLinearState& state, const Task& task, const Element* input,
             std::size_t input_stride, void (*multiply)(const GemmProduct<Element, Sum>&)) {
  static_assert(sizeof(Element) == sizeof(float) && sizeof(Sum) == sizeof(float));
  CpuLinearState::Worker& mine = state.workers[task.worker];
  const std::size_t padded = gemm_padded_width(static_cast<std::size_t>(task.panel.count));
  const float* packed = reinterpret_cast<const float*>(task.panel.packed);
  if (packed == nullptr) {
    pack_panel(task.weight, task.panel, mine.packed.data());
    packed = mine.packed.data();
  }
  const PackedPanel at(task.weight, task.panel);
  const bool has_start = task.weight.product == CpuProduct::kQuads;
  const std::size_t kept_depth = task.weight.columns.size();
  for (std::int64_t row = task.first; row < task.last; row += kOwnRows) {
    const std::int64_t rows = std::min(kOwnRows, task.last - row);
    EpilogueTile tile = epilogue_of(state, task, row, rows, padded);
    // Before an activation values stay side by side, since rows of the output that are 2 KB apart
    // push each other out of the first cache.
    const bool is_last = tile.activation == ops::Activation::kNone;
    float* const values = mine.values.data();
    multiply({.input = input + static_cast<std::size_t>(row) * input_stride,
              .input_stride = input_stride,
              .rows = static_cast<std::size_t>(rows),
              .depth = static_cast<std::size_t>(task.weight.depth()),
              .packed = reinterpret_cast<const Element*>(packed),
              .padded_width = padded,
              .start = has_start ? reinterpret_cast<const Sum*>(packed + at.start) : nullptr,
              .sums = reinterpret_cast<Sum*>(mine.sums.data()),
              .tail = reinterpret_cast<Element*>(mine.tail.data()),
              .finish = {.bias = tile.bias,
                         .residual = is_last ? tile.residual : nullptr,
                         .residual_stride = tile.residual_stride,
                         .output = is_last ? tile.output : values,
                         .output_stride = is_last ? tile.output_stride : padded,
                         .columns = tile.columns,
                         .row_scales = tile.row_scales,
                         .column_scales = tile.column_scales,
                         .kept = state.kept.data() + static_cast<std::size_t>(row) * kept_depth,
                         .kept_packed = packed + at.kept,
                         .kept_depth = kept_depth}});
    if (is_last) continue;
    tile.sums = values;
    tile.row_scales = tile.column_scales = tile.bias = nullptr;
    apply_epilogue(tile);
  }
}

/// The task by one of our own products.
void run_own(CpuLinearState& state, const Task& task) {
  const auto* groups = reinterpret_cast<const std::int32_t*>(state.input.data());
  const auto depth = static_cast<std::size_t>(task.weight.depth());
  switch (task.weight.product) {
    case CpuProduct::kPairs:
      return run_own(state, task, groups, depth, gemm_pairs);
    case CpuProduct::kQuads:
      return run_own(state, task, groups, depth, gemm_quads);
    case CpuProduct::kBFloat16Pairs:
      return run_own(state, task, groups, depth, gemm_bfloat16);
    default:
      return run_own(state, task, static_cast<const float*>(task.op.input.data),
                     static_cast<std::size_t>(task.op.input.stride), gemm_floats);
  }
}

/// The part of a quantised product of oneDNN's that stays in floats: the columns kept in float16.
class KeptSums {
 public:
  /// Packs the panel's rows of them, where there are any. `rows`: at most in one tile.
  KeptSums(CpuLinearState& state, const Task& task, std::int64_t rows)
      : state_(state), mine_(state.workers[task.worker]), depth_(task.weight.columns.size()) {
    if (depth_ == 0) return;
    const auto width = static_cast<std::size_t>(task.panel.count);
    padded_ = gemm_padded_width(width);
    reserve(mine_, depth_, rows, padded_);
    gemm_pack(task.panel.kept, DataType::kFloat16, depth_, width, mine_.kept_packed.data());
  }

  /// Room for `depth` columns, tiles of `rows` rows and panels of that padded width.
  static void reserve(CpuLinearState::Worker& worker, std::size_t depth, std::int64_t rows,
                      std::size_t padded) {
    grow<float>(worker.kept_packed, depth * padded);
    grow<float>(worker.kept_sums, (static_cast<std::size_t>(rows) + gemm_tile().rows) * padded);
    grow<float>(worker.kept_tail, gemm_tile().rows * depth);
  }

  /// Computes them for the tile whose first row is `row` of the input.
  void add_to(EpilogueTile& tile, std::int64_t row) {
    if (depth_ == 0) return;
    gemm_floats({.input = state_.kept.data() + static_cast<std::size_t>(row) * depth_,
                 .input_stride = depth_,
                 .rows = tile.rows,
                 .depth = depth_,
                 .packed = mine_.kept_packed.data(),
                 .padded_width = padded_,
                 .start = nullptr,
                 .sums = mine_.kept_sums.data(),
                 .tail = mine_.kept_tail.data(),
                 .finish = {.bias = nullptr,
                            .residual = nullptr,
                            .residual_stride = 0,
                            .output = mine_.kept_sums.data(),
                            .output_stride = padded_,
                            .columns = tile.columns}});
    tile.kept_sums = mine_.kept_sums.data();
    tile.kept_stride = padded_;
  }

 private:
  CpuLinearState& state_;
  CpuLinearState::Worker& mine_;
  std::size_t depth_;
  std::size_t padded_ = 0;
};

void run_library(CpuLinearState& state, const Task& task) {
  const SingleThreadOpenMp guard;
  CpuLinearState::Worker& mine = state.workers[task.worker];
  const CpuProduct product = task.weight.product;
  const std::int64_t depth = task.weight.depth();
  const auto& shape = state.library.prepared(library_type(product), depth, task.panel.count);
  const std::byte* packed = task.panel.packed;
  if (packed == nullptr) {
    auto* to = grow<std::byte>(mine.packed, shape.packed_bytes());
    pack_split(state, task.weight, task.panel, task.worker, to);
    packed = to;
  }

  const std::size_t row_bytes =
      static_cast<std::size_t>(depth) * (product == CpuProduct::kInt8 ? 1 : 2);
  const std::int64_t height = OneDnnProducts::tile_rows(depth);
  auto* sums = grow<float>(mine.sums, static_cast<std::size_t>(height * task.panel.count));
  const auto* input = reinterpret_cast<const std::byte*>(state.input.data());
  KeptSums kept(state, task, height);
  OneDnnProducts::Panel panel(state.library, shape, packed, sums, task.worker);
  for (std::int64_t row = task.first; row < task.last; row += height) {
    const std::int64_t rows = std::min(height, task.last - row);
    const std::byte* from = input + static_cast<std::size_t>(row) * row_bytes;
    if (rows < height) {
      auto* tail = grow<std::byte>(mine.tail, static_cast<std::size_t>(height) * row_bytes);
      const std::size_t used = static_cast<std::size_t>(rows) * row_bytes;
      std::memcpy(tail, from, used);
      std::memset(tail + used, 0, static_cast<std::size_t>(height) * row_bytes - used);
      from = tail;
    }
    panel.multiply(from);
    EpilogueTile tile =
        epilogue_of(state, task, row, rows, static_cast<std::size_t>(task.panel.count));
    if (product == CpuProduct::kInt8) {
      tile.quantized_sums = reinterpret_cast<const std::int32_t*>(sums);
      kept.add_to(tile, row);
    } else {
      tile.sums = sums;
    }
    apply_epilogue(tile);
  }
}

/// `rows`, which begin at row `first` of the input, as whole numbers in `to`, `stride` apart.
/// Columns that stay in float16 go to state.kept and count as zero.
template <typename Whole>
void quantize_input(CpuLinearState& state, const CpuLinearWeight& weight, const ConstMatrix& rows,
                    std::int64_t first, std::size_t worker, Whole* to, std::int64_t stride) {
  const auto step = static_cast<std::size_t>(stride);
  float* scales = state.scales.data() + first;
  if (weight.columns.empty()) return quantize_rows(rows, to, step, scales);
  const auto* input = static_cast<const float*>(rows.data);
  float* kept = state.kept.data() + static_cast<std::size_t>(first) * weight.columns.size();
  float* rest = grow<float>(state.workers[worker].row, static_cast<std::size_t>(rows.columns));
  for (std::int64_t r = 0; r < rows.rows; ++r) {
    std::copy_n(input + r * rows.stride, rows.columns, rest);
    for (const std::int32_t column : weight.columns) {
      *kept++ = std::exchange(rest[column], 0.0f);
    }
    quantize_rows({rest, DataType::kFloat32, 1, rows.columns, rows.columns}, to + r * stride, step,
                  scales + r);
  }
}

/// Rows [first, last) of the input in the form of the product, in state.input and state.scales.
void convert_input(CpuLinearState& state, const ops::Linear& op, const CpuLinearWeight& weight,
                   std::int64_t first, std::int64_t last, std::size_t worker) {
  const std::int64_t k = weight.inputs();
  const auto count = static_cast<std::size_t>(k);
  const auto* input = static_cast<const float*>(op.input.data) + first * op.input.stride;
  const ConstMatrix rows{input, DataType::kFloat32, last - first, k, op.input.stride};
  switch (weight.product) {
    case CpuProduct::kFloats:
      return;
    case CpuProduct::kPairs: {
      const std::int64_t stride = 2 * weight.depth();
      auto* to = reinterpret_cast<std::int16_t*>(state.input.data()) + first * stride;
      quantize_input(state, weight, rows, first, worker, to, stride);
      if (stride == k) return;
      for (std::int64_t r = 0; r < rows.rows; ++r) to[r * stride + k] = 0;
      return;
    }
    case CpuProduct::kQuads:
      // The bytes after a row's last value meet zeros of the weight.
      return quantize_input(
          state, weight, rows, first, worker,
          reinterpret_cast<std::uint8_t*>(state.input.data()) + first * 4 * weight.depth(),
          4 * weight.depth());
    case CpuProduct::kInt8:
      return quantize_input(state, weight, rows, first, worker,
                            reinterpret_cast<std::int8_t*>(state.input.data()) + first * k, k);
    case CpuProduct::kBFloat16Pairs:
    case CpuProduct::kBFloat16: {
      const std::int64_t stride = group_of(weight.product) * weight.depth();
      auto* to = reinterpret_cast<std::uint16_t*>(state.input.data()) + first * stride;
      for (std::int64_t r = 0; r < rows.rows; ++r) {
        narrow_to_bfloat16(input + r * op.input.stride, to + r * stride, count);
        if (stride > k) to[r * stride + k] = 0;
      }
      return;
    }
    case CpuProduct::kSplitBFloat16: {
      auto* to = reinterpret_cast<std::uint16_t*>(state.input.data()) + first * weight.depth();
      for (std::int64_t r = 0; r < rows.rows; ++r) {
        const float* row = input + r * op.input.stride;
        split_bfloat16(row, DataType::kFloat32, to, to + 2 * count, count);
        std::memcpy(to + count, to, count * sizeof(std::uint16_t));
        to += weight.depth();
      }
    }
  }
}

/// Makes room in state.input and state.scales for `rows` rows.
void reserve_input(CpuLinearState& state, const CpuLinearWeight& weight, std::int64_t rows) {
  if (weight.product == CpuProduct::kFloats) return;
  const std::size_t element = is_own(weight.product)                ? sizeof(std::int32_t)
                              : weight.product == CpuProduct::kInt8 ? sizeof(std::int8_t)
                                                                    : sizeof(std::uint16_t);
  grow<std::byte>(state.input, static_cast<std::size_t>(rows * weight.depth()) * element);
  grow<float>(state.scales, static_cast<std::size_t>(rows));
  grow<float>(state.kept, static_cast<std::size_t>(rows) * weight.columns.size());
}

/// Makes room for the widest panel with every worker, even one without a task in this batch, so
/// that it need not grow in the next. Not needed for oneDNN, which allocates in its calls anyway.
void reserve_workers(CpuLinearState& state, const CpuLinearWeight& weight) {
  if (!is_own(weight.product)) return;
  std::int64_t widest = 0;
  std::size_t largest = 0;
  for (const Panel& panel : weight.panels) {
    widest = std::max(widest, panel.count);
    largest = std::max(largest, packed_elements(weight, panel));
  }
  const std::size_t padded = gemm_padded_width(static_cast<std::size_t>(widest));
  const auto depth = static_cast<std::size_t>(weight.depth());  // of floats or of groups: 4 bytes
  for (CpuLinearState::Worker& worker : state.workers) {
    if (weight.panels.front().packed == nullptr) grow<float>(worker.packed, largest);
    grow<float>(worker.sums, (kOwnRows + gemm_tile().rows) * padded);
    grow<float>(worker.values, kOwnRows * padded);
    grow<float>(worker.tail, gemm_tile().rows * depth);
    if (weight.columns.empty()) continue;
    grow<float>(worker.row, static_cast<std::size_t>(weight.inputs()));
  }
}

}  // namespace

void CpuBackend::do_linear(const ops::Linear& op) {
  const auto* weight = dynamic_cast<const CpuLinearWeight*>(op.weight);
  check(weight != nullptr, "linear: a weight prepared by another backend");
  check(op.input.type == DataType::kFloat32 && op.output.type == DataType::kFloat32 &&
            (op.residual.empty() || op.residual.type == DataType::kFloat32),
        "linear: the cpu backend computes on float32 activations");
  const std::int64_t rows = op.input.rows;
  const std::int64_t k = weight->inputs();
  if (rows == 0 || weight->outputs() == 0) return;
  check(k > 0, "linear: a weight without inputs");
  CpuLinearState& state = *linear_state_;
  const bool own = is_own(weight->product);
  if (!own) {
    for (const Panel& panel : weight->panels) {
      state.library.prepare(library_type(weight->product), weight->depth(), panel.count);
    }
  }
  reserve_input(state, *weight, rows);
  reserve_workers(state, *weight);
  if (weight->product != CpuProduct::kFloats) {
    parallel_rows(workers_, rows, k,
                  [&](std::int64_t first, std::int64_t last, std::size_t worker) {
                    convert_input(state, op, *weight, first, last, worker);
                  });
  }

  const std::int64_t height = own ? kOwnRows : OneDnnProducts::tile_rows(weight->depth());
  const std::int64_t tiles = (rows + height - 1) / height;
  const auto panels = static_cast<std::int64_t>(weight->panels.size());
  const auto wanted = static_cast<std::int64_t>(workers_.size()) * kTasksPerWorker;
  const std::int64_t most_splits = std::max<std::int64_t>(1, rows / kMinRowsPerTask);
  const std::int64_t splits = std::clamp<std::int64_t>((wanted + panels - 1) / panels, 1,
                                                       workers_.size() == 1 ? 1 : most_splits);
  parallel_for(
      workers_, panels * splits,
      [&](std::size_t index, std::size_t worker) {
        const auto panel = static_cast<std::int64_t>(index) / splits;
        const std::int64_t split = static_cast<std::int64_t>(index) % splits;
        const Task task{.op = op,
                        .weight = *weight,
                        .panel = weight->panels[static_cast<std::size_t>(panel)],
                        .first = tiles * split / splits * height,
                        .last = std::min(rows, tiles * (split + 1) / splits * height),
                        .worker = worker};
        if (own) {
          run_own(state, task);
        } else {
          run_library(state, task);
        }
      },
      stop());
}

}  // namespace virnucpro
