#include "api/call_walk.h"

#include <algorithm>
#include <span>

#include "sequence/frames.h"

namespace virnucpro {
namespace {

Status status_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::kScored:
      return Status::kScored;
    case Outcome::kNoOrf:
      return Status::kNoOrf;
    case Outcome::kTooShort:
      return Status::kTooShort;
    case Outcome::kFailed:
      break;
  }
  return Status::kFailed;
}

FrameScore place_of(const Window::ChunkPlace& place, const Window::OrfEntry& orf) {
  FrameScore score;
  score.sequence = place.chunk.record;
  score.chunk = place.chunk.index;
  score.start = place.chunk.start;
  score.end = place.chunk.end;
  score.frame = frame_name(orf.frame);
  score.read_start = orf.start;
  score.read_end = orf.end;
  score.is_run = orf.is_run;
  return score;
}

}  // namespace

void CallWalk::take(const Window& window) {
  window.read.for_each_chunk([&](const Record& record) { begin(record); },
                             [&](const Window::ChunkPlace& place) { add(window, place); },
                             [&](const Record&) { end(); });
}

void CallWalk::begin(const Record& record) {
  caller_.begin();
  sequence_ = {};
  sequence_.sequence = record.ordinal;
  sequence_.id = record.id;
  sequence_.length = record.bases.size();
  outcomes_ = {};
  sum_p_virus_ = 0.0;
}

void CallWalk::add(const Window& window, const Window::ChunkPlace& place) {
  ChunkCall call;
  call.sequence = place.chunk.record;
  call.chunk = place.chunk.index;
  call.start = place.chunk.start;
  call.end = place.chunk.end;
  frames_.clear();
  scores_.clear();
  Outcome outcome =
      place.orf_count() > 0 ? Outcome::kScored : outcome_without_orf(call.end - call.start);
  for (std::uint32_t orf = place.first_orf; orf < place.end_orf; ++orf) {
    FrameScore& frame = frames_.emplace_back(place_of(place, window.read.orfs[orf]));
    const std::span<const float, 2> scores = window.computed.scores_of(orf);
    scores_.push_back({scores[0], scores[1]});
    const auto failure = window.finished.failures.find(orf);
    if (failure == window.finished.failures.end()) {
      frame.p_virus = scores[1];
      continue;
    }
    frame.status = FrameStatus::kFailed;
    frame.failure = failure->second;
    ++failed_frames_;
    if (outcome != Outcome::kFailed) call.reason = failure->second;
    outcome = Outcome::kFailed;
  }
  if (outcome == Outcome::kScored) {
    call_scored_chunk(call);
  } else {
    caller_.unscored_chunk();
  }
  if (sequence_.reason.empty()) sequence_.reason = call.reason;
  outcomes_.add(outcome);
  call.status = status_of(outcome);
  call.frames = frames_;
  receiver_.chunk(call);
}

void CallWalk::call_scored_chunk(ChunkCall& call) {
  LargestScores largest;
  // Of several runs the longest counts.
  ChunkReading reading{call.end - call.start, 0, frames_.front().is_run};
  for (std::size_t i = 0; i < frames_.size(); ++i) {
    largest.add(scores_[i]);
    reading.read = std::max(reading.read, frames_[i].read_end - frames_[i].read_start);
  }
  const ChunkVerdict verdict = caller_.chunk(largest, reading);
  call.is_virus = verdict.is_viral;
  call.p_calibrated = verdict.probability;
  for (std::size_t i = 0; i < frames_.size(); ++i) {
    frames_[i].is_virus = caller_.is_virus(scores_[i], verdict);
    frames_[i].p_calibrated = verdict.probability;
    sum_p_virus_ += static_cast<double>(frames_[i].p_virus);
    sequence_.max_p_virus = std::max(sequence_.max_p_virus, frames_[i].p_virus);
  }
  sequence_.frames += frames_.size();
}

void CallWalk::end() {
  const RecordVerdict verdict = caller_.end();
  sequence_.chunks = verdict.chunks;
  sequence_.scored_chunks = verdict.scored_chunks;
  sequence_.viral_chunks = verdict.viral_chunks;
  sequence_.is_virus = verdict.is_viral;
  sequence_.p_calibrated = verdict.probability;
  if (sequence_.frames > 0) {
    sequence_.mean_p_virus = sum_p_virus_ / static_cast<double>(sequence_.frames);
  }
  sequence_.status = status_of(outcome_of_record(outcomes_));
  receiver_.sequence(sequence_);
}

}  // namespace virnucpro
