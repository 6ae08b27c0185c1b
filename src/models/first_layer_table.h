// What the first operations of an encoder give for every token of its vocabulary: they see a token
// and nothing of its place or neighbours, so that they need not be computed for each occurrence.
#pragma once

#include <cstdint>
#include <functional>

#include "backend/backend.h"

namespace virnucpro {

/// The stream after the embedding [vocabulary, width], and the first layer's queries, keys and
/// values [vocabulary, 3 * width], in device memory. Immutable once made, and thread-safe.
class FirstLayerTable {
 public:
  /// Writes both for `ids`.
  using Compute = std::function<void(ConstInts ids, Matrix stream, Matrix qkv)>;

  FirstLayerTable() = default;
  /// Calls `compute` once, for all ids. Stays empty where `backend` takes no tables, or the table
  /// would be large.
  FirstLayerTable(Backend& backend, DataType type, std::int64_t vocabulary, std::int64_t width,
                  const Compute& compute);

  /// True where it has what `backend` may look up.
  bool serves(const Backend& backend) const {
    return !rows_.empty() && backend.takes_token_tables();
  }
  void look_up(Backend& backend, ConstInts ids, Matrix stream, Matrix qkv) const;

 private:
  Buffer memory_;
  Matrix rows_;  // stream and qkv of a token, one beside the other
};

}  // namespace virnucpro
