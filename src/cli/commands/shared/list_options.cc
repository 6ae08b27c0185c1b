#include "cli/commands/shared/list_options.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/errors.h"
#include "base/format.h"
#include "tensor/precision_name.h"

namespace virnucpro::cli {

std::vector<std::string> entries(const GivenOptions& options, std::string_view name,
                                 std::string list) {
  options.store(name, list);
  if (list.empty()) return {};
  std::vector<std::string> found = split_list(list);
  for (auto entry = found.begin(); entry != found.end(); ++entry) {
    if (!entry->empty() && std::find(found.begin(), entry, *entry) == entry) continue;
    throw ConfigError(fmt::format(
        "--{}: '{}' has an entry that is empty or repeated; it takes a list such as a,b", name,
        list));
  }
  return found;
}

std::vector<Precision> precisions_of(Command command, const GivenOptions& options,
                                     std::string list) {
  std::vector<Precision> precisions;
  for (const std::string& name : entries(options, "precision", std::move(list))) {
    const std::optional<Precision> precision = precision_named(name);
    if (!precision) refuse_value("--precision", name, find_option(command, "precision")->values());
    precisions.push_back(*precision);
  }
  return precisions;
}

}  // namespace virnucpro::cli
