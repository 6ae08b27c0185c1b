#include "weights/embedded_bundle.h"

namespace virnucpro {

/// Generated from the files in models/mini (models/CMakeLists.txt).
std::map<std::string, std::span<const std::byte>> embedded_mini_files();

Bundle embedded_bundle() { return Bundle::from_memory(embedded_mini_files()); }

}  // namespace virnucpro
