// The pickle language of protocols 2 to 5, reduced to building plain data.
//
// A pickle is a program for a small stack machine. Two of its instructions run code when Python
// reads it: the ones that look up a global and those that call it. Here a global is its name and a
// call is a record of what would be called with what, so nothing of the file is ever executed.

#include <bit>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "base/as_text.h"
#include "base/errors.h"
#include "base/format.h"
#include "weights/display_name.h"
#include "weights/pickle.h"
#include "weights/pickle_opcodes.h"

namespace virnucpro {
namespace {

/// ESM-2 15B needs 60 KB and 20 000 values; these limits bound the cost of hostile files.
constexpr std::size_t kMostBytes = std::size_t{64} << 20;
constexpr std::size_t kMostValues = 1'000'000;
constexpr std::size_t kMostStackValues = 4'000'000;
constexpr std::size_t kMostMemoValues = 1'000'000;
/// The elements of all containers together.
constexpr std::size_t kMostElements = 8'000'000;

}  // namespace

class PickleInterpreter {
 public:
  using Index = Pickle::Index;

  PickleInterpreter(std::span<const std::byte> bytes, const std::string& origin)
      : bytes_(bytes), origin_(origin) {}

  Pickle run() {
    if (bytes_.size() > kMostBytes) {
      fail(fmt::format("{} bytes, the limit is {}", bytes_.size(), kMostBytes));
    }
    if (bytes_.size() < 2 || std::to_integer<unsigned>(bytes_[0]) != pickle_opcodes::kProto) {
      fail("not a pickle of protocol 2 to 5; save the file again with torch.save");
    }
    none_ = make(PickleKind::kNone);
    while (!stopped_) step();
    pickle_.root_ = pop();
    return std::move(pickle_);
  }

 private:
  [[noreturn]] void fail(const std::string& text) const {
    throw ModelError(fmt::format("{}: pickle: at byte {}: {}", origin_, opcode_at_, text));
  }

  // ---- reading

  std::span<const std::byte> read(std::uint64_t count) {
    if (count > bytes_.size() - at_) fail("ends early; the file may be truncated, copy it again");
    const auto piece = bytes_.subspan(at_, count);
    at_ += count;
    return piece;
  }

  template <typename T>
  T read_number() {
    T value;
    std::memcpy(&value, read(sizeof(T)).data(), sizeof(T));
    return value;
  }

  template <typename Length>
  std::string read_text() {
    const auto length = read_number<Length>();
    if constexpr (std::is_signed_v<Length>) {
      if (length < 0) fail("negative length");
    }
    return std::string(as_text(read(static_cast<std::uint64_t>(length))));
  }

  std::string read_line() {
    std::string line;
    for (char c = read_number<char>(); c != '\n'; c = read_number<char>()) line += c;
    return line;
  }

  // ---- values and stack

  Index make(PickleKind kind) {
    if (pickle_.nodes_.size() >= kMostValues) {
      fail(fmt::format("more than {} values", kMostValues));
    }
    pickle_.nodes_.emplace_back().kind = kind;
    return static_cast<Index>(pickle_.nodes_.size() - 1);
  }
  Pickle::Node& node(Index index) { return pickle_.nodes_[index]; }

  Index make_integer(PickleKind kind, std::int64_t value) {
    const Index index = make(kind);
    node(index).integer = value;
    return index;
  }
  Index make_text(PickleKind kind, std::string text) {
    const Index index = make(kind);
    node(index).text = std::move(text);
    return index;
  }
  Index make_global(std::string module, std::string name) {
    const Index index = make_text(PickleKind::kGlobal, std::move(module));
    node(index).name = std::move(name);
    return index;
  }
  Index make_sequence(PickleKind kind, std::vector<Index> children) {
    count_elements(children.size());
    const Index index = make(kind);
    node(index).children = std::move(children);
    return index;
  }

  /// Instructions are short and containers shared, so a small file could ask for many copies.
  void count_elements(std::size_t count) {
    elements_ += count;
    if (elements_ > kMostElements) fail(fmt::format("more than {} elements", kMostElements));
  }

