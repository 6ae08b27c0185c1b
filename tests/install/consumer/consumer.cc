// Two predictors side by side must give the same, finite answer for a made-up gene.
#include <virnucpro/virnucpro.h>

#include <cstdio>
#include <stdexcept>
#include <string>

int main() {
  std::string gene;
  for (int i = 0; i < 120; ++i) gene += i % 3 == 0 ? "ATG" : i % 3 == 1 ? "GCA" : "AAC";
  virnucpro::Predictor first;
  virnucpro::Predictor second({.expected_length = 300, .device = "cpu", .threads = 1});
  const auto long_chunks = first.predict({gene, "", "TA"});
  const auto short_chunks = second.predict({gene});
  if (long_chunks.empty() || short_chunks.empty()) return 1;
  for (const auto& scores : {long_chunks, short_chunks}) {
    for (const virnucpro::FrameScore& frame : scores) {
      if (frame.sequence != 0 || !(frame.p_virus >= 0 && frame.p_virus <= 1)) return 2;
      if (frame.status != virnucpro::FrameStatus::kScored || !frame.failure.empty()) return 7;
      if (frame.end > gene.size() || frame.frame.size() != 2) return 3;
    }
  }
  if (first.predict({gene}).front().p_virus != long_chunks.front().p_virus) return 4;
  try {
    virnucpro::Predictor({.bundle = "/nowhere", .device = "cpu"});
    return 5;
  } catch (const std::runtime_error& error) {
    if (std::string(error.what()).find("/nowhere") == std::string::npos) return 6;
  }
  std::printf("virnucpro %s: %zu frames\n", virnucpro::version(), long_chunks.size());
  return 0;
}
