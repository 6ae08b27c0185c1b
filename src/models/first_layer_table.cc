#include "models/first_layer_table.h"

#include <numeric>
#include <vector>

namespace virnucpro {
namespace {

// The vocabulary of DNABERT-S at a width of 128. Wider models gain less, since the first of their
// layers is one of many, and would read a larger table from memory instead of from a cache.
constexpr std::size_t kMostBytes = std::size_t{8} << 20;

// The widths of stream and of queries, keys and values.
constexpr std::int64_t kWidths = 4;

}  // namespace

FirstLayerTable::FirstLayerTable(Backend& backend, DataType type, std::int64_t vocabulary,
                                 std::int64_t width, const Compute& compute) {
  const std::int64_t columns = kWidths * width;
  const auto bytes = static_cast<std::size_t>(vocabulary * columns) * size_of(type);
  if (!backend.takes_token_tables() || bytes == 0 || bytes > kMostBytes) return;
  memory_ = backend.allocate(bytes);
  rows_ = {memory_.data(), type, vocabulary, columns, columns};
  std::vector<std::int32_t> ids(static_cast<std::size_t>(vocabulary));
  std::iota(ids.begin(), ids.end(), 0);
  compute({ids.data(), vocabulary}, rows_.column_range(0, width),
          rows_.column_range(width, columns - width));
}

void FirstLayerTable::look_up(Backend& backend, ConstInts ids, Matrix stream, Matrix qkv) const {
  const std::int64_t width = stream.columns;
  const auto copy = [&](Matrix table, Matrix output) {
    backend.embedding_lookup(
        {.ids = ids, .table = table, .addend = {}, .scale = 1.0f, .output = output});
  };
  copy(rows_.column_range(0, width), stream);
  copy(rows_.column_range(width, qkv.columns), qkv);
}

}  // namespace virnucpro
