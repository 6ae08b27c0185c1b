// What may come out of a reader, whatever the bytes: a result or one of the project's errors.
#pragma once

#include <utility>

#include "base/errors.h"

namespace virnucpro::fuzz {

/// Runs `action`. Errors about the data are what a reader is for; a ContractError and everything
/// that is no Error of the project are findings and go on to the fuzzer.
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
