// What tells BGZF (bgzip, BAM) from other gzip files, and its end block.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace virnucpro {

inline constexpr std::size_t kBgzfHeaderBytes = 18;  ///< of a block without other extra fields

/// Whether a gzip header, given by its first bytes, is that of a block of BGZF.
bool is_bgzf_header(std::string_view begin);
/// Whether the extra field of a gzip header is that of a block of BGZF.
bool has_bgzf_field(std::string_view extra);

/// Whether the last bytes of a file say that its end block is missing. Not when they are unknown
/// (empty), and not when they are all zeros, behind which the end block may be.
bool lacks_bgzf_end(std::string_view tail);

/// Whether the last bytes of a file are zeros that stand, as far as can be seen, behind its end
/// block. Not when they are unknown.
bool is_padded_bgzf_end(std::string_view tail);

/// The specification of SAM says that the block should be there, not that it must.
std::string no_bgzf_end_warning(std::string_view name);

}  // namespace virnucpro
