// The packed form: a byte that names the form, then
//   kPlain     the letters, four a byte, the first in the lowest two bits; A 0, C 1, T 2, G 3
//   kWithRuns  the letters; the number of runs of lower case; those runs; runs of other letters
//   kRaw       the bases as they are
// A run is stored as the number of bases between it and the run of its kind before, and its own
// number; one of other letters also has the letter, upper case. Bases in a run of other letters are
// stored as A. Numbers are LEB128: seven bits a byte, lowest first. Every text has exactly one such
// form, and unpack_bases() refuses all others.
#include "sequence/packed_bases.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>

namespace virnucpro {
namespace {

constexpr std::byte kRaw{0};
constexpr std::byte kPlain{1};
constexpr std::byte kWithRuns{2};

constexpr std::string_view kLetters = "ACTG";  // by bits 1 and 2 of their ASCII codes

constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr char upper(char c) { return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c; }
constexpr bool is_letter_of_dna(char c) { return kLetters.find(c) != std::string_view::npos; }

template <typename Function>
constexpr auto table_of(Function function) {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t byte = 0; byte < table.size(); ++byte) {
    table[byte] = static_cast<std::uint8_t>(function(static_cast<char>(byte)));
  }
  return table;
}

/// The two bits of each byte: the same for either case, 0 for other letters.
constexpr auto kCodes = table_of(
    [](char c) { return is_letter_of_dna(upper(c)) ? kLetters.find(upper(c)) : std::size_t{0}; });

/// The kind of run that a byte is in; 0: none. Bases with a NUL are stored raw, because no letter
/// could stand for it.
using Kinds = std::array<std::uint8_t, 256>;
constexpr Kinds kLowerKinds = table_of([](char c) { return is_lower(c) ? 1 : 0; });
constexpr Kinds kOtherKinds =
    table_of([](char c) { return is_letter_of_dna(upper(c)) ? '\0' : upper(c); });

/// The four letters of each packed byte.
constexpr auto kFourLetters = [] {
  std::array<std::array<char, 4>, 256> letters{};
  for (std::size_t byte = 0; byte < letters.size(); ++byte) {
    for (std::size_t i = 0; i < 4; ++i) letters[byte][i] = kLetters[byte >> (2 * i) & 3];
  }
  return letters;
}();

constexpr std::uint64_t packed_letters(std::uint64_t length) {
  return length / 4 + (length % 4 != 0 ? 1 : 0);
}

/// The packed byte of at most four bases.
std::byte packed_byte(const char* bases, std::size_t count) {
  unsigned byte = 0;
  for (std::size_t i = 0; i < count; ++i) {
    byte |= unsigned{kCodes[static_cast<std::uint8_t>(bases[i])]} << (2 * i);
  }
  return static_cast<std::byte>(byte);
}

/// Writes packed_letters() bytes. True when all are upper case ACGT.
bool pack_letters(std::string_view bases, std::byte* packed) {
  static_assert(std::endian::native == std::endian::little, "four bases at once");
  bool is_plain = true;
  const char* from = bases.data();
  for (const char* end = from + bases.size() / 4 * 4; from != end; from += 4) {
    // Bits 1 and 2 of each of the four bytes meet in the highest byte of a product.
    std::uint32_t four = 0;
    std::memcpy(&four, from, 4);
    std::uint32_t byte = ((four >> 1 & 0x03030303U) * 0x01041040U) >> 24;
    if (std::memcmp(kFourLetters[byte].data(), from, 4) != 0) {
      is_plain = false;
      byte = static_cast<std::uint32_t>(packed_byte(from, 4));
    }
    *packed++ = static_cast<std::byte>(byte);
  }
  if (const std::size_t rest = bases.size() % 4; rest != 0) {
    *packed = packed_byte(from, rest);
    const auto& letters = kFourLetters[static_cast<std::uint8_t>(*packed)];
    is_plain = is_plain && std::memcmp(letters.data(), from, rest) == 0;
  }
  return is_plain;
}

void put_number(std::uint64_t number, std::vector<std::byte>& packed) {
  for (; number >= 0x80; number >>= 7) packed.push_back(static_cast<std::byte>(number | 0x80));
  packed.push_back(static_cast<std::byte>(number));
}

/// Calls `take` with the kind, the start and the end of each longest run of one kind.
template <typename Take>
void for_each_run(std::string_view bases, const Kinds& kinds, Take take) {
  const auto kind_at = [&](std::size_t i) { return kinds[static_cast<std::uint8_t>(bases[i])]; };
  for (std::size_t start = 0; start < bases.size();) {
    const std::uint8_t kind = kind_at(start);
    std::size_t end = start + 1;
    while (end < bases.size() && kind_at(end) == kind) ++end;
    if (kind != 0) take(kind, start, end);
    start = end;
  }
}

void put_runs(std::string_view bases, std::vector<std::byte>& packed) {
  std::uint64_t lower_runs = 0;
  for_each_run(bases, kLowerKinds, [&](std::uint8_t, std::size_t, std::size_t) { ++lower_runs; });
  put_number(lower_runs, packed);
  std::size_t last = 0;
  for_each_run(bases, kLowerKinds, [&](std::uint8_t, std::size_t start, std::size_t end) {
    put_number(start - last, packed);
    put_number(end - start, packed);
    last = end;
  });
  last = 0;
  for_each_run(bases, kOtherKinds, [&](std::uint8_t letter, std::size_t start, std::size_t end) {
    put_number(start - last, packed);
    put_number(end - start, packed);
    packed.push_back(static_cast<std::byte>(letter));
    last = end;
  });
}

/// The rest of the packed bytes. Reads nothing beyond their end.
class Input {
 public:
  explicit Input(std::span<const std::byte> bytes) : rest_(bytes) {}

