#include "weights/pickle.h"

#include "base/check.h"

namespace virnucpro {

std::optional<bool> PickleValue::boolean() const {
  if (kind() != PickleKind::kBool) return std::nullopt;
  return node().integer != 0;
}

std::optional<std::int64_t> PickleValue::integer() const {
  if (kind() != PickleKind::kInt) return std::nullopt;
  return node().integer;
}

std::optional<double> PickleValue::number() const {
  if (kind() == PickleKind::kFloat) return node().real;
  if (kind() == PickleKind::kInt) return static_cast<double>(node().integer);
  return std::nullopt;
}

std::optional<std::string_view> PickleValue::string() const {
  if (kind() != PickleKind::kString) return std::nullopt;
  return node().text;
}

const std::vector<Pickle::Index>& PickleValue::elements() const {
  static const std::vector<Pickle::Index> kNone;
  switch (kind()) {
    case PickleKind::kList:
    case PickleKind::kTuple:
      return node().children;
    case PickleKind::kRecord:
    case PickleKind::kPersistent: {
      const Pickle::Node& made_from = at(node().children.at(0)).node();
      return made_from.kind == PickleKind::kTuple ? made_from.children : kNone;
    }
    default:
      return kNone;
  }
}

std::size_t PickleValue::size() const { return elements().size(); }

PickleValue PickleValue::operator[](std::size_t i) const {
  check(i < size(), "element {} of {} in a pickled value", i, size());
  return at(elements()[i]);
}

std::vector<std::pair<PickleValue, PickleValue>> PickleValue::items() const {
  std::vector<std::pair<PickleValue, PickleValue>> result;
  if (kind() != PickleKind::kDict) return result;
  const auto& children = node().children;
  result.reserve(children.size() / 2);
  for (std::size_t i = 0; i + 1 < children.size(); i += 2) {
    result.emplace_back(at(children[i]), at(children[i + 1]));
  }
  return result;
}

std::optional<PickleValue> PickleValue::find(std::string_view key) const {
  if (kind() != PickleKind::kDict) return std::nullopt;
  const auto& children = node().children;
  for (std::size_t i = children.size(); i >= 2; i -= 2) {
    if (at(children[i - 2]).string() == key) return at(children[i - 1]);
  }
  return std::nullopt;
}

bool PickleValue::is_named(std::string_view module, std::string_view name) const {
  if (kind() != PickleKind::kGlobal && kind() != PickleKind::kRecord) return false;
  return node().text == module && node().name == name;
}

std::string PickleValue::full_name() const {
  if (kind() != PickleKind::kGlobal && kind() != PickleKind::kRecord) return {};
  return node().text + "." + node().name;
}

std::optional<PickleValue> PickleValue::state() const {
  if (!node().state) return std::nullopt;
  return at(*node().state);
}

std::optional<PickleValue> PickleValue::attribute(std::string_view key) const {
  if (kind() == PickleKind::kDict) return find(key);
  std::optional<PickleValue> attributes = state();
  if (!attributes) return std::nullopt;
  // An object with __slots__ has the state (__dict__, slots).
  if (attributes->kind() == PickleKind::kTuple && attributes->size() == 2) {
    attributes = (*attributes)[0];
  }
  return attributes->find(key);
}

PickleValue Pickle::root() const { return {this, root_}; }

}  // namespace virnucpro
