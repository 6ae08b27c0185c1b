// attention, plainly: all scores of one query, their softmax, the weighted sum of the values.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "backend/reference/element.h"
#include "backend/reference/reference_backend.h"

namespace virnucpro {
namespace {

using Row = std::vector<double>;

/// (u, v) -> (u cos a - v sin a, v cos a + u sin a) of element j and its partner half a head away,
/// a = position * 10000^(-2 j / width).
void rotate(Row& row, std::int64_t position) {
  const std::size_t half = row.size() / 2;
  for (std::size_t j = 0; j < half; ++j) {
    const double exponent = -2.0 * static_cast<double>(j) / static_cast<double>(row.size());
    const double angle = static_cast<double>(position) * std::pow(10000.0, exponent);
    const double u = row[j];
    const double v = row[j + half];
    row[j] = u * std::cos(angle) - v * std::sin(angle);
    row[j + half] = v * std::cos(angle) + u * std::sin(angle);
  }
}

/// Columns [first, first + width) of the rows of one sequence, times `scale`; rotated if asked.
std::vector<Row> head_rows(const ops::Attention& op, std::int64_t begin, std::int64_t length,
                           std::int64_t first, double scale, bool rotary) {
  std::vector<Row> rows;
  for (std::int64_t i = 0; i < length; ++i) {
    Row row(static_cast<std::size_t>(op.output.columns / op.heads));
    for (std::size_t c = 0; c < row.size(); ++c) {
      row[c] = scale * load(op.qkv, begin + i, first + static_cast<std::int64_t>(c));
    }
    if (rotary) rotate(row, i);
    rows.push_back(std::move(row));
  }
  return rows;
}

/// One head of the sequence that is rows [begin, begin + length).
void attend(const ops::Attention& op, std::int64_t begin, std::int64_t length, std::int64_t head) {
  const std::int64_t width = op.output.columns / op.heads;
  const std::int64_t q = head * width;
  const auto queries = head_rows(op, begin, length, q, op.scale, op.rotary);
  const auto keys = head_rows(op, begin, length, (op.heads + head) * width, 1.0, op.rotary);
  const auto values = head_rows(op, begin, length, (2 * op.heads + head) * width, 1.0, false);
  const double slope = op.alibi_slopes.empty() ? 0.0 : op.alibi_slopes.data[head];

  const auto tokens = static_cast<std::size_t>(length);
  for (std::size_t i = 0; i < tokens; ++i) {
    Row weights(tokens);
    double largest = -std::numeric_limits<double>::infinity();
    for (std::size_t j = 0; j < tokens; ++j) {
      const double distance = static_cast<double>(i > j ? i - j : j - i);
      double score = -slope * distance;
      for (std::size_t c = 0; c < queries[i].size(); ++c) score += queries[i][c] * keys[j][c];
      weights[j] = score;
      largest = std::max(largest, score);
    }
    double sum = 0.0;
    for (double& weight : weights) {
      weight = std::exp(weight - largest);
      sum += weight;
    }
    for (std::int64_t c = 0; c < width; ++c) {
      double value = 0.0;
      for (std::size_t j = 0; j < tokens; ++j) {
        value += weights[j] * values[j][static_cast<std::size_t>(c)];
      }
      store(op.output, begin + static_cast<std::int64_t>(i), q + c, value / sum);
    }
  }
}

void attend_all(const ops::Attention& op) {
  for (std::int64_t s = 0; s < op.sequences.count(); ++s) {
    const std::int64_t begin = op.sequences.begin(s);
    const std::int64_t length = op.sequences.length(s);
    for (std::int64_t head = 0; head < op.heads; ++head) attend(op, begin, length, head);
    for (std::int64_t i = length; i < op.sequences.row_length; ++i) {  // padding, none when packed
      for (std::int64_t c = 0; c < op.output.columns; ++c) store(op.output, begin + i, c, 0.0);
    }
  }
}

}  // namespace

void ReferenceBackend::do_attention_packed(const ops::Attention& op) { attend_all(op); }

void ReferenceBackend::do_attention_padded(const ops::Attention& op) { attend_all(op); }

}  // namespace virnucpro
