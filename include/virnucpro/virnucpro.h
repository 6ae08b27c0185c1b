// The public C++ interface of VirNucPro: calls and embeddings of sequences, from memory, files or a
// stream. For C and what binds to it: virnucpro_c.h.
//
//   #include <virnucpro/virnucpro.h>
//   virnucpro::Predictor predictor;                       // the embedded bundle, 500-base chunks
//   for (const virnucpro::FrameScore& frame : predictor.predict({contig})) { ... }
//
// Needs nothing but the standard library; link virnucpro::virnucpro. Calls, scores, probabilities
// and embeddings are those of the program `virnucpro`. It never prints.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace virnucpro {

/// Such as "0.2.0".
const char* version() noexcept;

// ---- Errors -------------------------------------------------------------------------------------

/// The kinds of errors; the numbers are the exit codes of the program.
enum class ErrorKind {
  kUsage = 2,         ///< an option or the input cannot be used
  kModel = 3,         ///< the models are damaged, incomplete or do not fit together
  kDevice = 4,        ///< the device cannot be used or failed; no memory or threads are left
  kPrecision = 5,     ///< the precision does not suit, or the models give NaN or infinity only
  kInternal = 70,     ///< an error inside the library: please report it
  kOutput = 74,       ///< results could not be written
  kInterrupted = 75,  ///< a stop was requested
};

/// What the library throws derives from std::runtime_error, and what() says what to do. These two
/// say more about an exception that came out of it. Thread-safe.
ErrorKind error_kind(const std::exception& error) noexcept;
/// "InputError", "ConfigError", "ChangedInput", "ModelError", "DeviceError", "OutOfDeviceMemory",
/// "ResourceError", "PrecisionError", "NonfiniteError", "OutputError", "Interrupted" or
/// "ContractError"; "ResourceError" for std::bad_alloc, "ContractError" for what is not ours.
const char* error_name(const std::exception& error) noexcept;

// ---- What goes in -------------------------------------------------------------------------------

/// The calls of PredictorOptions need the calibration of a bundle, unless they are "published".
struct PredictorOptions {
  /// An embedded bundle (empty: `mini`), the folder of one made by `virnucpro models import`, or
  /// the name of one that `virnucpro models pull` put in its place.
  std::string bundle = {};
  /// Chunk length in bases, for which the bundle must hold a classifier: 300 or 500. 0: the only
  /// length of the bundle, or 500 where it has several.
  std::int64_t expected_length = 500;
  /// "auto", or names that `virnucpro devices` lists, such as "cpu", "cuda", "cuda:0,1". Several
  /// share the work by their speed.
  std::string device = "auto";
  /// Of the CPU; 0: every processor that this process may use.
  std::size_t threads = 0;
  /// "fp16", "bf16", "int8", "fp8" (some GPUs) or "fp32" (slow, to diagnose; unpacked). Empty:
  /// fp16, or what VIRNUCPRO_DISABLE_FP16 and VIRNUCPRO_DISABLE_PACKING say.
  std::string precision = {};
  /// What is read of a chunk without an open frame: "open" (nothing), "longest", "longest-two".
  /// Empty: as the card of the bundle says.
  std::string frames = {};
  /// NCBI's number of the genetic code.
  std::uint64_t genetic_code = 1;
  /// Tokens of one batch; 0: chosen by the free memory. Results do not depend on it.
  std::size_t batch_tokens = 0;
  /// "bundle": the rule that the bundle names, else the published one. "published": by scores.
  /// "conservative", "relaxed": by p_calibrated of at least 0.95 or 0.25.
  std::string calls = "bundle";
  /// The share of viruses, above 0 and below 1, that p_calibrated assumes. It moves the thresholds
  /// of "conservative" and "relaxed", not that of a bundle.
  double prevalence = 0.5;
};

/// As in PredictorOptions.
struct EmbedderOptions {
  std::string bundle = {};
  std::int64_t expected_length = 500;  ///< any; the encoders know no length
  std::string device = "auto";
  std::size_t threads = 0;
  std::string precision = {};
  std::string frames = {};
  std::uint64_t genetic_code = 1;
  std::size_t batch_tokens = 0;
};

/// Letters other than ACGT (any case) count as unknown bases. Ids may be empty and may repeat.
struct Sequence {
  std::string id = {};
  std::string bases;
};

