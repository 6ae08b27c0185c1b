#include "models/outlier_columns.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "backend/forwarding_backend.h"
#include "base/check.h"

namespace virnucpro {
namespace {

// One column in 64: enough for the handful of dimensions that trained models show, at 2 % of the
// products (one in a hundred lost nothing in a simulation; 64 suits the widths of all models).
constexpr std::size_t kInputsPerColumn = 64;

// Of one transformer layer of either encoder: queries, keys and values; output; the two of the
// feed-forward.
constexpr std::size_t kDenseLayers = 4;

/// Remembers the largest magnitude in each column of each dense layer's input.
class ColumnRecorder final : public ForwardingBackend {
 public:
  using ForwardingBackend::ForwardingBackend;

  KeptColumns columns() const {
    KeptColumns columns;
    for (const std::vector<float>& largest : largest_) {
      std::vector<std::int32_t> order(largest.size());
      std::iota(order.begin(), order.end(), 0);
      std::ranges::stable_sort(order, [&](std::int32_t a, std::int32_t b) {
        return largest[static_cast<std::size_t>(a)] > largest[static_cast<std::size_t>(b)];
      });
      order.resize(largest.size() / kInputsPerColumn);
      std::ranges::sort(order);
      columns.push_back(std::move(order));
    }
    return columns;
  }

 protected:
  void do_linear(const ops::Linear& op) override {
    const ConstMatrix& input = op.input;
    std::vector<float>& largest = largest_.emplace_back(static_cast<std::size_t>(input.columns));
    const std::size_t element = size_of(input.type);
    const std::size_t bytes = static_cast<std::size_t>(input.columns) * element;
    std::vector<std::byte> row(bytes);
    for (std::int64_t r = 0; r < input.rows; ++r) {
      const auto offset = static_cast<std::size_t>(r * input.stride) * element;
      download(static_cast<const std::byte*>(input.data) + offset, row.data(), bytes);
      const HostTensor values{input.type, Shape{input.columns}, row.data(), nullptr};
      for (std::size_t c = 0; c < largest.size(); ++c) {
        const float magnitude = std::fabs(float_at(values, static_cast<std::int64_t>(c)));
        // NaN and infinity say nothing: such a token has no result in any precision.
        if (std::isfinite(magnitude)) largest[c] = std::max(largest[c], magnitude);
      }
    }
    ForwardingBackend::do_linear(op);
  }

 private:
  std::vector<std::vector<float>> largest_;
};

}  // namespace

LayerColumns::LayerColumns(const KeptColumns& all, std::int64_t layer, std::int64_t layers) {
  if (all.empty()) return;
  check(all.size() == static_cast<std::size_t>(layers) * kDenseLayers,
        "kept columns of {} dense layers for {} layers", all.size(), layers);
  columns_ = std::span(all).subspan(static_cast<std::size_t>(layer) * kDenseLayers, kDenseLayers);
}

std::span<const std::int32_t> LayerColumns::operator[](std::size_t dense) const {
  if (columns_.empty()) return {};
  return columns_[dense];
}

KeptColumns find_outlier_columns(const Encoder& encoder, Backend& backend,
                                 const PackedBatch& sample) {
  check(is_floating(linear_type(encoder.precision())), "outliers sought in {}",
        name_of(encoder.precision()));
  ColumnRecorder recorder(&backend);
  Workspace workspace(recorder);
  Embeddings embeddings;
  encoder.forward_packed(recorder, workspace, sample, embeddings);
  return recorder.columns();
}

}  // namespace virnucpro
