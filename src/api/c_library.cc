// The C interface over the C++ one: handles, and errors as codes and texts.
#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "base/format.h"
#include "base/number_text.h"
#include "virnucpro/virnucpro.h"
#include "virnucpro/virnucpro_c.h"

using virnucpro::ConfigError;
using virnucpro::Interrupted;

struct virnucpro_options {
  virnucpro::PredictorOptions values;
};
struct virnucpro_stop {
  std::stop_source source;
};
struct virnucpro_predictor {
  virnucpro::Predictor predictor;
};
struct virnucpro_embedder {
  virnucpro::Embedder embedder;
};

namespace {

thread_local std::string last_error;
thread_local const char* last_error_name = "";

static_assert(VIRNUCPRO_USAGE == static_cast<int>(virnucpro::ErrorKind::kUsage) &&
              VIRNUCPRO_MODEL == static_cast<int>(virnucpro::ErrorKind::kModel) &&
              VIRNUCPRO_DEVICE == static_cast<int>(virnucpro::ErrorKind::kDevice) &&
              VIRNUCPRO_PRECISION == static_cast<int>(virnucpro::ErrorKind::kPrecision) &&
              VIRNUCPRO_INTERNAL == static_cast<int>(virnucpro::ErrorKind::kInternal) &&
              VIRNUCPRO_OUTPUT == static_cast<int>(virnucpro::ErrorKind::kOutput) &&
              VIRNUCPRO_INTERRUPTED == static_cast<int>(virnucpro::ErrorKind::kInterrupted));
static_assert(VIRNUCPRO_SCORED == static_cast<int>(virnucpro::Status::kScored) &&
              VIRNUCPRO_NO_ORF == static_cast<int>(virnucpro::Status::kNoOrf) &&
              VIRNUCPRO_TOO_SHORT == static_cast<int>(virnucpro::Status::kTooShort) &&
              VIRNUCPRO_FAILED == static_cast<int>(virnucpro::Status::kFailed));

/// Runs `action`; what it throws becomes this thread's last error. Nothing leaves it.
template <typename Action>
virnucpro_status guarded(const Action& action) noexcept {
  try {
    action();
    return VIRNUCPRO_OK;
  } catch (const std::exception& error) {
    last_error_name = virnucpro::error_name(error);
    try {
      last_error = error.what();
    } catch (const std::bad_alloc&) {
      last_error.clear();
    }
    return static_cast<virnucpro_status>(virnucpro::error_kind(error));
  } catch (...) {
    last_error_name = "ContractError";
    last_error.clear();
    return VIRNUCPRO_INTERNAL;
  }
}

void require(const void* argument, const char* name) {
  if (argument == nullptr) throw ConfigError(fmt::format("{} must not be NULL", name));
}

/// A callback of the user returned something other than 0.
void require_zero(int result) {
  if (result != 0) throw Interrupted("a callback asked the run to stop");
}

double or_nan(const std::optional<double>& value) {
  return value.value_or(std::numeric_limits<double>::quiet_NaN());
}

void copy_frame(const char* name, char (&to)[4]) { std::strncpy(to, name, sizeof to - 1); }

virnucpro::NextSequence source(virnucpro_next next, void* user) {
  return [next, user](virnucpro::Sequence& to) {
    virnucpro_sequence given = {};
    const int result = next(user, &given);
    if (result == 0) return false;
    if (result != 1) throw Interrupted("the source of the sequences asked the run to stop");
    to.id.assign(given.id == nullptr ? "" : given.id, given.id == nullptr ? 0 : given.id_length);
    to.bases.assign(given.bases == nullptr ? "" : given.bases,
                    given.bases == nullptr ? 0 : given.bases_length);
    return true;
  };
}

std::vector<std::string> texts(const char* const* paths, std::size_t count) {
  if (count > 0) require(paths, "paths");
  std::vector<std::string> result;
  for (std::size_t i = 0; i < count; ++i) {
    require(paths[i], "a path");
    result.emplace_back(paths[i]);
  }
  return result;
}

template <typename Receiver>
virnucpro::RunControl control(const Receiver* receiver, const virnucpro_stop* stop) {
  virnucpro::RunControl result;
  if (stop != nullptr) result.stop = stop->source.get_token();
  if (receiver->progress != nullptr) {
    result.progress = [receiver](const virnucpro::Progress& progress) {
      const virnucpro_progress given = {progress.sequences_read,     progress.bases_read,
                                        progress.frames_found,       progress.frames_computed,
                                        progress.sequences_finished, progress.seconds};
      require_zero(receiver->progress(receiver->user, &given));
    };
  }
  return result;
}

void store(const virnucpro::RunTotals& totals, virnucpro_totals* to) {
  if (to == nullptr) return;
  *to = {totals.sequences, totals.bases, totals.chunks, totals.frames, totals.failed_frames};
}

class CallsToC final : public virnucpro::CallReceiver {
 public:
  explicit CallsToC(const virnucpro_receiver& to) : to_(to) {}

