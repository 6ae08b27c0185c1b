#include "cli/terminal/failure.h"

#include <array>
#include <new>
#include <system_error>

#include "base/errors.h"
#include "base/start_thread.h"

namespace virnucpro::cli {
namespace {

constexpr std::array kExitCodes = {
    ExitCode{0, "success"},
    ExitCode{kExitUsage, "the command line, the settings or the input cannot be used"},
    ExitCode{kExitModel, "the models are damaged, incomplete or do not fit together"},
    ExitCode{kExitDevice,
             "the device cannot be used or failed, or the system has no memory or threads left"},
    ExitCode{kExitPrecision,
             "the precision does not suit the run, or the models give NaN or Inf only"},
    ExitCode{kExitInternal, "an error inside the program: please report it"},
    ExitCode{kExitOutput, "results could not be written"},
    ExitCode{kExitInterrupted,
             "stopped by a signal: run it again; predict continues where it stopped"},
};

constexpr const char* kNoMemory =
    "out of memory; use fewer --threads or a smaller --batch-tokens, or raise the limit of memory "
    "('ulimit -v', that of the job or the container)";
constexpr const char* kReport = "; this is a fault of the program, please report it";

}  // namespace

Failure describe_failure(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const InputError& e) {
    return {kExitUsage, e.what()};
  } catch (const ConfigError& e) {
    return {kExitUsage, e.what()};
  } catch (const ModelError& e) {
    return {kExitModel, e.what()};
  } catch (const DeviceError& e) {
    return {kExitDevice, e.what()};
  } catch (const ResourceError& e) {
    return {kExitDevice, e.what()};
  } catch (const PrecisionError& e) {
    return {kExitPrecision, e.what()};
  } catch (const OutputError& e) {
    return {kExitOutput, e.what()};
  } catch (const Interrupted& e) {
    return {kExitInterrupted, e.what()};
  } catch (const ContractError& e) {
    return {kExitInternal, std::string(e.what()) + kReport};
  } catch (const std::bad_alloc&) {
    return {kExitDevice, kNoMemory};
  } catch (const std::system_error& e) {
    if (e.code() == std::errc::not_enough_memory) return {kExitDevice, kNoMemory};
    if (e.code() == std::errc::resource_unavailable_try_again) {  // what std::async throws
      return {kExitDevice, no_thread_text(e.code())};
    }
    return {kExitInternal, std::string("unexpected error: ") + e.what() + kReport};
  } catch (const std::exception& e) {
    return {kExitInternal, std::string("unexpected error: ") + e.what() + kReport};
  } catch (...) {
    return {kExitInternal, std::string("unexpected error") + kReport};
  }
}

std::span<const ExitCode> exit_codes() { return kExitCodes; }

}  // namespace virnucpro::cli
