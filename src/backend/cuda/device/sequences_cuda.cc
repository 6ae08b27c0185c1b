// Operations over sequences: attention, means and the check of their results.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "backend/cuda/device/cuda_backend.h"
#include "backend/cuda/device/kernels/kernels.h"
#include "backend/cuda/device/status.h"
#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"

namespace virnucpro::cuda {
namespace {

std::int64_t longest_of(const ops::Sequences& sequences) {
  std::int64_t longest = 0;
  for (std::int64_t i = 0; i < sequences.count(); ++i) {
    longest = std::max(longest, sequences.length(i));
  }
  return longest;
}

/// Joins what the blocks found; each row has `parts` of them.
ops::NonfiniteCount joined(const RowCheck* checks, std::int64_t count, std::int64_t parts,
                           std::span<std::int32_t> rows) {
  ops::NonfiniteCount all;
  float least = std::numeric_limits<float>::infinity();
  float most = -least;
  for (std::int64_t i = 0; i < count; ++i) {
    std::int32_t in_row = 0;
    for (std::int64_t p = 0; p < parts; ++p) {
      const RowCheck& check = checks[i * parts + p];
      in_row += check.nan + check.infinite;
      all.nan += check.nan;
      all.infinite += check.infinite;
      least = std::min(least, check.finite_min);
      most = std::max(most, check.finite_max);
    }
    if (!rows.empty()) rows[static_cast<std::size_t>(i)] = in_row;
  }
  if (least <= most) {
    all.finite_min = least;
    all.finite_max = most;
  }
  return all;
}

}  // namespace

void CudaBackend::set_sequences(const ops::Sequences& sequences) {
  const std::span<const std::int32_t> offsets(sequences.offsets.data,
                                              static_cast<std::size_t>(sequences.offsets.size));
  SequenceTables& tables = sequences_;
  if (tables.row_length == sequences.row_length &&
      std::equal(offsets.begin(), offsets.end(), tables.offsets.begin(), tables.offsets.end())) {
    return;
  }
  tables.row_length = -1;  // until all of it is there
  tables.offsets.assign(offsets.begin(), offsets.end());
  tables.query_rows = 0;
  auto* device = tables.device_offsets.get<std::int32_t>(stream_, sequences.offsets.size);
  staging_.copy_in(*stream_, offsets.data(), device, offsets.size_bytes());
  tables.row_length = sequences.row_length;
}

void CudaBackend::set_tiles(const ops::Sequences& sequences, int query_rows) {
  set_sequences(sequences);
  SequenceTables& tables = sequences_;
  if (tables.query_rows == query_rows) return;
  tables.query_rows = 0;
  const std::vector<AttentionTile> tiles = attention_tiles(sequences, query_rows);
  tables.tile_count = static_cast<std::int64_t>(tiles.size());
  tables.longest = 0;
  for (const AttentionTile& tile : tiles) {
    tables.longest = std::max<std::int64_t>(tables.longest, tile.length);
  }
  auto* device = tables.device_tiles.get<AttentionTile>(stream_, tables.tile_count);
  staging_.copy_in(*stream_, tiles.data(), device, tiles.size() * sizeof(AttentionTile));
  tables.query_rows = query_rows;
}

const float2* CudaBackend::angles(std::int64_t head_width, std::int64_t positions, int pack) {
  Angles& table = angles_[{head_width, pack}];
  if (table.positions < positions) {
    const RotaryTable& host = rotary_tables_.get(head_width, positions);
    const auto half = static_cast<int>(head_width / 2);
    std::vector<float2> pairs(host.cosine.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const std::size_t j = i % static_cast<std::size_t>(half);
      const auto place = static_cast<std::size_t>(angle_index(static_cast<int>(j), half, pack));
      pairs[i - j + place] = {host.cosine[i], host.sine[i]};
    }
    table.positions = 0;
    auto* device = table.memory.get<float2>(stream_, static_cast<std::int64_t>(pairs.size()));
    staging_.copy_in(*stream_, pairs.data(), device, pairs.size() * sizeof(float2));
    table.positions = static_cast<std::int64_t>(pairs.size()) / half;
  }
  return table.memory.get<float2>(stream_, 0);
}

void CudaBackend::attend(const ops::Attention& op) {
  if (op.qkv.rows == 0 || op.heads == 0) return;
  use();
  const std::int64_t head_width = op.output.columns / op.heads;
  if (head_width > kWidestPlainHead) {
    throw DeviceError(fmt::format("{}: heads of {} columns cannot be computed, {} is the most",
                                  name_, head_width, kWidestPlainHead));
  }
  const bool is_tensor = op.qkv.type != DataType::kFloat32 && padded_head_width(head_width) != 0;
  const int padded = padded_head_width(head_width);
  const int warps = is_tensor ? attention_warps(longest_of(op.sequences), padded) : 0;
  set_tiles(op.sequences, is_tensor ? warps * warp_rows(padded) : kPlainQueryRows);
  if (!op.sequences.is_packed()) {  // rows of padding become zero
    const std::size_t element = size_of(op.output.type);
    check_cuda(
        cudaMemset2DAsync(op.output.data, static_cast<std::size_t>(op.output.stride) * element, 0,
                          static_cast<std::size_t>(op.output.columns) * element,
                          static_cast<std::size_t>(op.output.rows), queue()),
        "clear memory");
  }
  const int pack = is_tensor
                       ? attention_pack(head_width, op.qkv.stride,
                                        reinterpret_cast<std::uintptr_t>(op.qkv.data), op.rotary)
                       : 1;
  const AttentionArguments arguments{
      .qkv = op.qkv,
      .tiles = sequences_.device_tiles.get<AttentionTile>(stream_, 0),
      .tile_count = sequences_.tile_count,
      .heads = op.heads,
      .head_width = head_width,
      .scale = op.scale,
      .slopes = op.alibi_slopes.data,
      .angles = op.rotary ? angles(head_width, sequences_.longest, pack) : nullptr,
      .pack = pack,
      .warps = warps,
      .output = op.output};
  if (is_tensor) {
    launch_attention_tensor(arguments, queue());
  } else {
    launch_attention_plain(arguments, queue());
  }
  check_cuda(cudaGetLastError(), "attend");
}

void CudaBackend::do_attention_packed(const ops::Attention& op) { attend(op); }
void CudaBackend::do_attention_padded(const ops::Attention& op) { attend(op); }

void CudaBackend::do_mean_pool(const ops::MeanPool& op) {
  use();
  set_sequences(op.sequences);
  launch_mean_pool(op.input,
                   {sequences_.device_offsets.get<std::int32_t>(stream_, 0),
                    op.sequences.row_length, op.skip_front, op.skip_back, op.max_rows},
                   op.output, nullptr, queue());
  check_cuda(cudaGetLastError(), "compute means");
}

ops::NonfiniteCount CudaBackend::do_pool_embeddings(const ops::MeanPool& op,
                                                    std::span<float> values,
                                                    std::span<std::int32_t> rows) {
  use();
  set_sequences(op.sequences);
  const std::int64_t parts = pool_parts(op.output.columns);
  const std::int64_t check_count = op.output.rows * parts;
  auto* checks = checks_.get<RowCheck>(stream_, check_count);
  launch_mean_pool(op.input,
                   {sequences_.device_offsets.get<std::int32_t>(stream_, 0),
                    op.sequences.row_length, op.skip_front, op.skip_back, op.max_rows},
                   op.output, checks, queue());
  check_cuda(cudaGetLastError(), "compute means");
  const std::size_t check_bytes = static_cast<std::size_t>(check_count) * sizeof(RowCheck);
  const std::size_t bytes = check_bytes + values.size_bytes();
  if (results_bytes_ < bytes) {
    results_.reset();
    results_bytes_ = 0;
    results_ = make_pinned(bytes);
    results_bytes_ = bytes;
  }
  auto* found = static_cast<RowCheck*>(results_.get());
  auto* embeddings = static_cast<std::byte*>(results_.get()) + check_bytes;
  check_cuda(cudaMemcpyAsync(found, checks, check_bytes, cudaMemcpyDeviceToHost, queue()),
             "copy from its memory");
  check_cuda(cudaMemcpyAsync(embeddings, op.output.data, values.size_bytes(),
                             cudaMemcpyDeviceToHost, queue()),
             "copy from its memory");
  stream_->wait();  // the one wait of a batch
  staging_.restart();
  std::memcpy(values.data(), embeddings, values.size_bytes());
  return joined(found, op.output.rows, parts, rows);
}

ops::NonfiniteCount CudaBackend::do_count_nonfinite(const ops::CountNonfinite& op) {
  use();
  if (op.input.rows == 0) return {};
  auto* checks = checks_.get<RowCheck>(stream_, op.input.rows);
  launch_check_rows(op.input, checks, queue());
  check_cuda(cudaGetLastError(), "look for NaN");
  std::vector<RowCheck> found(static_cast<std::size_t>(op.input.rows));
  staging_.copy_out(*stream_, checks, found.data(), found.size() * sizeof(RowCheck));
  return joined(found.data(), op.input.rows, 1, op.rows);
}

}  // namespace virnucpro::cuda
