// The names of chunks and frames, as the published result tables spell them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sequence/frames.h"

namespace virnucpro {

/// `<id>_chunk_<index+1>`: users count chunks from 1, we count from 0.
inline std::string chunk_id(std::string_view record_id, std::uint64_t index) {
  constexpr std::string_view kInfix = "_chunk_";
  const std::string number = std::to_string(index + 1);
  std::string id;
  id.reserve(record_id.size() + kInfix.size() + number.size());
  return id.append(record_id).append(kInfix).append(number);
}

/// `<chunk id><frame>`, such as `contig_9_chunk_1R2`.
inline std::string frame_id(std::string_view chunk, Frame frame) {
  const std::string_view name = frame_name(frame);
  std::string id;
  id.reserve(chunk.size() + name.size());
  return id.append(chunk).append(name);
}

}  // namespace virnucpro
