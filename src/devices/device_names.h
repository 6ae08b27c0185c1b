// The text of --device: the devices that it names.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace virnucpro {

/// No machine has more GPUs than CUDA can number.
inline constexpr std::size_t kHighestDeviceNumber = 65535;

struct DeviceName {
  std::string kind;                        ///< "cpu", "cuda"
  std::optional<std::size_t> number = {};  ///< absent: the only one, or all of the kind

  bool operator==(const DeviceName&) const = default;
};

/// Reads "cpu", "cuda", "cuda:0,2" or a mix such as "cuda:0,cpu": a bare number belongs to the
/// numbered device before it. Throws DeviceError for an empty part, for text that is not a number
/// and for a device that is named twice. It does not know which kinds exist.
std::vector<DeviceName> parse_device_names(std::string_view text);

/// "cuda:1".
std::string text_of(const DeviceName& name);
/// The shortest text that parse_device_names() reads as `names`.
std::string text_of(std::span<const DeviceName> names);

/// The kinds of such a text in alphabetical order, each once: "cpu,cuda" for "cuda:0,2,cpu". Two
/// runs with the same kinds compute with the same code.
std::string device_kinds(std::string_view text);

}  // namespace virnucpro
