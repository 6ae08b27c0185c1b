#include "backend/cuda/plugin.h"

namespace virnucpro {

const char* cuda_interface() { return VIRNUCPRO_CUDA_INTERFACE; }

}  // namespace virnucpro