  void chunk(const virnucpro::ChunkCall& call) override {
    if (to_.chunk == nullptr) return;
    frames_.clear();
    for (const virnucpro::FrameScore& frame : call.frames) {
      const bool failed = frame.status == virnucpro::FrameStatus::kFailed;
      virnucpro_frame& to = frames_.emplace_back();
      to.read_start = frame.read_start;
      to.read_end = frame.read_end;
      copy_frame(frame.frame.c_str(), to.frame);
      to.p_virus = failed ? std::numeric_limits<float>::quiet_NaN() : frame.p_virus;
      to.is_virus = frame.is_virus ? 1 : 0;
      to.is_run = frame.is_run ? 1 : 0;
      to.failure = failed ? frame.failure.c_str() : nullptr;
    }
    const virnucpro_chunk given = {call.sequence,
                                   call.chunk,
                                   call.start,
                                   call.end,
                                   static_cast<virnucpro_outcome>(call.status),
                                   call.reason.c_str(),
                                   call.is_virus ? 1 : 0,
                                   or_nan(call.p_calibrated),
                                   frames_.data(),
                                   frames_.size()};
    require_zero(to_.chunk(to_.user, &given));
  }

  void sequence(const virnucpro::SequenceCall& call) override {
    if (to_.sequence == nullptr) return;
    const bool has_frames = call.frames > 0;
    const virnucpro_call given = {
        call.sequence,
        call.id.c_str(),
        call.id.size(),
        call.length,
        call.chunks,
        call.scored_chunks,
        call.frames,
        call.viral_chunks,
        has_frames ? call.mean_p_virus : std::numeric_limits<double>::quiet_NaN(),
        has_frames ? call.max_p_virus : std::numeric_limits<float>::quiet_NaN(),
        or_nan(call.p_calibrated),
        call.is_virus ? 1 : 0,
        static_cast<virnucpro_outcome>(call.status),
        call.reason.c_str()};
    require_zero(to_.sequence(to_.user, &given));
  }

 private:
  const virnucpro_receiver& to_;
  std::vector<virnucpro_frame> frames_;  // reused
};

class EmbeddingsToC final : public virnucpro::EmbeddingReceiver {
 public:
  explicit EmbeddingsToC(const virnucpro_embedding_receiver& to) : to_(to) {}

  void block(const virnucpro::EmbeddingBlock& block) override {
    if (to_.block == nullptr) return;
    frames_.clear();
    for (const virnucpro::EmbeddedFrame& frame : block.frames) {
      virnucpro_embedded_frame& to = frames_.emplace_back();
      to = {frame.sequence,   frame.chunk,    frame.start, frame.end,
            frame.read_start, frame.read_end, {},          frame.is_run ? 1 : 0};
      copy_frame(frame.frame, to.frame);
    }
    require_zero(to_.block(to_.user, frames_.data(), block.values.data(), frames_.size()));
  }

 private:
  const virnucpro_embedding_receiver& to_;
  std::vector<virnucpro_embedded_frame> frames_;  // reused
};

template <typename Number>
Number whole(const std::string& name, const std::string& value) {
  constexpr virnucpro::WholeRange kRange = {.high = std::uint64_t{1} << 40};
  const std::optional<std::uint64_t> number = virnucpro::parse_whole(value, kRange);
  if (!number) throw ConfigError(fmt::format("{} '{}': expected a whole number", name, value));
  return static_cast<Number>(*number);
}

void set(virnucpro::PredictorOptions& options, const std::string& name, const std::string& value) {
  if (name == "bundle") {
    options.bundle = value;
  } else if (name == "expected_length") {
    options.expected_length = whole<std::int64_t>(name, value);
  } else if (name == "device") {
    options.device = value;
  } else if (name == "threads") {
    options.threads = whole<std::size_t>(name, value);
  } else if (name == "precision") {
    options.precision = value;
  } else if (name == "frames") {
    options.frames = value;
  } else if (name == "genetic_code") {
    options.genetic_code = whole<std::uint64_t>(name, value);
  } else if (name == "batch_tokens") {
    options.batch_tokens = whole<std::size_t>(name, value);
  } else if (name == "calls") {
    options.calls = value;
  } else if (name == "prevalence") {
    const std::optional<double> number = virnucpro::parse_number(value, {});
    if (!number) throw ConfigError(fmt::format("prevalence '{}': expected a number", value));
    options.prevalence = *number;
  } else {
    throw ConfigError(fmt::format("there is no option '{}'", name));
  }
}

virnucpro::EmbedderOptions embedder_options(const virnucpro::PredictorOptions& options) {
  const virnucpro::PredictorOptions usual;
  if (options.calls != usual.calls || options.prevalence != usual.prevalence) {
    throw ConfigError("an embedder makes no calls: calls and prevalence have no effect on it");
  }
  return {options.bundle,    options.expected_length, options.device,       options.threads,
          options.precision, options.frames,          options.genetic_code, options.batch_tokens};
}

}  // namespace