  bool is_empty() const { return rest_.empty(); }
  std::optional<std::byte> byte() {
    if (rest_.empty()) return std::nullopt;
    const std::byte first = rest_.front();
    rest_ = rest_.subspan(1);
    return first;
  }
  /// A number, in its shortest form only.
  std::optional<std::uint64_t> number() {
    std::uint64_t number = 0;
    for (int shift = 0; shift < 63; shift += 7) {
      const auto next = byte();
      if (!next) return std::nullopt;
      number |= static_cast<std::uint64_t>(*next & std::byte{0x7f}) << shift;
      if ((*next & std::byte{0x80}) == std::byte{0}) {
        if (*next == std::byte{0} && shift > 0) return std::nullopt;
        return number;
      }
    }
    return std::nullopt;
  }

 private:
  std::span<const std::byte> rest_;
};

struct Run {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
};

/// The next run after `last`, when it lies within the bases.
std::optional<Run> take_run(Input& input, std::uint64_t last, std::uint64_t length) {
  const auto gap = input.number();
  const auto size = input.number();
  if (!gap || !size || *size == 0 || *gap > length - last || *size > length - last - *gap) {
    return std::nullopt;
  }
  return Run{last + *gap, last + *gap + *size};
}

bool apply_runs(Input input, std::string& bases) {
  const auto lower_runs = input.number();
  if (!lower_runs) return false;
  std::vector<Run> lower;
  std::uint64_t last = 0;
  for (std::uint64_t i = 0; i < *lower_runs; ++i) {
    const auto run = take_run(input, last, bases.size());
    if (!run || (i > 0 && run->start == last)) return false;  // the two would be one run
    lower.push_back(*run);
    last = run->end;
  }
  last = 0;
  char before = 0;
  bool is_any = *lower_runs > 0;
  while (!input.is_empty()) {
    const auto run = take_run(input, last, bases.size());
    const auto byte = input.byte();
    if (!run || !byte) return false;
    const char letter = static_cast<char>(*byte);
    if (letter == 0 || is_lower(letter) || is_letter_of_dna(letter)) return false;
    if (run->start == last && letter == before) return false;
    const auto begin = bases.begin() + static_cast<std::ptrdiff_t>(run->start);
    const auto end = bases.begin() + static_cast<std::ptrdiff_t>(run->end);
    if (std::any_of(begin, end, [](char c) { return c != kLetters[0]; })) return false;
    std::fill(begin, end, letter);
    last = run->end;
    before = letter;
    is_any = true;
  }
  for (const Run& run : lower) {
    for (std::uint64_t i = run.start; i < run.end; ++i) {
      char& c = bases[i];
      if (c < 'A' || c > 'Z') return false;
      c = static_cast<char>(c - 'A' + 'a');
    }
  }
  return is_any;
}

bool unpack_letters(std::span<const std::byte> packed, std::uint64_t length, std::string& bases) {
  bases.resize(length);
  char* to = bases.data();
  const std::uint64_t whole = length / 4;
  for (std::uint64_t i = 0; i < whole; ++i, to += 4) {
    std::memcpy(to, kFourLetters[static_cast<std::uint8_t>(packed[i])].data(), 4);
  }
  const std::uint64_t rest = length % 4;
  if (rest == 0) return true;
  const auto last = static_cast<std::uint8_t>(packed[whole]);
  std::memcpy(to, kFourLetters[last].data(), rest);
  return last >> (2 * rest) == 0;
}

}  // namespace

void pack_bases(std::string_view bases, std::vector<std::byte>& packed) {
  const std::size_t start = packed.size();
  packed.resize(start + 1 + packed_letters(bases.size()));
  if (pack_letters(bases, packed.data() + start + 1)) {
    packed[start] = kPlain;  // a byte more than the letters: never larger than raw
    return;
  }
  packed[start] = kWithRuns;
  const bool has_nul = bases.find('\0') != std::string_view::npos;
  if (!has_nul) put_runs(bases, packed);
  if (has_nul || packed.size() - start > 1 + bases.size()) {
    packed.resize(start + 1);
    packed[start] = kRaw;
    const auto* bytes = reinterpret_cast<const std::byte*>(bases.data());
    packed.insert(packed.end(), bytes, bytes + bases.size());
  }
}

bool unpack_bases(std::span<const std::byte> packed, std::uint64_t length, std::string& bases) {
  // Checked before memory is taken: the bytes cannot have this length.
  if (packed.empty() || packed.size() - 1 < packed_letters(length)) return false;
  const std::byte form = packed[0];
  const std::span<const std::byte> body = packed.subspan(1);
  const auto letters = static_cast<std::size_t>(packed_letters(length));
  if (form == kPlain) return body.size() == letters && unpack_letters(body, length, bases);
  if (form == kWithRuns) {
    return body.size() <= length && unpack_letters(body, length, bases) &&
           apply_runs(Input(body.subspan(letters)), bases);
  }
  if (form != kRaw || body.size() != length) return false;
  bases.assign(reinterpret_cast<const char*>(body.data()), body.size());
  std::vector<std::byte> again;  // raw only where nothing shorter will do
  pack_bases(bases, again);
  return again.size() == packed.size() && again[0] == kRaw;
}

}  // namespace virnucpro
