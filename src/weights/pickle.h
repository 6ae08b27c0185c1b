// Pickled data as a plain tree, read by a parser of the pickle language that can execute nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace virnucpro {

class PickleValue;

/// kGlobal is a name such as `torch.FloatStorage`; kRecord is "this name applied to these
/// arguments, with that state"; kPersistent is an id that refers to data outside the pickle.
enum class PickleKind {
  kNone,
  kBool,
  kInt,
  kFloat,
  kString,
  kBytes,
  kList,
  kTuple,
  kDict,
  kGlobal,
  kRecord,
  kPersistent,
};

/// A parsed pickle (protocols 2 to 5). Names of functions and classes stay names: nothing is looked
/// up or called. Owns all values; immutable, so thread-safe. Values may be shared and may even
/// contain themselves, so code that walks the tree needs a limit of depth and of steps.
class Pickle {
 public:
  /// Costs memory in proportion to `bytes`, which must be at most 64 MiB with at most a million
  /// values. ModelError naming `origin` and the byte when the pickle is damaged or unsupported.
  static Pickle parse(std::span<const std::byte> bytes, const std::string& origin);

  Pickle(Pickle&&) = default;
  Pickle& operator=(Pickle&&) = default;

  PickleValue root() const;

 private:
  friend class PickleValue;
  friend class PickleInterpreter;

  using Index = std::uint32_t;
  /// `text` is a string, bytes, or the module of a global or record, whose name is `name`.
  /// `children` are elements, or keys and values in turns. A record and a persistent id have as
  /// their child the one tuple they were made from, which is shared and not copied.
  struct Node {
    PickleKind kind = PickleKind::kNone;
    std::int64_t integer = 0;
    double real = 0;
    std::string text;
    std::string name;
    std::vector<Index> children;
    std::optional<Index> state;
  };

  Pickle() = default;
  std::vector<Node> nodes_;
  Index root_ = 0;
};

/// A reference to one value of a Pickle, valid while that lives and is not moved. Accessors return
/// nullopt or nothing for a value of another kind, so that hostile data needs no special care.
class PickleValue {
 public:
  PickleKind kind() const { return node().kind; }
  /// Equal for the same value: detects sharing and cycles.
  std::uint32_t identity() const { return index_; }

  bool is_none() const { return kind() == PickleKind::kNone; }
  std::optional<bool> boolean() const;
  std::optional<std::int64_t> integer() const;
  /// The value of a float or an integer.
  std::optional<double> number() const;
  std::optional<std::string_view> string() const;

  /// Elements of a list or tuple; a record's arguments; the parts of a persistent id (a tuple).
  std::size_t size() const;
  PickleValue operator[](std::size_t i) const;
  /// Key and value pairs of a dict, in order.
  std::vector<std::pair<PickleValue, PickleValue>> items() const;
  /// The value under a string key of a dict; with several, the last.
  std::optional<PickleValue> find(std::string_view key) const;

  /// True for a global or record of this module and name.
  bool is_named(std::string_view module, std::string_view name) const;
  /// "torch.nn.modules.linear.Linear" for a global or record; else empty.
  std::string full_name() const;
  /// The state that a record was given (its __dict__), when it has one.
  std::optional<PickleValue> state() const;
  /// A dict's entry or a record's attribute.
  std::optional<PickleValue> attribute(std::string_view key) const;

 private:
  friend class Pickle;
  PickleValue(const Pickle* pickle, Pickle::Index index) : pickle_(pickle), index_(index) {}
  const Pickle::Node& node() const { return pickle_->nodes_[index_]; }
  const std::vector<Pickle::Index>& elements() const;
  PickleValue at(Pickle::Index index) const { return {pickle_, index}; }

  const Pickle* pickle_;
  Pickle::Index index_;
};

}  // namespace virnucpro
