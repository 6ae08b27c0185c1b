// Cosines and sines of the rotary angles, computed once per head width.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace virnucpro {

/// cos and sin of position * 10000^(-2 j / head_width), computed in double, kept as float32.
/// Row-major [positions, head_width / 2].
struct RotaryTable {
  std::vector<float> cosine;
  std::vector<float> sine;
};

/// Tables by head width; each grows to the longest sequence seen. Not thread-safe.
class RotaryTables {
 public:
  /// At least `positions` rows. The reference holds until the next call.
  const RotaryTable& get(std::int64_t head_width, std::int64_t positions);

 private:
  std::map<std::int64_t, RotaryTable> tables_;
};

}  // namespace virnucpro
