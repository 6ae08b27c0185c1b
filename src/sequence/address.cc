#include "sequence/address.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/errors.h"
#include "base/format.h"

namespace virnucpro {

bool is_address(const std::string& path) {
  constexpr std::array<std::string_view, 4> kSchemes = {"https://", "http://", "s3://", "gs://"};
  return std::ranges::any_of(kSchemes,
                             [&](std::string_view scheme) { return path.starts_with(scheme); });
}

void throw_address_not_read(const std::string& address) {
  const bool is_s3 = address.starts_with("s3://");
  const bool is_gs = address.starts_with("gs://");
  throw InputError(fmt::format(
      "{}: is an address, which predict and embed alone read as an input. Fetch the file first "
      "({}).",
      address,
      is_s3   ? "aws s3 cp ADDRESS FILE"
      : is_gs ? "gcloud storage cp ADDRESS FILE"
              : "curl -fLO ADDRESS"));
}

}  // namespace virnucpro