extern "C" {

const char* virnucpro_version(void) { return virnucpro::version(); }
const char* virnucpro_last_error(void) { return last_error.c_str(); }
const char* virnucpro_last_error_name(void) { return last_error_name; }

virnucpro_options* virnucpro_options_new(void) { return new (std::nothrow) virnucpro_options(); }
void virnucpro_options_free(virnucpro_options* options) { delete options; }
virnucpro_status virnucpro_options_set(virnucpro_options* options, const char* name,
                                       const char* value) {
  return guarded([&] {
    require(options, "options");
    require(name, "name");
    require(value, "value");
    set(options->values, name, value);
  });
}

virnucpro_stop* virnucpro_stop_new(void) {
  virnucpro_stop* stop = nullptr;
  guarded([&] { stop = new virnucpro_stop(); });
  return stop;
}
void virnucpro_stop_free(virnucpro_stop* stop) { delete stop; }
void virnucpro_stop_request(virnucpro_stop* stop) {
  if (stop != nullptr) stop->source.request_stop();
}

virnucpro_status virnucpro_predictor_new(const virnucpro_options* options,
                                         virnucpro_predictor** predictor) {
  return guarded([&] {
    require(predictor, "predictor");
    *predictor = nullptr;
    *predictor = new virnucpro_predictor{
        virnucpro::Predictor(options == nullptr ? virnucpro::PredictorOptions() : options->values)};
  });
}
void virnucpro_predictor_free(virnucpro_predictor* predictor) { delete predictor; }

virnucpro_status virnucpro_predictor_run(virnucpro_predictor* predictor, virnucpro_next next,
                                         void* next_user, const virnucpro_receiver* receiver,
                                         const virnucpro_stop* stop, virnucpro_totals* totals) {
  return guarded([&] {
    require(predictor, "predictor");
    require(reinterpret_cast<const void*>(next), "next");
    require(receiver, "receiver");
    CallsToC calls(*receiver);
    store(predictor->predictor.run(source(next, next_user), calls, control(receiver, stop)),
          totals);
  });
}

virnucpro_status virnucpro_predictor_run_files(virnucpro_predictor* predictor,
                                               const char* const* paths, size_t path_count,
                                               const virnucpro_receiver* receiver,
                                               const virnucpro_stop* stop,
                                               virnucpro_totals* totals) {
  return guarded([&] {
    require(predictor, "predictor");
    require(receiver, "receiver");
    CallsToC calls(*receiver);
    store(predictor->predictor.run_files(texts(paths, path_count), calls, control(receiver, stop)),
          totals);
  });
}

virnucpro_status virnucpro_embedder_new(const virnucpro_options* options,
                                        virnucpro_embedder** embedder) {
  return guarded([&] {
    require(embedder, "embedder");
    *embedder = nullptr;
    *embedder = new virnucpro_embedder{virnucpro::Embedder(
        embedder_options(options == nullptr ? virnucpro::PredictorOptions() : options->values))};
  });
}
void virnucpro_embedder_free(virnucpro_embedder* embedder) { delete embedder; }
size_t virnucpro_embedder_dnabert_s_width(const virnucpro_embedder* embedder) {
  return embedder == nullptr ? 0 : embedder->embedder.dnabert_s_width();
}
size_t virnucpro_embedder_esm2_width(const virnucpro_embedder* embedder) {
  return embedder == nullptr ? 0 : embedder->embedder.esm2_width();
}

virnucpro_status virnucpro_embedder_run(virnucpro_embedder* embedder, virnucpro_next next,
                                        void* next_user,
                                        const virnucpro_embedding_receiver* receiver,
                                        const virnucpro_stop* stop, virnucpro_totals* totals) {
  return guarded([&] {
    require(embedder, "embedder");
    require(reinterpret_cast<const void*>(next), "next");
    require(receiver, "receiver");
    EmbeddingsToC embeddings(*receiver);
    store(embedder->embedder.run(source(next, next_user), embeddings, control(receiver, stop)),
          totals);
  });
}

virnucpro_status virnucpro_embedder_run_files(virnucpro_embedder* embedder,
                                              const char* const* paths, size_t path_count,
                                              const virnucpro_embedding_receiver* receiver,
                                              const virnucpro_stop* stop,
                                              virnucpro_totals* totals) {
  return guarded([&] {
    require(embedder, "embedder");
    require(receiver, "receiver");
    EmbeddingsToC embeddings(*receiver);
    store(
        embedder->embedder.run_files(texts(paths, path_count), embeddings, control(receiver, stop)),
        totals);
  });
}

}  // extern "C"
