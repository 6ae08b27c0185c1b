// The files of report.html that are part of the program: skeleton, style and scripts.
#pragma once

#include <string_view>

namespace virnucpro {

/// Views of the program's own memory. Generated from src/page/assets (src/page/CMakeLists.txt).
struct PageAssets {
  std::string_view skeleton;  ///< what the body begins with
  std::string_view style;     ///< text of the one style element
  std::string_view script;    ///< text of the one script element
};
PageAssets page_assets();

}  // namespace virnucpro
