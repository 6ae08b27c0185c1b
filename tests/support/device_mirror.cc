// Copies of host views on the device for the time of one operation.
#include "support/device_mirror.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/check.h"

namespace virnucpro::testing_support {

/// The living memory that the inner backend has handed out. Thread-safe: buffers may be freed by
/// any thread.
class DeviceRanges {
 public:
  void add(const void* data, std::size_t bytes) {
    const std::scoped_lock lock(mutex_);
    ranges_.emplace(reinterpret_cast<std::uintptr_t>(data), bytes);
  }

  void remove(const void* data, std::size_t bytes) {
    const std::scoped_lock lock(mutex_);
    const auto [first, last] = ranges_.equal_range(reinterpret_cast<std::uintptr_t>(data));
    const auto at = std::find_if(first, last, [&](const auto& r) { return r.second == bytes; });
    if (at != last) ranges_.erase(at);
  }

  bool contain(const void* data) {
    const std::scoped_lock lock(mutex_);
    const auto address = reinterpret_cast<std::uintptr_t>(data);
    return std::any_of(ranges_.begin(), ranges_.end(), [&](const auto& range) {
      return address >= range.first &&
             address - range.first < std::max<std::size_t>(range.second, 1);
    });
  }

 private:
  std::mutex mutex_;
  std::multimap<std::uintptr_t, std::size_t> ranges_;
};

namespace {

constexpr std::size_t kGuardBytes = 256;  // more than a warp stores at once with 8-byte elements
constexpr std::size_t kDeviceAlignment = 256;  // what device allocators give
constexpr std::size_t kHostAlignment = 64;
constexpr std::byte kGuard{0x5a};

/// The views of one operation: named views are collected, then copied to the device, then replaced.
class Mirrored {
 public:
  Mirrored(Backend& inner, DeviceRanges& ranges, std::string_view operation)
      : inner_(inner), ranges_(ranges), operation_(operation) {}

  void reads(const ConstMatrix& view) { add(view, false); }
  void reads(const ConstFloats& view) {
    add({view.data, DataType::kFloat32, 1, view.size, view.size}, false);
  }
  void writes(const Matrix& view) { add(view, true); }
  void writes(const QuantizedMatrix& view) {
    add(view.values, true);
    add({view.scales, DataType::kFloat32, 1, view.values.rows, view.values.rows}, true);
  }

  /// To be called once, when all views are known.
  void copy_in() {
    merge();
    for (Region& region : regions_) {
      const std::size_t room =
          kGuardBytes + kDeviceAlignment + kHostAlignment + region.bytes() + kGuardBytes;
      region.memory = inner_.allocate(room);
      const auto base = reinterpret_cast<std::uintptr_t>(region.memory.data());
      const std::uintptr_t first =
          (base + kGuardBytes + kDeviceAlignment - 1) / kDeviceAlignment * kDeviceAlignment +
          region.begin % kHostAlignment;
      region.lead = first - base;
      region.before.assign(room, kGuard);
      std::copy_n(reinterpret_cast<const std::byte*>(region.begin), region.bytes(),
                  region.before.begin() + static_cast<std::ptrdiff_t>(region.lead));
      inner_.upload(region.before.data(), region.memory.data(), room);
    }
  }

  ConstMatrix on_device(ConstMatrix view) const {
    view.data = device_address(view.data);
    return view;
  }
  Matrix on_device(Matrix view) const {
    view.data = const_cast<void*>(device_address(view.data));
    return view;
  }
  QuantizedMatrix on_device(QuantizedMatrix view) const {
    view.values = on_device(view.values);
    view.scales = static_cast<float*>(const_cast<void*>(device_address(view.scales)));
    return view;
  }
  ConstFloats on_device(ConstFloats view) const {
    view.data = static_cast<const float*>(device_address(view.data));
    return view;
  }

