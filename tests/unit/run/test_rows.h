// Rows for tests of a run's database, and the rows that it gives back.
#pragma once

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/format.h"
#include "run/run_database.h"

namespace virnucpro {

/// The facts of a test's work.
inline const std::vector<RunFact> kWork = {{"input 1 sha256", "9f86d0"},
                                           {"expected length", "500"}};

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

inline StoredOrf scored_orf(std::uint64_t number, std::uint64_t chunk, std::uint8_t frame) {
  StoredOrf orf;
  orf.number = number;
  orf.chunk = chunk;
  orf.frame = frame;
  orf.p_virus = 1.0f / (3.0f + static_cast<float>(number));
  orf.p_others = 1.0f - orf.p_virus;
  return orf;
}

/// Adds record `ordinal` of two chunks; the first has two ORFs, the second none.
inline void add_small_record(RunDatabase& database, std::uint64_t ordinal) {
  const StoredExtent at = database.extent();
  const std::string id = fmt::format("record {}", ordinal);
  database.begin_record({ordinal, id, 600, bytes_of("packed")});
  StoredChunk chunk{at.chunks, ordinal, 0, 0, 500, Outcome::kScored, {}};
  database.add_chunk(chunk);
  database.add_orf(scored_orf(at.orfs, at.chunks, 0));
  database.add_orf(scored_orf(at.orfs + 1, at.chunks, 4));
  chunk = {at.chunks + 1, ordinal, 1, 100, 600, Outcome::kNoOrf, {}};
  database.add_chunk(chunk);
  database.end_record(ordinal, Outcome::kScored, {});
}

/// Writes down everything that is visited.
class Transcript final : public StoredRunVisitor {
 public:
  void begin_record(const StoredRecord& record) override {
    text += fmt::format(
        "record {} '{}' {} '{}'\n", record.ordinal, record.id, record.length,
        std::string_view(reinterpret_cast<const char*>(record.bases.data()), record.bases.size()));
  }
  void chunk(const StoredChunk& chunk, std::span<const StoredOrf> orfs) override {
    text += fmt::format(" chunk {} of {}: {} {}-{} {} '{}'\n", chunk.number, chunk.record,
                        chunk.index, chunk.start, chunk.end, name_of(chunk.outcome), chunk.reason);
    for (const StoredOrf& orf : orfs) text += "  " + described(orf);
  }
  void end_record(Outcome outcome, std::string_view reason) override {
    text += fmt::format(" end {} '{}'\n", name_of(outcome), reason);
  }
  static std::string described(const StoredOrf& orf) {
    return fmt::format("orf {} of {}: {} {} {} {} '{}'{}\n", orf.number, orf.chunk, orf.frame,
                       name_of(orf.outcome), orf.p_others, orf.p_virus, orf.reason,
                       orf.same_as ? fmt::format(" as {}", *orf.same_as) : "");
  }

  std::string text;
};

inline std::string transcript_of(const RunDatabase& database) {
  Transcript transcript;
  database.visit(transcript);
  return transcript.text;
}

/// The text of the error that `action` throws, which must be an `Expected`.
template <typename Expected, typename Action>
std::string error_of(Action&& action) {
  try {
    action();
  } catch (const Expected& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("another error: ") + error.what();
  }
  return "no error";
}

/// Runs `action` in another process and returns its exit code; 255 after an exception. An action
/// that calls ::_exit() ends as a killed process does: nothing is closed.
inline int in_another_process(const std::function<int()>& action) {
  const ::pid_t child = ::fork();
  if (child == 0) {
    int code = 255;
    try {
      code = action();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "in the other process: %s\n", error.what());
    }
    ::_exit(code);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

}  // namespace virnucpro
