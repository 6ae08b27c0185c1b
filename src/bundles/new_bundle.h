// The check of a bundle that a command has just made.
#pragma once

#include <string>

#include "base/log.h"

namespace virnucpro {

/// Reads the bundle back from the disk: every part against its SHA-256, every weight finite.
/// `models pull` and `models import` end with it. ModelError that lists what is wrong.
void require_sound_bundle(const std::string& folder, const Log& log);

}  // namespace virnucpro
