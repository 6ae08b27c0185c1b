#include "ops/sequences.h"

#include "base/check.h"

namespace virnucpro::ops {

void check_sequences(std::string_view op, const Sequences& sequences, std::int64_t rows) {
  check(!sequences.offsets.empty(), "{}: no sequence offsets", op);
  const std::int64_t count = sequences.count();
  if (sequences.is_packed()) {
    check(count >= 0 && sequences.offsets.data[0] == 0, "{}: offsets must start with 0", op);
    check(sequences.offsets.data[count] == rows, "{}: offsets end at {} of {} rows", op,
          sequences.offsets.data[count], rows);
  } else {
    check(count * sequences.row_length == rows, "{}: {} rows of {} are not {} rows", op, count,
          sequences.row_length, rows);
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t length = sequences.length(i);
    check(length >= 1 && (sequences.is_packed() || length <= sequences.row_length),
          "{}: sequence {} has length {}", op, i, length);
  }
}

}  // namespace virnucpro::ops
