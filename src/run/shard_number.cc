#include "run/shard_number.h"

#include "base/number_text.h"

namespace virnucpro {

std::optional<ShardNumber> parse_shard(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const WholeRange range = {.low = 1, .high = kMaxShards};
  const auto number = parse_whole(text.substr(0, slash), range);
  const auto of = parse_whole(text.substr(slash + 1), range);
  if (!number || !of || *number > *of) return std::nullopt;
  return ShardNumber{*number, *of};
}

}  // namespace virnucpro
