#include "weights/tensor_source.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "base/counted.h"
#include "base/edit_distance.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/mapped_file.h"
#include "weights/display_name.h"
#include "weights/quantized_tensors.h"

namespace virnucpro {
namespace {

/// Enough to see what kind of tensors they are.
constexpr std::size_t kListed = 5;

std::string described(const std::string& name, const TensorSource::Entry& entry) {
  if (entry.original_name.empty() || entry.original_name == name) return display_name(name);
  return fmt::format("{} ({} in the file)", display_name(name), display_name(entry.original_name));
}

bool is_floating_name(std::string_view type) {
  return type == name_of(DataType::kFloat32) || type == name_of(DataType::kFloat16) ||
         type == name_of(DataType::kBFloat16);
}

}  // namespace

std::string advice_on_type(std::string_view type) {
  if (type.starts_with("sparse")) {
    return "; it is sparse: save tensor.to_dense() in its place";
  }
  if (type == "qtensor") return "; it is quantised: save tensor.dequantize() in its place";
  if (type.starts_with("meta_tensor")) {
    return "; it has no data: save the model after its weights were loaded";
  }
  return {};
}

void TensorSource::add(std::string name, Entry entry) {
  if (entry.original_name.empty()) entry.original_name = name;
  const auto [place, is_new] = entries_.try_emplace(std::move(name), std::move(entry));
  if (!is_new) {
    throw ModelError(
        fmt::format("{}: two tensors are named {}", origin_, display_name(place->first)));
  }
}

void TensorSource::add(std::string name, HostTensor tensor) {
  Entry entry;
  entry.shape = tensor.shape;
  entry.type = name_of(tensor.type);
  entry.load = [tensor = std::move(tensor)] { return tensor; };
  add(std::move(name), std::move(entry));
}

void TensorSource::absorb(TensorSource&& other) {
  for (auto& [name, entry] : other.entries_) add(name, std::move(entry));
  other.entries_.clear();
  files_.insert(files_.end(), other.files_.begin(), other.files_.end());
  other.files_.clear();
}

std::vector<std::string> TensorSource::names() const {
  std::vector<std::string> result;
  result.reserve(entries_.size());
  for (const auto& [name, entry] : entries_) result.push_back(name);
  return result;
}

HostTensor TensorSource::take(const std::string& name, const Shape& expected) {
  require(name, expected);
  return take_any(name);
}

HostTensor TensorSource::take_any(const std::string& name) {
  const Entry& entry = find(name);
  HostTensor tensor = entry.load();
  tensor.owner = release_pages_after(std::move(tensor.owner), tensor.span());
  entries_.erase(name);
  return tensor;
}

void TensorSource::drop(const std::function<bool(const std::string&)>& unused) {
  std::erase_if(entries_, [&](const auto& item) { return unused(item.first); });
}

void TensorSource::rename(const std::function<std::string(const std::string&)>& renamed) {
  std::map<std::string, Entry> old = std::move(entries_);
  entries_.clear();
  for (auto& [name, entry] : old) add(renamed(name), std::move(entry));
}

void TensorSource::require_floating(const std::string& name) const {
  const Entry& entry = find(name);
  if (is_floating_name(entry.type)) return;
  throw ModelError(
      fmt::format("{}: tensor {} is of type {}, expected float32, float16 or bfloat16{}", origin_,
                  described(name, entry), entry.type, advice_on_type(entry.type)));
}

void TensorSource::require(const std::string& name, const Shape& expected) const {
  const Entry& entry = find(name);
  // The shape of a sparse tensor is not known.
  if (!advice_on_type(entry.type).empty()) require_floating(name);
  if (entry.shape != expected) {
    throw ModelError(fmt::format("{}: tensor {} has shape {}, expected {}", origin_,
                                 described(name, entry), to_string(entry.shape),
                                 to_string(expected)));
  }
  require_floating(name);
}

void TensorSource::require_exactly(std::span<const ExpectedTensor> expected) const {
  std::set<std::string_view> known;
  std::vector<std::string> companions;  // of weights that are stored in 8 bits
  for (const ExpectedTensor& tensor : expected) {
    known.insert(tensor.name);
    if (is_quantized(*this, tensor.name)) {
      require_quantized(*this, tensor.name, tensor.shape);
      for (std::string& name : quantized_names(*this, tensor.name)) {
        companions.push_back(std::move(name));
      }
    } else {
      require(tensor.name, tensor.shape);
    }
  }
  known.insert(companions.begin(), companions.end());
  if (known.size() == entries_.size()) return;
  std::vector<std::string> extra;
  for (const auto& [name, entry] : entries_) {
    if (!known.contains(name)) extra.push_back(name);
  }
  fail_extra(extra);
}

void TensorSource::expect_all_taken() const {
  if (!entries_.empty()) fail_extra(names());
}

const TensorSource::Entry& TensorSource::find(const std::string& name) const {
  const auto place = entries_.find(name);
  if (place == entries_.end()) {
    throw ModelError(
        fmt::format("{}: tensor {} is missing{}", origin_, display_name(name), near_names(name)));
  }
  return place->second;
}

void TensorSource::fail_extra(std::span<const std::string> extra) const {
  std::string list;
  for (std::size_t i = 0; i < std::min(extra.size(), kListed); ++i) {
    const Entry& entry = find(extra[i]);
    list += fmt::format("{}{} {}", i == 0 ? "" : ", ", described(extra[i], entry),
                        to_string(entry.shape));
  }
  if (extra.size() > kListed) list += fmt::format(" and {} more", extra.size() - kListed);
  throw ModelError(fmt::format("{}: {} that this model does not have: {}", origin_,
                               counted(extra.size(), "tensor"), list));
}

std::string TensorSource::near_names(const std::string& name) const {
  if (entries_.empty()) return " (there are no tensors left)";
  // Bounds that keep the search below a second for hostile names; real names are far below.
  constexpr std::size_t kLongestName = 160;
  constexpr std::size_t kMostNames = 5000;
  constexpr std::size_t kNear = 3;
  std::vector<std::pair<std::size_t, std::string_view>> ranked;
  for (const auto& [other, entry] : entries_) {
    if (ranked.size() == kMostNames) break;
    if (other.size() > kLongestName) continue;
    ranked.emplace_back(edit_distance(name, other), other);
  }
  const std::size_t count = std::min(ranked.size(), kNear);
  if (count == 0) return "";
  std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(count),
                    ranked.end());
  std::string text = "; the nearest names are ";
  for (std::size_t i = 0; i < count; ++i) {
    text += (i == 0 ? "" : ", ") + display_name(ranked[i].second);
  }
  return text;
}

}  // namespace virnucpro
