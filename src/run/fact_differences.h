// The differences between two works, for messages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "run/stored_rows.h"

namespace virnucpro {

/// The value of the fact of this name, within `facts`; null when there is none.
const std::string* find_fact(const std::vector<RunFact>& facts, std::string_view name);

/// The facts in which the two differ: "expected length: 300 there, 500 now; input 2: nothing there
/// ..."; `in_first` and `in_second` stand for "there" and "now". Empty for equal work.
std::string differences_of(const std::vector<RunFact>& first, std::string_view in_first,
                           const std::vector<RunFact>& second, std::string_view in_second);

}  // namespace virnucpro
