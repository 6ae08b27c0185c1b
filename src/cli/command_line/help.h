// The texts that every command's help ends with.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace virnucpro::cli {

/// Such as "0.2.0".
std::string program_version();
/// Such as "virnucpro 0.2.0".
std::string version_line();

/// Example calls, what the exit codes mean where `with_exit_codes`, and the citation.
std::string help_footer(const std::vector<std::string_view>& examples,
                        bool with_exit_codes = false);

inline constexpr std::string_view kCitation =
    "Citation: Li J, Mi J, Lin W, et al. VirNucPro: an identifier for the identification of viral\n"
    "short sequences using six-frame translation and large language models. Briefings in\n"
    "Bioinformatics 26(3), 2025, bbaf224. https://doi.org/10.1093/bib/bbaf224";

}  // namespace virnucpro::cli
