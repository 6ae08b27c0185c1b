// What the public interface says of itself: version, errors, words, bundles.
#include <exception>
#include <new>
#include <system_error>

#include "api/session.h"
#include "base/environment.h"
#include "base/errors.h"
#include "weights/bundle_places.h"
#include "weights/embedded_bundle.h"

namespace virnucpro {
namespace {

struct Described {
  ErrorKind kind;
  const char* name;
};

/// The most derived class of ours that `error` is.
Described describe(const std::exception& error) noexcept {
  const auto is = [&]<typename Type>(const Type*) {
    return dynamic_cast<const Type*>(&error) != nullptr;
  };
#define VIRNUCPRO_IF(type, kind) \
  if (is(static_cast<const type*>(nullptr))) return {ErrorKind::kind, #type}
  VIRNUCPRO_IF(ChangedInput, kUsage);
  VIRNUCPRO_IF(InputError, kUsage);
  VIRNUCPRO_IF(ConfigError, kUsage);
  VIRNUCPRO_IF(ModelError, kModel);
  VIRNUCPRO_IF(OutOfDeviceMemory, kDevice);
  VIRNUCPRO_IF(DeviceError, kDevice);
  VIRNUCPRO_IF(ResourceError, kDevice);
  VIRNUCPRO_IF(NonfiniteError, kPrecision);
  VIRNUCPRO_IF(PrecisionError, kPrecision);
  VIRNUCPRO_IF(OutputError, kOutput);
  VIRNUCPRO_IF(Interrupted, kInterrupted);
#undef VIRNUCPRO_IF
  if (is(static_cast<const std::bad_alloc*>(nullptr))) return {ErrorKind::kDevice, "ResourceError"};
  if (const auto* system = dynamic_cast<const std::system_error*>(&error)) {
    if (system->code() == std::errc::not_enough_memory ||
        system->code() == std::errc::resource_unavailable_try_again) {
      return {ErrorKind::kDevice, "ResourceError"};
    }
  }
  return {ErrorKind::kInternal, "ContractError"};
}

}  // namespace

const char* version() noexcept { return VIRNUCPRO_VERSION; }

ErrorKind error_kind(const std::exception& error) noexcept { return describe(error).kind; }
const char* error_name(const std::exception& error) noexcept { return describe(error).name; }

const char* status_name(Status status) noexcept {
  switch (status) {
    case Status::kScored:
      return name_of(Outcome::kScored).data();
    case Status::kNoOrf:
      return name_of(Outcome::kNoOrf).data();
    case Status::kTooShort:
      return name_of(Outcome::kTooShort).data();
    case Status::kFailed:
      break;
  }
  return name_of(Outcome::kFailed).data();
}

std::vector<std::string> embedded_bundles() { return {kEmbeddedBundle}; }

std::vector<std::string> pulled_bundles() {
  std::vector<std::string> names;
  for (const NamedBundle& each : named_bundles(process_environment())) names.push_back(each.name);
  return names;
}

BundleDescription describe_bundle(const std::string& bundle) {
  const Bundle opened = open_bundle_named(bundle);
  const BundleInfo& info = opened.info();
  return {info.name, info.version, info.description, info.license, opened.expected_lengths()};
}

std::vector<std::string> bundle_problems(const std::string& bundle) {
  return open_bundle_named(bundle).problems();
}

}  // namespace virnucpro