/// Overwrites its argument with the next sequence; false at the end. Called by one thread at a time
/// that is not the caller's. What it throws ends the run and comes out of it.
using NextSequence = std::function<bool(Sequence&)>;

/// Counters since the start of a run; none ever falls.
struct Progress {
  std::uint64_t sequences_read = 0;
  std::uint64_t bases_read = 0;
  std::uint64_t frames_found = 0;
  std::uint64_t frames_computed = 0;
  std::uint64_t sequences_finished = 0;
  double seconds = 0.0;
};

/// How a run is watched and ended.
struct RunControl {
  /// Ends the run with an error of kInterrupted, in the middle of a batch.
  std::stop_token stop = {};
  /// May be empty. Called at most five times a second, from any thread, never from two at once.
  /// What it throws ends the run and comes out of it.
  std::function<void(const Progress&)> progress = {};
  /// Bases that the run reads at most, where that is known: a small run then takes little memory
  /// and time. 0: not known.
  std::uint64_t most_bases = 0;
};

// ---- What comes out -----------------------------------------------------------------------------

/// What became of a chunk or a sequence: the words of the program's tables.
enum class Status { kScored, kNoOrf, kTooShort, kFailed };
/// "scored", "no_orf", "too_short", "failed".
const char* status_name(Status status) noexcept;

enum class FrameStatus {
  kScored,
  kFailed,  ///< the models give NaN or infinity, or the device has no memory for it
};

/// The score of one stop-free reading frame of one chunk or, where the card of the bundle says so
/// and the chunk has none, of its longest stop-free run. Never NaN: a frame that failed says so.
struct FrameScore {
  std::uint64_t sequence = 0;  ///< its number in the run, from 0
  std::uint64_t chunk = 0;     ///< index of the chunk in its sequence
  std::uint64_t start = 0;     ///< the chunk is bases [start, end) of the sequence
  std::uint64_t end = 0;
  std::string frame;      ///< F1, F2, F3, R1, R2 or R3
  float p_virus = 0.0f;   ///< in [0, 1]; 0 where it failed
  bool is_virus = false;  ///< as the program calls it; false where any frame of the chunk failed
  FrameStatus status = FrameStatus::kScored;
  std::string failure;           ///< why there is no score; empty where there is one
  std::uint64_t read_start = 0;  ///< what was read: bases [read_start, read_end) of the sequence
  std::uint64_t read_end = 0;
  bool is_run = false;                 ///< a run, since the chunk has no open frame
  std::optional<double> p_calibrated;  ///< of the chunk; absent without a calibration
};

/// One chunk: bases [start, end) of its sequence.
struct ChunkCall {
  std::uint64_t sequence = 0;
  std::uint64_t chunk = 0;
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  Status status = Status::kNoOrf;
  std::string reason;  ///< of a failure
  bool is_virus = false;
  std::optional<double> p_calibrated;  ///< absent without a calibration or a score
  std::span<const FrameScore> frames;  ///< F1 F2 F3 R1 R2 R3; valid during the call
};

/// One sequence: a row of the program's contigs.tsv.
struct SequenceCall {
  std::uint64_t sequence = 0;  ///< its number in the run, from 0
  std::string id = {};
  std::uint64_t length = 0;
  std::uint64_t chunks = 0;
  std::uint64_t scored_chunks = 0;
  std::uint64_t frames = 0;  ///< of scored chunks
  std::uint64_t viral_chunks = 0;
  double mean_p_virus = 0.0;           ///< over `frames`; 0 without any
  float max_p_virus = 0.0f;            ///< likewise
  std::optional<double> p_calibrated;  ///< absent without a calibration or a scored chunk
  bool is_virus = false;
  Status status = Status::kTooShort;
  std::string reason;  ///< of the first failure
};

/// Receives calls in the order of the input: the chunks of a sequence, then the sequence. One call
/// at a time, from a thread that is not the caller's; a slow one makes the run wait. What it throws
/// ends the run and comes out of it.
class CallReceiver {
 public:
  virtual ~CallReceiver() = default;
  virtual void chunk(const ChunkCall&) {}
  virtual void sequence(const SequenceCall&) {}
};

