// Owners of HDF5 identifiers; for report/*.cc only.
#pragma once

#include <hdf5.h>

#include <mutex>
#include <utility>

namespace virnucpro {

/// Closes an identifier with `Close`. close() reports a failure, the destructor cannot.
template <herr_t (*Close)(hid_t)>
class Hdf5Handle {
 public:
  Hdf5Handle() = default;
  explicit Hdf5Handle(hid_t id) : id_(id) {}
  Hdf5Handle(Hdf5Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)) {}
  Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  ~Hdf5Handle() {
    if (id_ >= 0) Close(id_);
  }

  hid_t get() const { return id_; }
  bool valid() const { return id_ >= 0; }
  /// False when closing failed.
  bool close() { return id_ < 0 || Close(std::exchange(id_, H5I_INVALID_HID)) >= 0; }

 private:
  hid_t id_ = H5I_INVALID_HID;
};

using Hdf5File = Hdf5Handle<H5Fclose>;
using Hdf5Dataset = Hdf5Handle<H5Dclose>;
using Hdf5Space = Hdf5Handle<H5Sclose>;
using Hdf5Type = Hdf5Handle<H5Tclose>;
using Hdf5Properties = Hdf5Handle<H5Pclose>;
using Hdf5Attribute = Hdf5Handle<H5Aclose>;

/// The library keeps global state and Debian builds it without locks: one call at a time in the
/// whole process, whichever file it is for.
std::mutex& hdf5_mutex();

/// The library's reasons for the last failure, the innermost first; never empty.
std::string hdf5_reason();

}  // namespace virnucpro
