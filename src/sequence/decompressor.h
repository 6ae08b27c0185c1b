// The bytes of a file, decompressed where it is gzip or bgzip.
#pragma once

#include <zlib.h>

#include <array>
#include <cstddef>
#include <string>

#include "base/log.h"
#include "sequence/input_file.h"

namespace virnucpro {

/// Reads all members of a gzip file, and so the blocks of BGZF, too. One thread at a time.
class Decompressor {
 public:
  /// Warns of BGZF without its end block at once, where the end of the file is known already.
  Decompressor(InputFile input, Log log);
  ~Decompressor();
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  /// Returns 0 at the end of the data, or on damage: then problem() is not empty.
  std::size_t read(char* out, std::size_t size);
  const std::string& problem() const { return problem_; }

 private:
  bool refill();
  bool begin_member();
  bool is_padding();
  void end_member();
  void end();
  std::size_t fail(std::string problem);
  void warn_of_no_end_block();

  std::string name_;
  Log log_;
  HFile stream_;
  bool is_compressed_ = false;
  std::string raw_;  ///< compressed bytes read ahead
  z_stream inflater_{};
  gz_header header_{};
  std::array<Bytef, 256> extra_{};  ///< of the member's header; BGZF needs 6 bytes of it
  bool in_member_ = false;
  bool ended_in_block_ = false;  ///< the last member was a block of BGZF that is not empty
  bool warned_ = false;
  bool ended_ = false;
  std::string problem_;
};

}  // namespace virnucpro
