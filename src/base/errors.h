// The typed errors of the library. Only cli/ turns them into messages and exit codes.
#pragma once

#include <stdexcept>
#include <string>

namespace virnucpro {

/// Root of every error thrown on purpose. what() is the whole message for the user: where, what was
/// expected and found, and what to do.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A command line, configuration or environment value that cannot be used.
class ConfigError : public Error {
 public:
  using Error::Error;
};

/// Damaged or unusable input data; names file, record and line.
class InputError : public Error {
 public:
  using Error::Error;
};

/// An input has changed since the work on it began: results would belong to neither version.
class ChangedInput : public InputError {
 public:
  using InputError::InputError;
};

/// Weights, tokenizers or bundles that are damaged, incomplete or of other shapes than declared.
class ModelError : public Error {
 public:
  using Error::Error;
};

/// A device that cannot be used or failed while in use.
class DeviceError : public Error {
 public:
  using Error::Error;
};

/// The system gives no more threads or memory: a limit of the process, the user or the machine.
class ResourceError : public Error {
 public:
  using Error::Error;
};

/// The device is out of memory; the caller may retry with a smaller token budget.
class OutOfDeviceMemory : public DeviceError {
 public:
  using DeviceError::DeviceError;
};

/// A precision that the asked-for operation does not support, or NaN/Inf in a result.
class PrecisionError : public Error {
 public:
  using Error::Error;
};

/// NaN or infinity in the embeddings of a batch: a smaller batch or FP32 may be free of them.
class NonfiniteError : public PrecisionError {
 public:
  using PrecisionError::PrecisionError;
};

/// Results could not be written: full disk, missing permission.
class OutputError : public Error {
 public:
  using Error::Error;
};

/// The run was asked to stop (a signal); it may be started again.
class Interrupted : public Error {
 public:
  using Error::Error;
};

/// A broken promise inside the program: always our bug, never the user's.
class ContractError : public Error {
 public:
  using Error::Error;
};

}  // namespace virnucpro
