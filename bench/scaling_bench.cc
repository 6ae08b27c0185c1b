// Does the host keep many GPUs busy? Runs the whole pipeline except reading over devices that
// only wait as long as a GPU was measured to compute, so that any loss of speed is the
// host's.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/format.h"
#include "base/stopwatch.h"
#include "devices/devices.h"
#include "pipeline/model_plan.h"
#include "pipeline/stages.h"
#include "tokenizer/dna_tokenizer.h"
#include "weights/json_reader.h"

namespace virnucpro {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::int64_t kDnabertWidth = 768;  // of the published models
constexpr std::int64_t kEsm2Width = 2560;
constexpr std::int64_t kChunk = 500;
constexpr std::int64_t kBatchTokens = 16384;  // the best size for a GPU
// Tokens of a frame of a 500-base chunk, roughly: they only choose how many reads last how long.
constexpr double kDnaTokens = 102.0;
constexpr double kProteinTokens = 168.0;

struct Speed {
  double dnabert_s = 0.0;  // tokens a second of one device
  double esm2 = 0.0;
  double seconds_of(EncoderKind encoder, double tokens) const {
    return tokens / (encoder == EncoderKind::kDnabertS ? dnabert_s : esm2);
  }
};

/// One GPU, which does one batch after another. Thread-safe.
class PacedDevice {
 public:
  void compute(double seconds) {
    Clock::time_point end;
    {
      const std::lock_guard lock(mutex_);
      end = std::max(free_, Clock::now()) +
            std::chrono::duration_cast<Clock::duration>(Seconds(seconds));
      free_ = end;
      busy_ += seconds;
    }
    std::this_thread::sleep_until(end);
  }
  double busy() const { return busy_; }

 private:
  std::mutex mutex_;
  Clock::time_point free_;
  double busy_ = 0.0;
};

/// A lane of a device. Embeddings are made of the tokens, so that a wrong batch shows.
class PacedEngine final : public Engine {
 public:
  PacedEngine(PacedDevice& device, std::string name, const Speed& speed)
      : device_(device), name_(std::move(name)), speed_(speed) {}

  std::string name() const override { return name_; }
  void embed(EncoderKind encoder, const PackedBatch& batch, const BatchName&,
             Embeddings& embeddings) override {
    const auto width =
        static_cast<std::size_t>(encoder == EncoderKind::kDnabertS ? kDnabertWidth : kEsm2Width);
    embeddings.values.resize(static_cast<std::size_t>(batch.sequences()) * width);
    for (std::size_t i = 0; i < static_cast<std::size_t>(batch.sequences()); ++i) {
      float sum = 0.0f;
      for (auto k = batch.cu_seqlens[i]; k < batch.cu_seqlens[i + 1]; ++k) {
        sum = sum * 0.5f + static_cast<float>(batch.tokens[static_cast<std::size_t>(k)]);
      }
      std::fill_n(embeddings.values.begin() + static_cast<std::ptrdiff_t>(i * width), width, sum);
    }
    device_.compute(speed_.seconds_of(encoder, static_cast<double>(batch.tokens.size())));
  }
  void embed_exactly(EncoderKind, const PackedBatch&, const BatchName&, Embeddings&) override {
    throw std::logic_error("nothing here is not finite");
  }
  void classify(std::span<const float> features, std::span<float> scores) override {
    constexpr auto kRow = static_cast<std::size_t>(kDnabertWidth + kEsm2Width);
    for (std::size_t i = 0; i < scores.size() / 2; ++i) {
      scores[2 * i] = features[i * kRow];
      scores[2 * i + 1] = features[i * kRow + kRow - 1];
    }
  }

