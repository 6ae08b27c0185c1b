// Sizes of a tensor's dimensions, outermost first.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace virnucpro {

/// Zero dimensions: a scalar of one element. Sizes are never negative.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<std::int64_t> sizes) : sizes_(sizes) {}
  explicit Shape(std::vector<std::int64_t> sizes) : sizes_(std::move(sizes)) {}

  std::size_t rank() const { return sizes_.size(); }
  std::int64_t operator[](std::size_t i) const { return sizes_[i]; }
  const std::vector<std::int64_t>& sizes() const { return sizes_; }
  std::int64_t elements() const {
    std::int64_t product = 1;
    for (const std::int64_t size : sizes_) product *= size;
    return product;
  }
  bool operator==(const Shape&) const = default;

 private:
  std::vector<std::int64_t> sizes_;
};

/// "[3, 128]"; "[]" for a scalar.
std::string to_string(const Shape& shape);

}  // namespace virnucpro
