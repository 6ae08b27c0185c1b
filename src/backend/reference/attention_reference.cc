// attention, plainly: all scores of one query, their softmax, the weighted sum of the values.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "backend/reference/element.h"
#include "backend/reference/reference_backend.h"

namespace virnucpro {
namespace {

/// One query of one head against the rows [begin, begin + length) of its sequence.
void attend(const ops::Attention& op, std::int64_t begin, std::int64_t length, std::int64_t head,
            std::int64_t query) {
  const std::int64_t width = op.output.columns / op.heads;
  const std::int64_t q = head * width;
  const std::int64_t k = (op.heads + head) * width;
  const std::int64_t v = (2 * op.heads + head) * width;
  const double slope = op.alibi_slopes.empty() ? 0.0 : op.alibi_slopes.data[head];

  std::vector<double> weights(static_cast<std::size_t>(length));
  double largest = -std::numeric_limits<double>::infinity();
  for (std::int64_t j = 0; j < length; ++j) {
    double score = 0.0;
    for (std::int64_t c = 0; c < width; ++c) {
      score += load(op.qkv, begin + query, q + c) * load(op.qkv, begin + j, k + c);
    }
    score = op.scale * score - slope * static_cast<double>(std::abs(query - j));
    weights[static_cast<std::size_t>(j)] = score;
    largest = std::max(largest, score);
  }
  double sum = 0.0;
  for (double& weight : weights) {
    weight = std::exp(weight - largest);
    sum += weight;
  }
  for (std::int64_t c = 0; c < width; ++c) {
    double value = 0.0;
    for (std::int64_t j = 0; j < length; ++j) {
      value += weights[static_cast<std::size_t>(j)] * load(op.qkv, begin + j, v + c);
    }
    store(op.output, begin + query, q + c, value / sum);
  }
}

void attend_all(const ops::Attention& op) {
  for (std::int64_t s = 0; s < op.sequences.count(); ++s) {
    const std::int64_t begin = op.sequences.begin(s);
    const std::int64_t length = op.sequences.length(s);
    for (std::int64_t head = 0; head < op.heads; ++head) {
      for (std::int64_t i = 0; i < length; ++i) attend(op, begin, length, head, i);
    }
    for (std::int64_t i = length; i < op.sequences.row_length; ++i) {  // padding, none when packed
      for (std::int64_t c = 0; c < op.output.columns; ++c) store(op.output, begin + i, c, 0.0);
    }
  }
}

}  // namespace

void ReferenceBackend::do_attention_packed(const ops::Attention& op) { attend_all(op); }

void ReferenceBackend::do_attention_padded(const ops::Attention& op) { attend_all(op); }

}  // namespace virnucpro
