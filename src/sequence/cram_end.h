// The container that ends a CRAM file.
#pragma once

#include <htslib/hts.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace virnucpro {

inline constexpr std::size_t kCramEndBytes = 38;  ///< the longest one

/// True when the last bytes of a CRAM file show that its end container is missing. False when they
/// are unknown (empty), and for versions that have none.
bool lacks_cram_end(const htsFormat& format, std::string_view tail);

/// What to say of a CRAM file without its end container; `place` begins the text. Throws InputError
/// from version 3 on, whose specification requires it; else returns a warning.
std::string judge_no_cram_end(const htsFormat& format, const std::string& place);

}  // namespace virnucpro
