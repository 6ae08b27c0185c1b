// Copies of host views on the device for the time of one operation.
#include "support/device_mirror.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"

namespace virnucpro::testing_support {

/// The memory that the inner backend handed out and that is still alive. Thread-safe: buffers may
/// be freed by any thread.
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

/// The views of one operation: named ones are collected, then copied to the device, then replaced.
class Mirrored {
 public:
  Mirrored(Backend& inner, DeviceRanges& ranges, std::string_view operation)
      : inner_(inner), ranges_(ranges), operation_(operation) {}

  void reads(const ConstMatrix& view) { add(view, false); }
  void reads(const ConstFloats& view) {
    add({view.data, DataType::kFloat32, 1, view.size, view.size}, false);
  }
  void writes(const Matrix& view) { add(view, true); }

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
  ConstFloats on_device(ConstFloats view) const {
    view.data = static_cast<const float*>(device_address(view.data));
    return view;
  }

  /// Checks what the operation left, and copies its outputs to the host.
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
    // The last one that begins there or before: an empty view may lie at the end of another's.
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
  Mirrored views(inner(), *ranges_, "embedding_lookup");
  views.reads(op.table);
  views.reads(op.addend);
  views.writes(op.output);
  views.copy_in();
  ops::EmbeddingLookup there = op;
  there.table = views.on_device(op.table);
  there.addend = views.on_device(op.addend);
  there.output = views.on_device(op.output);
  inner().embedding_lookup(there);
  views.copy_back();
}

void DeviceMirror::do_linear(const ops::Linear& op) {
  Mirrored views(inner(), *ranges_, "linear");
  views.reads(op.input);
  views.reads(op.bias);
  views.reads(op.residual);
  views.writes(op.output);
  views.copy_in();
  ops::Linear there = op;
  there.input = views.on_device(op.input);
  there.bias = views.on_device(op.bias);
  there.residual = views.on_device(op.residual);
  there.output = views.on_device(op.output);
  inner().linear(there);
  views.copy_back();
}

void DeviceMirror::do_layer_norm(const ops::LayerNorm& op) {
  Mirrored views(inner(), *ranges_, "layer_norm");
  views.reads(op.input);
  views.reads(op.residual);
  views.reads(op.gamma);
  views.reads(op.beta);
  views.writes(op.output);
  views.copy_in();
  ops::LayerNorm there = op;
  there.input = views.on_device(op.input);
  there.residual = views.on_device(op.residual);
  there.gamma = views.on_device(op.gamma);
  there.beta = views.on_device(op.beta);
  there.output = views.on_device(op.output);
  inner().layer_norm(there);
  views.copy_back();
}

namespace {

template <typename Call>
void attend(Backend& inner, DeviceRanges& ranges, const ops::Attention& op, Call call) {
  Mirrored views(inner, ranges, "attention");
  views.reads(op.qkv);
  views.reads(op.alibi_slopes);
  views.writes(op.output);
  views.copy_in();
  ops::Attention there = op;
  there.qkv = views.on_device(op.qkv);
  there.alibi_slopes = views.on_device(op.alibi_slopes);
  there.output = views.on_device(op.output);
  call(there);
  views.copy_back();
}

}  // namespace

void DeviceMirror::do_attention_packed(const ops::Attention& op) {
  attend(inner(), *ranges_, op, [this](const auto& there) { inner().attention_packed(there); });
}

void DeviceMirror::do_attention_padded(const ops::Attention& op) {
  attend(inner(), *ranges_, op, [this](const auto& there) { inner().attention_padded(there); });
}

void DeviceMirror::do_gated_gelu(const ops::GatedGelu& op) {
  Mirrored views(inner(), *ranges_, "gated_gelu");
  views.reads(op.input);
  views.writes(op.output);
  views.copy_in();
  inner().gated_gelu({views.on_device(op.input), views.on_device(op.output)});
  views.copy_back();
}

void DeviceMirror::do_mean_pool(const ops::MeanPool& op) {
  Mirrored views(inner(), *ranges_, "mean_pool");
  views.reads(op.input);
  views.writes(op.output);
  views.copy_in();
  ops::MeanPool there = op;
  there.input = views.on_device(op.input);
  there.output = views.on_device(op.output);
  inner().mean_pool(there);
  views.copy_back();
}

void DeviceMirror::do_softmax(const ops::Softmax& op) {
  Mirrored views(inner(), *ranges_, "softmax");
  views.reads(op.input);
  views.writes(op.output);
  views.copy_in();
  inner().softmax({views.on_device(op.input), views.on_device(op.output)});
  views.copy_back();
}

ops::NonfiniteCount DeviceMirror::do_count_nonfinite(const ops::CountNonfinite& op) {
  Mirrored views(inner(), *ranges_, "count_nonfinite");
  views.reads(op.input);
  views.copy_in();
  const ops::NonfiniteCount count = inner().count_nonfinite({views.on_device(op.input), op.rows});
  views.copy_back();
  return count;
}

void DeviceMirror::do_convert(const ops::Convert& op) {
  Mirrored views(inner(), *ranges_, "convert");
  views.reads(op.input);
  views.writes(op.output);
  views.copy_in();
  inner().convert({views.on_device(op.input), views.on_device(op.output)});
  views.copy_back();
}

ops::NonfiniteCount DeviceMirror::do_pool_embeddings(const ops::MeanPool& op,
                                                     std::span<float> values,
                                                     std::span<std::int32_t> rows) {
  Mirrored views(inner(), *ranges_, "pool_embeddings");
  views.reads(op.input);
  views.writes(op.output);
  views.copy_in();
  ops::MeanPool there = op;
  there.input = views.on_device(op.input);
  there.output = views.on_device(op.output);
  const ops::NonfiniteCount count = inner().pool_embeddings(there, values, rows);
  views.copy_back();
  return count;
}

}  // namespace virnucpro::testing_support