  void push(Index index) {
    if (stack_.size() >= kMostStackValues)
      fail(fmt::format("more than {} values on stack", kMostStackValues));
    stack_.push_back(index);
  }
  /// Takes a value above the last mark: nothing may reach below it.
  Index pop() {
    if (stack_.size() <= floor()) fail("takes a value that is not there");
    const Index index = stack_.back();
    stack_.pop_back();
    return index;
  }
  Index top() {
    if (stack_.size() <= floor()) fail("uses a value that is not there");
    return stack_.back();
  }
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  void mark() {
    if (marks_.size() >= kMostStackValues)
      fail(fmt::format("more than {} marks", kMostStackValues));
    marks_.push_back(stack_.size());
  }
  std::vector<Index> pop_to_mark() {
    if (marks_.empty()) fail("uses a mark that is not there");
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<Index> values(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return values;
  }

  void store(std::uint64_t key, Index value) {
    if (memo_.size() >= kMostMemoValues)
      fail(fmt::format("more than {} values in the memo", kMostMemoValues));
    memo_[key] = value;
  }
  void recall(std::uint64_t key) {
    const auto place = memo_.find(key);
    if (place == memo_.end()) fail(fmt::format("uses memo {}, which is empty", key));
    push(place->second);
  }

  // ---- building

  void append(std::span<const Index> values) {
    auto& target = node(top());
    // Objects derived from list are records; their elements are not needed here.
    if (target.kind == PickleKind::kRecord) return;
    if (target.kind != PickleKind::kList) fail("appends to something that is not a list");
    count_elements(values.size());
    target.children.insert(target.children.end(), values.begin(), values.end());
  }

  void set_items(std::span<const Index> values) {
    auto& target = node(top());
    if (values.size() % 2 != 0) fail("a key without a value");
    if (target.kind == PickleKind::kRecord) return;  // derived from dict, see append()
    if (target.kind != PickleKind::kDict) fail("sets items of something that is not a dict");
    count_elements(values.size());
    target.children.insert(target.children.end(), values.begin(), values.end());
  }

  /// collections.OrderedDict() or OrderedDict([(key, value), ...]): a dict, as plain data.
  std::optional<Index> ordered_dict(Index callable, Index arguments) {
    if (node(callable).text != "collections" || node(callable).name != "OrderedDict") return {};
    std::vector<Index> items;
    if (!node(arguments).children.empty()) {
      const auto& pairs = node(node(arguments).children[0]).children;
      count_elements(pairs.size());
      for (const Index pair : pairs) {
        const auto& key_and_value = node(pair).children;
        if (key_and_value.size() != 2) fail("an OrderedDict of something that is not a pair");
        items.insert(items.end(), key_and_value.begin(), key_and_value.end());
      }
    }
    return make_sequence(PickleKind::kDict, std::move(items));
  }

  /// Records the names and arguments of what Python would call.
  void call(Index callable, Index arguments) {
    if (node(callable).kind != PickleKind::kGlobal) fail("calls something that is not a name");
    if (node(arguments).kind != PickleKind::kTuple) fail("calls without a tuple of arguments");
    if (const auto dict = ordered_dict(callable, arguments)) return push(*dict);
    const Index record = make(PickleKind::kRecord);
    node(record).text = node(callable).text;
    node(record).name = node(callable).name;
    node(record).children = {arguments};
    push(record);
  }

  void build() {
    const Index state = pop();
    auto& target = node(top());
    // A dict's attributes (a state dict's _metadata) are not needed.
    if (target.kind == PickleKind::kRecord) target.state = state;
  }

  void long_integer(std::uint64_t length) {
    const auto digits = read(length);
    if (digits.size() > sizeof(std::int64_t)) {
      // Too large for any size or count; kept as bytes so that the rest can be read.
      push(make_text(PickleKind::kBytes, std::string(as_text(digits))));
      return;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
      value |= std::to_integer<std::uint64_t>(digits[i]) << (8 * i);
    }
    const std::size_t unused = 64 - 8 * digits.size();
    // Two's complement: shifting up and down again fills in the sign.
    const auto number =
        digits.empty() ? std::int64_t{0}
                       : static_cast<std::int64_t>(value << unused) >> static_cast<int>(unused);
    push(make_integer(PickleKind::kInt, number));
  }

  void tuple(std::size_t count) {
    std::vector<Index> values(count);
    for (std::size_t i = count; i-- > 0;) values[i] = pop();
    push(make_sequence(PickleKind::kTuple, std::move(values)));
  }

  void stack_global() {
    const Index name = pop();
    const Index module = pop();
    if (node(name).kind != PickleKind::kString || node(module).kind != PickleKind::kString) {
      fail("a global whose name is not a string");
    }
    // These are copies, because make() may move the nodes.
    push(make_global(std::string(node(module).text), std::string(node(name).text)));
  }

  double big_endian_double() {
    auto bits = read_number<std::uint64_t>();
    bits = __builtin_bswap64(bits);
    return std::bit_cast<double>(bits);
  }

  void step() {
    using namespace pickle_opcodes;
    opcode_at_ = at_;
    const auto opcode = read_number<unsigned char>();
    switch (opcode) {
      case kProto: {
        const auto protocol = read_number<unsigned char>();
        if (protocol < 2 || protocol > 5) {
          fail(fmt::format("protocol {}, expected 2 to 5", protocol));
        }
        return;
      }
      case kFrame:
        read_number<std::uint64_t>();  // a hint for buffering
        return;
      case kStop:
        stopped_ = true;
        return;
      case kMark:
        return mark();
      case kPop:
        // Python's POP of an empty section removes the mark.
        if (!marks_.empty() && stack_.size() == marks_.back()) return marks_.pop_back();
        pop();
        return;
      case kPopMark:
        pop_to_mark();
        return;
      case kDup:
        return push(top());
      case kNone:
        return push(none_);
      case kNewTrue:
        return push(make_integer(PickleKind::kBool, 1));
      case kNewFalse:
        return push(make_integer(PickleKind::kBool, 0));
      case kBinInt:
        return push(make_integer(PickleKind::kInt, read_number<std::int32_t>()));
      case kBinInt1:
        return push(make_integer(PickleKind::kInt, read_number<std::uint8_t>()));
      case kBinInt2:
        return push(make_integer(PickleKind::kInt, read_number<std::uint16_t>()));
      case kLong1:
        return long_integer(read_number<std::uint8_t>());
      case kLong4: {
        const auto length = read_number<std::int32_t>();
        if (length < 0) fail("negative length");
        return long_integer(static_cast<std::uint64_t>(length));
      }
      case kBinFloat: {
        const double value = big_endian_double();
        const Index index = make(PickleKind::kFloat);
        node(index).real = value;
        return push(index);
      }
      case kBinString:
        return push(make_text(PickleKind::kString, read_text<std::int32_t>()));
      case kShortBinString:
        return push(make_text(PickleKind::kString, read_text<std::uint8_t>()));
      case kBinUnicode:
        return push(make_text(PickleKind::kString, read_text<std::uint32_t>()));
      case kShortBinUnicode:
        return push(make_text(PickleKind::kString, read_text<std::uint8_t>()));
      case kBinUnicode8:
        return push(make_text(PickleKind::kString, read_text<std::uint64_t>()));
      case kBinBytes:
        return push(make_text(PickleKind::kBytes, read_text<std::uint32_t>()));
      case kShortBinBytes:
        return push(make_text(PickleKind::kBytes, read_text<std::uint8_t>()));
      case kBinBytes8:
      case kByteArray8:
        return push(make_text(PickleKind::kBytes, read_text<std::uint64_t>()));
      case kEmptyList:
      case kEmptySet:
        return push(make(PickleKind::kList));
      case kEmptyTuple:
        return push(make(PickleKind::kTuple));
      case kEmptyDict:
        return push(make(PickleKind::kDict));
      case kTuple1:
        return tuple(1);
      case kTuple2:
        return tuple(2);
      case kTuple3:
        return tuple(3);
      case kTuple:
        return push(make_sequence(PickleKind::kTuple, pop_to_mark()));
      case kList:
      case kFrozenSet:
        return push(make_sequence(PickleKind::kList, pop_to_mark()));
      case kDict: {
        std::vector<Index> items = pop_to_mark();
        if (items.size() % 2 != 0) fail("a key without a value");
        return push(make_sequence(PickleKind::kDict, std::move(items)));
      }
      case kAppend: {
        const Index value = pop();
        return append(std::span(&value, 1));
      }
      case kAppends:
      case kAddItems:
        return append(pop_to_mark());
      case kSetItem: {
        const Index value = pop();
        const Index key = pop();
        const Index pair[] = {key, value};
        return set_items(pair);
      }
      case kSetItems:
        return set_items(pop_to_mark());
      case kBinPut:
        return store(read_number<std::uint8_t>(), top());
      case kLongBinPut:
        return store(read_number<std::uint32_t>(), top());
      case kMemoize:
        return store(memo_.size(), top());
      case kBinGet:
        return recall(read_number<std::uint8_t>());
      case kLongBinGet:
        return recall(read_number<std::uint32_t>());
      case kGlobal: {
        std::string module = read_line();
        std::string name = read_line();
        return push(make_global(std::move(module), std::move(name)));
      }
      case kStackGlobal:
        return stack_global();
      case kReduce:
      case kNewObj: {
        const Index arguments = pop();
        const Index callable = pop();
        return call(callable, arguments);
      }
      case kNewObjEx: {
        pop();  // keyword arguments
        const Index arguments = pop();
        const Index callable = pop();
        return call(callable, arguments);
      }
      case kBuild:
        return build();
      case kBinPersid: {
        const Index id = pop();
        return push(make_sequence(PickleKind::kPersistent, {id}));
      }
      default:
        fail(fmt::format("instruction 0x{:02x} is not used in tensor files", opcode));
    }
  }

  std::span<const std::byte> bytes_;
  const std::string& origin_;
  std::size_t at_ = 0;
  std::size_t opcode_at_ = 0;
  std::size_t elements_ = 0;
  bool stopped_ = false;
  Pickle pickle_;
  Index none_ = 0;
  std::vector<Index> stack_;
  /// The height of the stack at each open mark.
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint64_t, Index> memo_;
};

Pickle Pickle::parse(std::span<const std::byte> bytes, const std::string& origin) {
  return PickleInterpreter(bytes, origin).run();
}

}  // namespace virnucpro