  /// Checks what the operation wrote, and copies its outputs to the host.
  void copy_back() {
    std::vector<std::byte> after;
    for (const Region& region : regions_) {
      after.resize(region.before.size());
      inner_.download(region.memory.data(), after.data(), after.size());
      std::vector<bool> may_change(after.size(), false);
      for (const View& view : views_) {
        if (!view.writable || view.begin < region.begin || view.end > region.end) continue;
        for (std::int64_t row = 0; row < view.rows; ++row) {
          const std::size_t at = region.lead + (view.begin - region.begin) +
                                 static_cast<std::size_t>(row) * view.stride;
          std::fill_n(may_change.begin() + static_cast<std::ptrdiff_t>(at), view.row_bytes, true);
        }
      }
      for (std::size_t i = 0; i < after.size(); ++i) {
        if (after[i] == region.before[i] || may_change[i]) continue;
        const auto offset =
            static_cast<std::ptrdiff_t>(i) - static_cast<std::ptrdiff_t>(region.lead);
        check(false, "{} changed byte {} of a memory of {} bytes, where it has no output",
              operation_, offset, region.bytes());
      }
      std::copy_n(after.begin() + static_cast<std::ptrdiff_t>(region.lead), region.bytes(),
                  reinterpret_cast<std::byte*>(region.begin));
    }
  }

 private:
  struct View {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    std::int64_t rows = 0;
    std::size_t stride = 0;     // bytes
    std::size_t row_bytes = 0;  // of the elements
    bool writable = false;
  };

  struct Region {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    Buffer memory;
    std::size_t lead = 0;  // bytes of `memory` before the region
    std::vector<std::byte> before;

    std::size_t bytes() const { return end - begin; }
  };

  void add(const ConstMatrix& view, bool writable) {
    if (view.data == nullptr || ranges_.contain(view.data)) return;
    const std::size_t element = size_of(view.type);
    View added;
    added.begin = reinterpret_cast<std::uintptr_t>(view.data);
    added.rows = view.columns == 0 ? 0 : view.rows;
    added.stride = static_cast<std::size_t>(view.stride) * element;
    added.row_bytes = static_cast<std::size_t>(view.columns) * element;
    added.end = added.begin;
    if (added.rows > 0) {
      added.end += static_cast<std::size_t>(added.rows - 1) * added.stride + added.row_bytes;
    }
    added.writable = writable;
    views_.push_back(added);
  }

  /// Views that share bytes become one region, so that they share them on the device as well.
  void merge() {
    std::vector<View> sorted = views_;
    std::sort(sorted.begin(), sorted.end(), [](const View& a, const View& b) {
      return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    });
    for (const View& view : sorted) {
      if (!regions_.empty() &&
          (view.begin < regions_.back().end || view.begin == regions_.back().begin)) {
        regions_.back().end = std::max(regions_.back().end, view.end);
      } else {
        regions_.push_back({view.begin, view.end, {}, 0, {}});
      }
    }
  }

  const void* device_address(const void* host) const {
    if (host == nullptr || ranges_.contain(host)) return host;
    const auto address = reinterpret_cast<std::uintptr_t>(host);
    // The last region that begins there or before: an empty view may lie at the end of another one.
    const auto after =
        std::upper_bound(regions_.begin(), regions_.end(), address,
                         [](std::uintptr_t at, const Region& region) { return at < region.begin; });
    check(after != regions_.begin(), "{}: a view was not collected", operation_);
    const Region& region = *(after - 1);
    return static_cast<const std::byte*>(region.memory.data()) + region.lead +
           (address - region.begin);
  }

