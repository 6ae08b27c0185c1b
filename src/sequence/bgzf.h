// Tells BGZF (bgzip, BAM) from other gzip files, and looks for its end block.
#pragma once

#include <htslib/bgzf.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace virnucpro {

inline constexpr std::size_t kBgzfEndBytes = 28;     ///< the empty block at the end
inline constexpr std::size_t kBgzfHeaderBytes = 18;  ///< of a block without other extra fields

/// True when a gzip header, given by its first bytes, is that of a block of BGZF.
bool is_bgzf_header(std::string_view begin);
/// True when the extra field of a gzip header is that of a block of BGZF.
bool has_bgzf_field(std::string_view extra);

/// True when the last bytes of a file show that its end block is missing. False when they are
/// unknown (empty) or all zeros, since the end block may come before these.
bool lacks_bgzf_end(std::string_view tail);

/// True when the last bytes of a file are zeros that, as far as can be seen, follow its end block.
/// False when they are unknown.
bool is_padded_bgzf_end(std::string_view tail);

/// True when the end block has been read and only zeros are left, with which tapes and some disks
/// pad files; reads them. Asked where the next block could not be read, of a file without threads.
bool only_zeros_follow(const BGZF& file);

/// A warning only, because the specification of SAM says that the block should be there, not must.
std::string no_bgzf_end_warning(std::string_view name);

}  // namespace virnucpro