 private:
  PacedDevice& device_;
  const std::string name_;
  const Speed speed_;
};

/// Reads of one chunk, each open in one frame or a few.
RecordStream reads(std::size_t count) {
  return [count, random = std::mt19937(5), next = std::size_t{0}](Record& record) mutable {
    if (next == count) return false;
    record.ordinal = next++;
    record.id = fmt::format("read{}", record.ordinal);
    record.bases.resize(static_cast<std::size_t>(kChunk));
    for (std::size_t i = 0; i < record.bases.size(); ++i) {
      // Codons without a T in front are no stop codons.
      record.bases[i] = (i % 3 == 0 ? "ACG" : "ACGT")[random() % (i % 3 == 0 ? 3 : 4)];
    }
    return true;
  };
}

struct Run {
  std::uint64_t frames = 0;
  double seconds = 0.0;
  double share = 0.0;        // the share of time that the devices computed
  std::uint64_t result = 0;  // of all scores in their order
};

Run run(std::size_t device_count, std::size_t read_count, const Speed& speed,
        const DnaTokenizer& tokenizer) {
  std::vector<PacedDevice> devices(device_count);
  std::vector<std::unique_ptr<PacedEngine>> engines;
  StagePlan plan;
  for (std::size_t i = 0; i < device_count; ++i) {
    for (std::size_t lane = 0; lane < kCudaLanes; ++lane) {
      engines.push_back(
          std::make_unique<PacedEngine>(devices[i], fmt::format("paced:{}", i), speed));
      plan.engines.push_back(engines.back().get());
    }
  }
  tokenize_by(tokenizer, plan);
  plan.records = reads(read_count);
  plan.expected_length = kChunk;
  plan.lanes[EncoderKind::kDnabertS].width = kDnabertWidth;
  plan.lanes[EncoderKind::kEsm2].width = kEsm2Width;
  plan.batch_tokens = kBatchTokens;
  plan.limits = limits_for(kBatchTokens);
  Run result;
  plan.take = [&](const Window& window) {
    for (const float score : window.computed.scores) {
      result.result = result.result * 1'000'003 + std::hash<float>()(score);
    }
  };
  const Stopwatch watch;
  const StageReport report = run_stages(plan, {});
  result.seconds = watch.seconds();
  result.frames = report.intake.orfs;
  double busy = 0.0;
  for (const PacedDevice& device : devices) busy += device.busy();
  result.share = busy / (static_cast<double>(device_count) * result.seconds);
  return result;
}

DnaTokenizer embedded_tokenizer() {
  const std::string path = VIRNUCPRO_SOURCE_DIR "/models/mini/tokenizer.json";
  return DnaTokenizer::from_json(read_text_file(path), path);
}

void measure(double seconds, const Speed& speed) {
  const DnaTokenizer tokenizer = embedded_tokenizer();
  const Speed fast{1e9, 1e9};
  if (run(1, 3000, fast, tokenizer).result != run(8, 3000, fast, tokenizer).result) {
    throw std::runtime_error("8 devices give other results than one");
  }
  // A few more frames than reads: some are open in a second frame.
  const double frame = speed.seconds_of(EncoderKind::kDnabertS, kDnaTokens) +
                       speed.seconds_of(EncoderKind::kEsm2, kProteinTokens);
  std::printf("devices\tframes\tseconds\tframes_per_s\ttimes_one\tdevices_busy\n");
  double one = 0.0;
  for (const std::size_t devices : {1u, 2u, 4u, 8u}) {
    const auto reads_wanted =
        static_cast<std::size_t>(seconds / frame * static_cast<double>(devices));
    const Run done = run(devices, std::max<std::size_t>(reads_wanted, 1), speed, tokenizer);
    const double rate = static_cast<double>(done.frames) / done.seconds;
    if (devices == 1) one = rate;
    std::printf("%zu\t%llu\t%.2f\t%.0f\t%.2f\t%.3f\n", devices,
                static_cast<unsigned long long>(done.frames), done.seconds, rate, rate / one,
                done.share);
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace virnucpro

int main(int argc, char** argv) {
  CLI::App app("The pipeline over devices that take their time and compute nothing");
  double seconds = 5.0;
  // The rates of one H100 in FP16 (docs/explanation/cuda.md).
  virnucpro::Speed speed{2'298'805.0, 108'133.0};
  app.add_option("--seconds", seconds, "Of one device's work for each device [5]");
  app.add_option("--dnabert-s", speed.dnabert_s, "Tokens a second of DNABERT-S on one device");
  app.add_option("--esm2", speed.esm2, "Tokens a second of ESM-2 on one device");
  CLI11_PARSE(app, argc, argv);
  try {
    virnucpro::measure(seconds, speed);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "scaling_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
