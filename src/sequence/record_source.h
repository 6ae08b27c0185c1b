// The records of one input file, whatever its format.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sequence/record.h"

namespace virnucpro {

/// Reads one file once, from start to end. Not thread-safe.
class RecordSource {
 public:
  virtual ~RecordSource() = default;

  /// Fills id, bases and line; the reader adds the rest. False: the file has ended as it
  /// should.
  virtual bool next(Record& record) = 0;

  /// Where the last record begins in the text of the file, after decompression; absent where a
  /// reader that begins there would not find it.
  virtual std::optional<std::uint64_t> text_offset() const { return std::nullopt; }

  /// The bytes of text at the begin of the file that a reader of later records needs, too, such as
  /// a header.
  virtual std::uint64_t head_bytes() const { return 0; }

  virtual std::uint64_t skipped_secondary() const { return 0; }
  virtual std::uint64_t skipped_supplementary() const { return 0; }
};

/// "reads.fq: record 3 ('r3', line 9)", the beginning of every error about a record. `number`
/// counts from 1 within the file; line 0 is left out; a long or unprintable id is made readable.
std::string record_place(std::string_view file, std::uint64_t number, std::string_view id,
                         std::uint64_t line);

/// "reads.fq: after record 3 ('r3', line 9)", or "reads.fq: before the first record" for number 0.
std::string place_after(std::string_view file, std::uint64_t number, std::string_view id,
                        std::uint64_t line);

/// How an error names a byte: "'-'" or "byte 0x00".
std::string byte_name(unsigned char byte);

}  // namespace virnucpro
