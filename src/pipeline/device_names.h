// The text of --device: which devices are meant.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace virnucpro {

struct DeviceName {
  std::string kind;                        ///< "cpu", "cuda"
  std::optional<std::size_t> number = {};  ///< absent: the only one, or all of the kind

  bool operator==(const DeviceName&) const = default;
};

/// Reads "cpu", "cuda", "cuda:0,2" or a mix such as "cuda:0,cpu": a bare number belongs to the
/// numbered device before it. Throws DeviceError for an empty part, for what is no number and for a
/// device that is named twice. Which kinds there are is not known here.
std::vector<DeviceName> parse_device_names(std::string_view text);

/// "cuda:1".
std::string text_of(const DeviceName& name);
/// The text that parse_device_names() reads as `names`, at its shortest.
std::string text_of(std::span<const DeviceName> names);

/// The kinds of such a text in alphabetical order, each once: "cpu,cuda" for "cuda:0,2,cpu". Two
/// runs whose kinds are the same compute by the same programs.
std::string device_kinds(std::string_view text);

}  // namespace virnucpro
