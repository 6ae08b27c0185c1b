// A run without models: tokens are letters, embeddings are sums, results are collected.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <numeric>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "pipeline/stages.h"
#include "sequence/ids.h"

namespace virnucpro {

inline constexpr std::int64_t kFakeDnaWidth = 2;
inline constexpr std::int64_t kFakeProteinWidth = 3;

/// Values of a sequence are a function of its own tokens alone. The functions may throw.
class FakeEngine final : public Engine {
 public:
  std::string device = "device";
  std::function<void()> on_batch;
  std::function<void(EncoderKind, const PackedBatch&)> on_embed;
  std::function<void(EncoderKind, const PackedBatch&)> on_exact;
  std::function<void(EncoderKind, std::int64_t)> on_sequences;
  std::function<void()> on_classify;
  std::function<void(std::span<const float>, std::span<float>)> on_score;  // a row, its scores
  int releases = 0;

  std::string name() const override { return device; }
  void release_buffers() override { ++releases; }

  void embed(EncoderKind encoder, const PackedBatch& batch, const BatchName&,
             Embeddings& embeddings) override {
    if (on_batch) on_batch();
    if (on_embed) on_embed(encoder, batch);
    if (on_sequences) on_sequences(encoder, batch.sequences());
    compute(encoder, batch, embeddings);
  }

  void embed_exactly(EncoderKind encoder, const PackedBatch& batch, const BatchName&,
                     Embeddings& embeddings) override {
    if (on_exact) on_exact(encoder, batch);
    compute(encoder, batch, embeddings);
  }

  static void compute(EncoderKind encoder, const PackedBatch& batch, Embeddings& embeddings) {
    batch.validate();
    const auto width = static_cast<std::size_t>(
        encoder == EncoderKind::kDnabertS ? kFakeDnaWidth : kFakeProteinWidth);
    embeddings.values.clear();
    for (std::int64_t i = 0; i < batch.sequences(); ++i) {
      const auto sequence = static_cast<std::size_t>(i);
      float sum = 0.0f;
      for (auto k = batch.cu_seqlens[sequence]; k < batch.cu_seqlens[sequence + 1]; ++k) {
        sum = sum * 0.5f + static_cast<float>(batch.tokens[static_cast<std::size_t>(k)]);
      }
      for (std::size_t column = 0; column < width; ++column) {
        embeddings.values.push_back(sum + static_cast<float>(100 * column));
      }
    }
  }

  void classify(std::span<const float> features, std::span<float> scores) override {
    if (on_classify) on_classify();
    constexpr auto kWidth = static_cast<std::size_t>(kFakeDnaWidth + kFakeProteinWidth);
    for (std::size_t i = 0; i < scores.size() / 2; ++i) {
      const auto row = features.subspan(i * kWidth, kWidth);
      const float virus = std::accumulate(row.begin(), row.end(), 0.0f) / 4096.0f;
      scores[2 * i] = 1.0f - virus;
      scores[2 * i + 1] = virus;
      if (on_score) on_score(row, scores.subspan(2 * i, 2));
    }
  }
};

/// All values of a window, as lines that do not show where windows begin.
class CollectedLines {
 public:
  void take(const Window& window) {
    constexpr auto kWidth = static_cast<std::size_t>(kFakeDnaWidth + kFakeProteinWidth);
    std::size_t chunk = 0;
    std::size_t orf = 0;
    for (const Window::Part& part : window.read.parts) {
      if (part.begins) lines.push_back("begin " + part.record->id);
      for (std::size_t i = 0; i < part.chunk_count; ++i) {
        const Window::ChunkEntry& entry = window.read.chunks[chunk++];
        const std::string id = chunk_id(part.record->id, entry.chunk.index);
        lines.push_back(id + " " + std::to_string(entry.chunk.start) + " " +
                        std::to_string(entry.chunk.end));
        for (std::size_t k = 0; k < entry.orf_count; ++k, ++orf) {
          std::string line = frame_id(id, window.read.orfs[orf].frame);
          // The features of a classified window do not matter: repeats have none.
          for (std::size_t column = 0; window.computed.scores.empty() && column < kWidth;
               ++column) {
            line += " " + std::to_string(window.computed.features[orf * kWidth + column]);
          }
          if (!window.computed.scores.empty())
            line += " p " + std::to_string(window.computed.scores[2 * orf + 1]);
          lines.push_back(line);
        }
      }
      if (part.ends) lines.push_back("end " + part.record->id);
    }
    ++windows;
  }

  std::vector<std::string> lines;
  std::size_t windows = 0;
};

inline std::string random_bases(std::size_t count, std::mt19937& random) {
  std::string bases(count, 'A');
  for (char& base : bases) base = "ACGT"[random() % 4];
  return bases;
}

/// The same with few T: stop codons are rare, so most frames are open.
inline std::string mostly_open_bases(std::size_t count, std::mt19937& random) {
  std::string bases = random_bases(count, random);
  for (char& base : bases) {
    if (base == 'T' && random() % 8 != 0) base = 'C';
  }
  return bases;
}

/// Short and long records, one empty, one of two bases, and stretches that are open in all frames.
inline std::vector<Record> fake_records(std::size_t count) {
  std::mt19937 random(17);
  std::vector<Record> records(count);
  for (std::size_t i = 0; i < count; ++i) {
    records[i].ordinal = i;
    records[i].id = "r" + std::to_string(i);
    if (i % 7 == 5) continue;
    records[i].bases = i % 7 == 6   ? "AC"
                       : i % 3 == 0 ? std::string(20 + random() % 200, 'C')
                                    : random_bases(30 + random() % 90, random);
  }
  return records;
}

inline RecordStream stream_of(const std::vector<Record>& records) {
  auto next = std::make_shared<std::size_t>(0);
  return [&records, next](Record& record) {
    if (*next == records.size()) return false;
    record = records[(*next)++];
    return true;
  };
}

/// A whole plan over `records`, which tests change as they need.
struct FakeRun {
  explicit FakeRun(const std::vector<Record>& records, std::size_t engine_count = 1)
      : engines(engine_count) {
    plan.records = stream_of(records);
    plan.expected_length = 30;
    const Tokenize letters = [](std::string_view text, std::vector<std::int32_t>& ids) {
      ids.push_back(0);
      for (const char letter : text) ids.push_back(letter - 'A');
    };
    plan.lanes = {{{{letters, kFakeDnaWidth}, {letters, kFakeProteinWidth}}}};
    for (FakeEngine& engine : engines) {
      engine.device += ":" + std::to_string(plan.engines.size());
      plan.engines.push_back(&engine);
    }
    plan.batch_tokens = 64;
    plan.limits = {8, 100, 1000};
    plan.repeats = {20'000, 1 << 20};  // the usual 64 MiB would be most of a small run's time
    plan.take = [this](const Window& window) { collected.take(window); };
  }
  FakeRun(const FakeRun&) = delete;
  FakeRun& operator=(const FakeRun&) = delete;

  StageReport run(std::stop_token stop = {}) { return run_stages(plan, std::move(stop)); }

  std::vector<FakeEngine> engines;
  StagePlan plan;
  CollectedLines collected;
};

}  // namespace virnucpro
