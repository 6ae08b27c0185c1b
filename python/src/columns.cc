#include "columns.h"

#include <limits>

#include "errors.h"

namespace virnucpro::python {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr float kNan32 = std::numeric_limits<float>::quiet_NaN();

/// F1 F2 F3 R1 R2 R3 as 0 to 5.
std::uint8_t number_of(const char* frame) {
  return static_cast<std::uint8_t>((frame[0] == 'R' ? 3 : 0) + (frame[1] - '1'));
}

nb::list texts_of(const std::vector<std::string>& texts) {
  nb::list list;
  for (const std::string& text : texts) list.append(text_of(text.data(), text.size()));
  return list;
}

}  // namespace

void FramePlaces::add(const Place& place) {
  sequence_.push_back(place.sequence);
  chunk_.push_back(place.chunk);
  start_.push_back(place.start);
  end_.push_back(place.end);
  read_start_.push_back(place.read_start);
  read_end_.push_back(place.read_end);
  frame_.push_back(number_of(place.frame));
  is_run_.push_back(place.is_run ? 1 : 0);
}

void FramePlaces::put(nb::dict& frames) {
  frames["sequence"] = array_of<std::uint64_t>(std::move(sequence_));
  frames["chunk"] = array_of<std::uint64_t>(std::move(chunk_));
  frames["start"] = array_of<std::uint64_t>(std::move(start_));
  frames["end"] = array_of<std::uint64_t>(std::move(end_));
  frames["frame"] = array_of<std::uint8_t>(std::move(frame_));
  frames["read_start"] = array_of<std::uint64_t>(std::move(read_start_));
  frames["read_end"] = array_of<std::uint64_t>(std::move(read_end_));
  frames["is_run"] = array_of<bool>(std::move(is_run_));
}

void CallColumns::chunk(const ChunkCall& call) {
  for (const FrameScore& frame : call.frames) {
    places_.add({call.sequence, call.chunk, call.start, call.end, frame.read_start, frame.read_end,
                 frame.frame.c_str(), frame.is_run});
    is_virus_.push_back(frame.is_virus ? 1 : 0);
    p_virus_.push_back(frame.status == FrameStatus::kScored ? frame.p_virus : kNan32);
    p_calibrated_.push_back(frame.p_calibrated.value_or(kNan));
  }
}

void CallColumns::sequence(const SequenceCall& call) {
  const bool has_frames = call.frames > 0;
  id_.push_back(call.id);
  reason_.push_back(call.reason);
  number_.push_back(call.sequence);
  length_.push_back(call.length);
  chunks_.push_back(call.chunks);
  scored_chunks_.push_back(call.scored_chunks);
  frames_.push_back(call.frames);
  viral_chunks_.push_back(call.viral_chunks);
  mean_p_virus_.push_back(has_frames ? call.mean_p_virus : kNan);
  max_p_virus_.push_back(has_frames ? call.max_p_virus : kNan32);
  sequence_p_calibrated_.push_back(call.p_calibrated.value_or(kNan));
  sequence_is_virus_.push_back(call.is_virus ? 1 : 0);
  status_.push_back(static_cast<std::uint8_t>(call.status));
}

nb::dict CallColumns::take() {
  nb::dict frames;
  places_.put(frames);
  frames["p_virus"] = array_of<float>(std::move(p_virus_));
  frames["p_calibrated"] = array_of<double>(std::move(p_calibrated_));
  frames["is_virus"] = array_of<bool>(std::move(is_virus_));
  nb::dict sequences;
  sequences["sequence"] = array_of<std::uint64_t>(std::move(number_));
  sequences["id"] = texts_of(id_);
  sequences["length"] = array_of<std::uint64_t>(std::move(length_));
  sequences["chunks"] = array_of<std::uint64_t>(std::move(chunks_));
  sequences["scored_chunks"] = array_of<std::uint64_t>(std::move(scored_chunks_));
  sequences["frames"] = array_of<std::uint64_t>(std::move(frames_));
  sequences["viral_chunks"] = array_of<std::uint64_t>(std::move(viral_chunks_));
  sequences["mean_p_virus"] = array_of<double>(std::move(mean_p_virus_));
  sequences["max_p_virus"] = array_of<float>(std::move(max_p_virus_));
  sequences["p_calibrated"] = array_of<double>(std::move(sequence_p_calibrated_));
  sequences["is_virus"] = array_of<bool>(std::move(sequence_is_virus_));
  sequences["status"] = array_of<std::uint8_t>(std::move(status_));
  sequences["reason"] = texts_of(reason_);
  nb::dict result;
  result["frames"] = frames;
  result["sequences"] = sequences;
  *this = CallColumns();
  return result;
}

void EmbeddingColumns::sequence(std::uint64_t number, const std::string& id, std::uint64_t length) {
  number_.push_back(number);
  id_.push_back(id);
  length_.push_back(length);
}

void EmbeddingColumns::block(const EmbeddingBlock& block) {
  dnabert_s_width_ = block.dnabert_s_width;
  esm2_width_ = block.esm2_width;
  const float* row = block.values.data();
  for (const EmbeddedFrame& frame : block.frames) {
    places_.add({frame.sequence, frame.chunk, frame.start, frame.end, frame.read_start,
                 frame.read_end, frame.frame, frame.is_run});
    dnabert_s_.insert(dnabert_s_.end(), row, row + dnabert_s_width_);
    row += dnabert_s_width_;
    esm2_.insert(esm2_.end(), row, row + esm2_width_);
    row += esm2_width_;
  }
}

nb::dict EmbeddingColumns::take() {
  nb::dict frames;
  places_.put(frames);
  nb::dict sequences;
  sequences["sequence"] = array_of<std::uint64_t>(std::move(number_));
  sequences["id"] = texts_of(id_);
  sequences["length"] = array_of<std::uint64_t>(std::move(length_));
  nb::dict result;
  result["dnabert_s"] = array_of<float>(std::move(dnabert_s_), dnabert_s_width_);
  result["esm2"] = array_of<float>(std::move(esm2_), esm2_width_);
  result["frames"] = frames;
  result["sequences"] = sequences;
  *this = EmbeddingColumns();
  return result;
}

}  // namespace virnucpro::python