/// The place of an embedding.
struct EmbeddedFrame {
  std::uint64_t sequence = 0;
  std::uint64_t chunk = 0;
  std::uint64_t start = 0;  ///< of the chunk, in the sequence
  std::uint64_t end = 0;
  const char* frame = "";        ///< F1, F2, F3, R1, R2 or R3
  std::uint64_t read_start = 0;  ///< what was read: bases [read_start, read_end) of the sequence
  std::uint64_t read_end = 0;
  bool is_run = false;
};

/// Some hundred frames in the order of the input. Valid during the call.
struct EmbeddingBlock {
  std::span<const EmbeddedFrame> frames;
  std::span<const float> values;  ///< [frames, dnabert_s_width + esm2_width], side by side
  std::size_t dnabert_s_width = 0;
  std::size_t esm2_width = 0;
};

/// As CallReceiver. Frames that failed are left out.
class EmbeddingReceiver {
 public:
  virtual ~EmbeddingReceiver() = default;
  /// A sequence begins; its frames are in the blocks that follow.
  virtual void sequence(std::uint64_t /*number*/, const std::string& /*id*/,
                        std::uint64_t /*length*/) {}
  virtual void block(const EmbeddingBlock& block) = 0;
};

struct RunTotals {
  std::uint64_t sequences = 0;
  std::uint64_t bases = 0;
  std::uint64_t chunks = 0;
  std::uint64_t frames = 0;         ///< found
  std::uint64_t failed_frames = 0;  ///< of these, without a result
};

// ---- What computes ------------------------------------------------------------------------------

class ModelSession;  // not for users

/// Loaded models on their devices. Movable. Any number live side by side. Its functions may be
/// called by several threads, and take turns; one that is called from inside its own run throws an
/// error of kUsage. Every function throws the errors named above; a predictor can be used after
/// any of them. Memory of a run is bounded, but for its longest sequence.
class Predictor {
 public:
  explicit Predictor(const PredictorOptions& options = {});
  ~Predictor();
  Predictor(Predictor&&) noexcept;
  Predictor& operator=(Predictor&&) noexcept;

  /// Scores of all frames, by sequence, chunk, then F1 F2 F3 R1 R2 R3. A sequence without anything
  /// to read has none. An error of kPrecision when no frame gets a finite score.
  std::vector<FrameScore> predict(const std::vector<std::string>& sequences);
  /// The same work on a stream.
  RunTotals run(const NextSequence& next, CallReceiver& receiver, const RunControl& control = {});
  /// On files, as the program reads them: FASTA, FASTQ, SAM, BAM or CRAM, compressed or not.
  RunTotals run_files(const std::vector<std::string>& paths, CallReceiver& receiver,
                      const RunControl& control = {});

  /// What the user should know of the choice of devices and precision; may be empty.
  const std::vector<std::string>& warnings() const;
  /// "cpu", "cuda:0,1".
  const std::string& device() const;
  std::int64_t expected_length() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

/// As Predictor, for the embeddings of all frames: those that `virnucpro embed` writes.
class Embedder {
 public:
  explicit Embedder(const EmbedderOptions& options = {});
  ~Embedder();
  Embedder(Embedder&&) noexcept;
  Embedder& operator=(Embedder&&) noexcept;

  RunTotals run(const NextSequence& next, EmbeddingReceiver& receiver,
                const RunControl& control = {});
  RunTotals run_files(const std::vector<std::string>& paths, EmbeddingReceiver& receiver,
                      const RunControl& control = {});

  std::size_t dnabert_s_width() const;
  std::size_t esm2_width() const;
  const std::vector<std::string>& warnings() const;
  const std::string& device() const;
  std::int64_t expected_length() const;

 private:
  std::unique_ptr<ModelSession> session_;
};

// ---- Bundles ------------------------------------------------------------------------------------

struct BundleDescription {
  std::string name;
  std::string version;
  std::string description;
  std::string license;
  std::vector<std::int64_t> expected_lengths;
};

/// The names of the bundles inside the library.
std::vector<std::string> embedded_bundles();
/// The names of those that lie where `virnucpro models pull` puts them.
std::vector<std::string> pulled_bundles();
/// What the card of a bundle says; `bundle` as in PredictorOptions.
BundleDescription describe_bundle(const std::string& bundle);
/// Recomputes every hash and reads every part: one line per problem; empty: all is well.
std::vector<std::string> bundle_problems(const std::string& bundle);

}  // namespace virnucpro
