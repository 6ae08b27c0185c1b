// The public C++ interface of VirNucPro: viral probabilities for sequences in memory.
//
//   #include <virnucpro/virnucpro.h>
//   virnucpro::Predictor predictor;                       // the embedded bundle, 500-base chunks
//   for (const virnucpro::FrameScore& frame : predictor.predict({contig})) { ... }
//
// Needs nothing but the standard library; link virnucpro::virnucpro.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace virnucpro {

/// "0.1.0".
const char* version() noexcept;

struct PredictorOptions {
  /// Folder of a bundle made by `virnucpro models import`; empty: the embedded bundle `mini`.
  std::string bundle;
  /// Chunk length in bases, 300 or 500; the bundle must hold a classifier for it.
  std::int64_t expected_length = 500;
  /// "auto", or a name that `virnucpro devices` lists. Where it stands for several ("cuda:0,1", or
  /// "auto" with several GPUs), the first is used: make a Predictor for each.
  std::string device = "auto";
  /// 0: every processor that this process may use.
  std::size_t threads = 0;
};

enum class FrameStatus {
  kScored,
  kFailed,  ///< the models give NaN or infinity, or the device has no memory for it
};

/// The score of one stop-free reading frame of one chunk or, where the card of the bundle says so
/// and the chunk has none, of its longest stop-free run. Never NaN: a frame that failed says so.
struct FrameScore {
  std::size_t sequence = 0;  ///< index into what predict() was given
  std::size_t chunk = 0;     ///< index of the chunk in its sequence
  std::uint64_t start = 0;   ///< the chunk is bases [start, end) of the sequence
  std::uint64_t end = 0;
  std::string frame;      ///< F1, F2, F3, R1, R2 or R3
  float p_virus = 0.0f;   ///< in [0, 1]; 0 where it failed
  bool is_virus = false;  ///< p_virus is larger than the probability of the other class
  FrameStatus status = FrameStatus::kScored;
  std::string failure;  ///< why there is no score; empty where there is one
};

/// Loaded models on one device. Movable; used by one thread at a time, any number live side by
/// side. Precision: FP16, or what VIRNUCPRO_DISABLE_FP16 and VIRNUCPRO_DISABLE_PACKING say.
class Predictor {
 public:
  /// Throws std::runtime_error (with what to do) for unusable bundles, devices and options.
  explicit Predictor(const PredictorOptions& options = {});
  ~Predictor();
  Predictor(Predictor&&) noexcept;
  Predictor& operator=(Predictor&&) noexcept;

  /// Scores of all frames, by sequence, chunk, then F1 F2 F3 R1 R2 R3. A sequence without anything
  /// to read has none. Letters other than ACGT (any case) count as unknown bases. Throws
  /// std::runtime_error when no frame gets a finite score, or the device fails.
  std::vector<FrameScore> predict(const std::vector<std::string>& sequences);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace virnucpro
