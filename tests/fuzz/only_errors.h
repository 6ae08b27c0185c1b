// What may come out of a reader, whatever the bytes: a result or one of the project's errors.
#pragma once

#include <utility>

#include "base/errors.h"

namespace virnucpro::fuzz {

/// Runs `action`. A reader may throw errors about the data; a ContractError, and everything that is
/// not an Error of the project, is a finding and goes on to the fuzzer.
template <typename Action>
void only_errors(Action&& action) {
  try {
    std::forward<Action>(action)();
  } catch (const ContractError&) {
    throw;
  } catch (const Error&) {
  }
}

}  // namespace virnucpro::fuzz
