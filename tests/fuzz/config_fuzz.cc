// Fuzz target: YAML settings files, up to the options of a run.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/environment.h"
#include "config/resolve.h"
#include "config/yaml_file.h"
#include "fuzz/memory_file.h"
#include "fuzz/only_errors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virnucpro;
  static const fuzz::MemoryFile file;
  const Environment nothing = [](const std::string&) { return std::nullopt; };
  fuzz::only_errors([&] {
    parse_yaml(std::string(reinterpret_cast<const char*>(data), size), "settings.yaml");
    // Only what is YAML comes here: the file reader is slow, its buffer being made for 1 MiB.
    file.fill({data, size});
    resolve_options(Command::kPredict, {{"config", file.path()}}, nothing);
  });
  return 0;
}