  Backend& inner_;
  DeviceRanges& ranges_;
  std::string_view operation_;
  std::vector<View> views_;
  std::vector<Region> regions_;  // by address
};

/// Calls `call` with `op` as it is on the device: its `inputs`, and its outputs where it has any.
template <typename Op, typename Call, typename... Inputs>
auto mirrored(Backend& inner, DeviceRanges& ranges, std::string_view name, Op op, Call call,
              Inputs Op::*... inputs) {
  constexpr bool kHasOutput = requires { op.output; };
  constexpr bool kMayQuantize = requires { op.quantized; };
  Mirrored views(inner, ranges, name);
  (views.reads(op.*inputs), ...);
  if constexpr (kHasOutput) views.writes(op.output);
  if constexpr (kMayQuantize) views.writes(op.quantized);
  views.copy_in();
  ((op.*inputs = views.on_device(op.*inputs)), ...);
  if constexpr (kHasOutput) op.output = views.on_device(op.output);
  if constexpr (kMayQuantize) op.quantized = views.on_device(op.quantized);
  if constexpr (std::is_void_v<decltype(call(op))>) {
    call(op);
    views.copy_back();
  } else {
    const auto result = call(op);
    views.copy_back();
    return result;
  }
}

}  // namespace

DeviceMirror::DeviceMirror(std::unique_ptr<Backend> inner)
    : ForwardingBackend(inner.get()),
      owned_(std::move(inner)),
      ranges_(std::make_shared<DeviceRanges>()) {}

DeviceMirror::~DeviceMirror() = default;

Buffer DeviceMirror::allocate(std::size_t bytes) {
  const auto memory = std::make_shared<Buffer>(inner().allocate(bytes));
  void* data = memory->data();
  ranges_->add(data, bytes);
  const auto release = [memory, bytes, ranges = ranges_](void* p) { ranges->remove(p, bytes); };
  return Buffer(std::shared_ptr<void>(data, release), bytes);
}

PlacedTensor DeviceMirror::do_place(const HostTensor& tensor) {
  PlacedTensor placed = inner().place(tensor);
  const void* data = placed.matrix.data;
  const std::size_t bytes = static_cast<std::size_t>(placed.matrix.rows * placed.matrix.stride) *
                            size_of(placed.matrix.type);
  ranges_->add(data, bytes);
  placed.owner =
      std::shared_ptr<const void>(data, [inner_owner = placed.owner, bytes, ranges = ranges_](
                                            const void* p) { ranges->remove(p, bytes); });
  return placed;
}

void DeviceMirror::do_embedding_lookup(const ops::EmbeddingLookup& op) {
  mirrored(
      inner(), *ranges_, "embedding_lookup", op,
      [&](const auto& there) { inner().embedding_lookup(there); }, &ops::EmbeddingLookup::table,
      &ops::EmbeddingLookup::addend);
}

void DeviceMirror::do_linear(const ops::Linear& op) {
  mirrored(
      inner(), *ranges_, "linear", op, [&](const auto& there) { inner().linear(there); },
      &ops::Linear::input, &ops::Linear::bias, &ops::Linear::residual, &ops::Linear::input_scales);
}

void DeviceMirror::do_layer_norm(const ops::LayerNorm& op) {
  mirrored(
      inner(), *ranges_, "layer_norm", op, [&](const auto& there) { inner().layer_norm(there); },
      &ops::LayerNorm::input, &ops::LayerNorm::residual, &ops::LayerNorm::gamma,
      &ops::LayerNorm::beta);
}

void DeviceMirror::do_attention_packed(const ops::Attention& op) {
  mirrored(
      inner(), *ranges_, "attention", op,
      [&](const auto& there) { inner().attention_packed(there); }, &ops::Attention::qkv,
      &ops::Attention::alibi_slopes);
}

void DeviceMirror::do_attention_padded(const ops::Attention& op) {
  mirrored(
      inner(), *ranges_, "attention", op,
      [&](const auto& there) { inner().attention_padded(there); }, &ops::Attention::qkv,
      &ops::Attention::alibi_slopes);
}

void DeviceMirror::do_gated_gelu(const ops::GatedGelu& op) {
  mirrored(
      inner(), *ranges_, "gated_gelu", op, [&](const auto& there) { inner().gated_gelu(there); },
      &ops::GatedGelu::input);
}

void DeviceMirror::do_mean_pool(const ops::MeanPool& op) {
  mirrored(
      inner(), *ranges_, "mean_pool", op, [&](const auto& there) { inner().mean_pool(there); },
      &ops::MeanPool::input);
}

void DeviceMirror::do_softmax(const ops::Softmax& op) {
  mirrored(
      inner(), *ranges_, "softmax", op, [&](const auto& there) { inner().softmax(there); },
      &ops::Softmax::input);
}

ops::NonfiniteCount DeviceMirror::do_count_nonfinite(const ops::CountNonfinite& op) {
  return mirrored(
      inner(), *ranges_, "count_nonfinite", op,
      [&](const auto& there) { return inner().count_nonfinite(there); },
      &ops::CountNonfinite::input);
}

void DeviceMirror::do_convert(const ops::Convert& op) {
  mirrored(
      inner(), *ranges_, "convert", op, [&](const auto& there) { inner().convert(there); },
      &ops::Convert::input);
}

ops::NonfiniteCount DeviceMirror::do_pool_embeddings(const ops::MeanPool& op,
                                                     std::span<float> values,
                                                     std::span<std::int32_t> rows) {
  return mirrored(
      inner(), *ranges_, "pool_embeddings", op,
      [&](const auto& there) { return inner().pool_embeddings(there, values, rows); },
      &ops::MeanPool::input);
}

}  // namespace virnucpro::testing_support
