// Named host tensors from one origin (a file, a folder, a bundle part), handed out once each.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/host_tensor.h"
#include "weights/used_file.h"

namespace virnucpro {

/// One of the tensors that a model consists of.
struct ExpectedTensor {
  std::string name;
  Shape shape;
};

/// What to do about a tensor of an unsupported type such as "sparse_tensor"; else empty.
std::string advice_on_type(std::string_view type);

/// The tensors of one file or folder. Each is read when it is taken, and only once. Every message
/// names the origin, the tensor (also by its name in the file) and the shapes. Thread-confined.
class TensorSource {
 public:
  struct Entry {
    Shape shape;
    /// float32, int64, ...; also the names of types that are not supported (float64, bool).
    std::string type;
    /// Makes the tensor; throws ModelError when the data cannot be used.
    std::function<HostTensor()> load;
    /// The name in the file, where it differs from the name here.
    std::string original_name;
  };

  /// Messages begin with `origin`: "model.safetensors", "bundle 'mini', part 'esm2.safetensors'".
  explicit TensorSource(std::string origin = {}) : origin_(std::move(origin)) {}

  /// Both throw ModelError when the name is there already.
  void add(std::string name, Entry entry);
  void add(std::string name, HostTensor tensor);
  /// Moves everything from `other` into this source, its files too; the origin stays.
  void absorb(TensorSource&& other);

  /// The files that tensors are read from; they stay when tensors are taken.
  void add_file(UsedFile file) { files_.push_back(std::move(file)); }
  const std::vector<UsedFile>& files() const { return files_; }

  const std::string& origin() const { return origin_; }
  void set_origin(std::string origin) { origin_ = std::move(origin); }
  std::size_t size() const { return entries_.size(); }

  /// True while `name` is there and not yet taken.
  bool has(const std::string& name) const { return entries_.contains(name); }
  /// Shape and type name; ModelError when missing.
  const Shape& shape(const std::string& name) const { return find(name).shape; }
  const std::string& type(const std::string& name) const { return find(name).type; }
  /// Names not yet taken, in byte order.
  std::vector<std::string> names() const;

  /// Hands the tensor out, float32, float16 or bfloat16 as stored (in place where that works).
  /// ModelError when missing (with near names), misshapen, of an integer or unknown type.
  HostTensor take(const std::string& name, const Shape& expected);
  /// The same with any shape and any of the types of DataType.
  HostTensor take_any(const std::string& name);

  /// Forgets the tensors whose name fulfils `unused`: known ones that are not needed.
  void drop(const std::function<bool(const std::string&)>& unused);
  /// Gives every tensor the name that `renamed` returns. ModelError when two names become one.
  void rename(const std::function<std::string(const std::string&)>& renamed);

  /// Checks, without taking it, that the tensor could be taken with this shape.
  void require(const std::string& name, const Shape& expected) const;
  /// The same, for its type alone.
  void require_floating(const std::string& name) const;
  /// Checks, without taking, that exactly these tensors are there: ModelError otherwise. Matrices
  /// may be stored in 8 bits (weights/quantized_tensors.h).
  void require_exactly(std::span<const ExpectedTensor> expected) const;
  /// ModelError that lists the first tensors not taken, and their number.
  void expect_all_taken() const;

 private:
  const Entry& find(const std::string& name) const;
  [[noreturn]] void fail_extra(std::span<const std::string> extra) const;
  std::string near_names(const std::string& name) const;

  std::string origin_;
  std::map<std::string, Entry> entries_;
  std::vector<UsedFile> files_;
};

}  // namespace virnucpro
