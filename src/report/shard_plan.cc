#include "report/shard_plan.h"

#include <zlib.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <span>

#include "base/errors.h"
#include "base/format.h"
#include "base/sha256.h"

namespace virnucpro {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "virnucpro shard plan 2";
/// The line behind which the windows come. No other line is the same: JSON has no line feeds within
/// its texts, and inner members are further to the right.
constexpr std::string_view kWindowsLine = " \"windows\": [";
constexpr std::size_t kWindowBytes = std::size_t{1} << 15;  // of deflate
constexpr std::size_t kMostWindowText = 4 * kWindowBytes;   // packing hardly ever adds bytes

/// Two hexadecimal digits a byte.
std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4];
    text += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  throw std::invalid_argument("a window that is not hexadecimal");
}

std::string from_hex(std::string_view text) {
  if (text.size() % 2 != 0) throw std::invalid_argument("half a byte of a window");
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    bytes += static_cast<char>(digit_of(text[i]) * 16 + digit_of(text[i + 1]));
  }
  return bytes;
}

/// Sequences shrink to a third.
std::string packed(const std::string& window) {
  std::string bytes(compressBound(window.size()), '\0');
  uLongf size = bytes.size();
  compress2(reinterpret_cast<Bytef*>(bytes.data()), &size,
            reinterpret_cast<const Bytef*>(window.data()), window.size(), Z_BEST_COMPRESSION);
  bytes.resize(size);
  return to_hex(bytes);
}

std::string unpacked(std::string_view text) {
  const std::string bytes = from_hex(text);
  std::string window(kWindowBytes, '\0');
  uLongf size = window.size();
  if (uncompress(reinterpret_cast<Bytef*>(window.data()), &size,
                 reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()) != Z_OK) {
    throw std::invalid_argument("a window that cannot be unpacked");
  }
  window.resize(size);
  return window;
}

/// The windows in the text of a plan.
class Windows {
 public:
  Json add(const std::string& window) {
    const std::string hex = packed(window);
    if (!text_.empty()) text_ += ",\n";
    text_ += '"';
    Json place = {{"at", text_.size()}, {"bytes", hex.size()}, {"sha256", sha256_text(window)}};
    text_ += hex + '"';
    return place;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

Json json_of(const TextPiece& piece, Windows& windows) {
  Json json = {{"first_record", piece.first_record},
               {"records", piece.records},
               {"first_line", piece.first_line},
               {"begin", piece.place.begin},
               {"end", piece.end},
               {"skip", piece.skip},
               {"text_bytes", piece.text_bytes},
               {"sha256", piece.sha256},
               {"gzip", piece.place.is_gzip}};
  if (piece.place.is_in_member) {
    json["bits"] = piece.place.bits;
    json["window"] = windows.add(piece.place.window);
  }
  return json;
}

TextPiece piece_of(const Json& json) {
  TextPiece piece;
  piece.first_record = json.at("first_record");
  piece.records = json.at("records");
  piece.first_line = json.at("first_line");
  piece.place.begin = json.at("begin");
  piece.end = json.at("end");
  piece.skip = json.at("skip");
  piece.text_bytes = json.at("text_bytes");
  piece.sha256 = json.at("sha256");
  piece.place.is_gzip = json.at("gzip");
  piece.place.is_in_member = json.contains("window");
  if (piece.place.is_in_member) piece.place.bits = json.at("bits");
  return piece;
}

void require(bool holds, const char* problem) {
  if (!holds) throw std::invalid_argument(problem);
}

/// The window that `json` places in the text behind `windows`.
std::string window_of(const Json& json, std::istream& text, std::streamoff windows) {
  const std::uint64_t bytes = json.at("bytes");
  require(bytes <= kMostWindowText, "a window that is too large");
  std::string hex(bytes, '\0');
  text.clear();
  text.seekg(windows + json.at("at").get<std::int64_t>());
  text.read(hex.data(), static_cast<std::streamsize>(bytes));
  require(text.good(), "a window that is missing");
  std::string window = unpacked(hex);
  require(sha256_text(window) == json.at("sha256"), "a window with another hash");
  return window;
}

/// The text up to the windows, which `text` then comes to; empty: they are missing.
std::string take_head(std::istream& text) {
  std::string head;
  std::size_t lines = 0;
  for (std::string line; std::getline(text, line); ++lines) {
    require(lines != 1 || line.find(kFormat) != std::string::npos, "another format");
    if (line == kWindowsLine) return head;
    head += line + "\n";
  }
  return {};
}

/// What holds in every plan; a reader relies on it.
void check_plan(const ShardPlanFile& plan) {
  require(plan.shards >= 1 && plan.first.size() == plan.shards + 1, "shards without bounds");
  std::uint64_t records = 0;
  for (const PlannedInput& input : plan.inputs) {
    require(is_sha256(input.sha256), "an input without a hash");
    require(input.pieces.empty() || input.pieces.size() == plan.shards, "pieces of other shards");
    require(
        input.head == nullptr || (is_sha256(input.head->sha256) && input.head->place.begin == 0 &&
                                  input.head->end <= input.bytes),
        "a header elsewhere");
    std::uint64_t next = 0;
    std::uint64_t covered = 0;
    for (std::size_t i = 0; i < input.pieces.size(); ++i) {
      if (input.pieces[i] == nullptr) continue;
      const TextPiece& piece = *input.pieces[i];
      require(piece.first_record == next && piece.records > 0, "records between pieces");
      require(
          records + next >= plan.first[i] && records + next + piece.records <= plan.first[i + 1],
          "records of another shard");
      require(piece.place.begin <= covered && piece.end <= input.bytes && is_sha256(piece.sha256) &&
                  piece.place.bits < 8,
              "bytes between pieces");
      next += piece.records;
      covered = piece.end;
    }
    require(
        input.pieces.empty() || (next == input.records && (next == 0 || covered == input.bytes)),
        "records or bytes behind the pieces");
    records += input.records;
  }
  require(plan.first.front() == 0 && plan.first.back() == records, "records without a shard");
  for (std::size_t i = 0; i < plan.shards; ++i) {
    require(plan.first[i] <= plan.first[i + 1], "shards out of order");
  }
}

}  // namespace

std::vector<InputShare> ShardPlanFile::shares_of(std::uint64_t number) const {
  std::vector<InputShare> shares;
  const std::uint64_t begin = first.at(number - 1);
  const std::uint64_t end = first.at(number);
  std::uint64_t before = 0;
  for (const PlannedInput& input : inputs) {
    InputShare& share = shares.emplace_back();
    share.first_ordinal = before;
    share.is_left_out = begin >= before + input.records || end <= before;
    if (!share.is_left_out && !input.pieces.empty()) {
      share.piece = input.pieces[number - 1];
      share.first_ordinal += share.piece->first_record;
    }
    before += input.records;
  }
  return shares;
}

std::string shard_plan_json(const ShardPlanFile& plan) {
  Json json = {{"format", kFormat}, {"shards", plan.shards}, {"first_records", plan.first}};
  json["inputs"] = Json::array();
  Windows windows;
  for (const PlannedInput& input : plan.inputs) {
    Json entry = {{"path", input.path},
                  {"bytes", input.bytes},
                  {"sha256", input.sha256},
                  {"records", input.records}};
    if (!input.pieces.empty()) {
      if (input.head) entry["head"] = json_of(*input.head, windows);
      entry["pieces"] = Json::array();
      for (const auto& piece : input.pieces) {
        entry["pieces"].push_back(piece == nullptr ? Json() : json_of(*piece, windows));
      }
    }
    json["inputs"].push_back(std::move(entry));
  }
  std::string text = json.dump(1, ' ', false, Json::error_handler_t::replace);
  text.resize(text.size() - 2);  // the line with the last bracket
  return fmt::format("{},\n{}\n{}\n ]\n}}\n", text, kWindowsLine, windows.text());
}

ShardPlanFile read_shard_plan(std::istream& text, std::uint64_t number, const std::string& place) {
  try {
    std::string head = take_head(text);
    require(!head.empty(), "it ends early");
    const std::streamoff windows = text.tellg();
    ShardPlanFile plan;
    plan.sha256 = sha256_text(head);
    head.replace(head.find_last_of(','), std::string::npos, "}");
    const Json json = Json::parse(head);
    require(json.at("format") == kFormat, "another format");
    plan.shards = json.at("shards");
    plan.first = json.at("first_records").get<std::vector<std::uint64_t>>();
    for (const Json& entry : json.at("inputs")) {
      PlannedInput& input = plan.inputs.emplace_back();
      input.path = entry.at("path");
      input.bytes = entry.at("bytes");
      input.sha256 = entry.at("sha256");
      input.records = entry.at("records");
      if (!entry.contains("pieces")) continue;
      if (entry.contains("head")) {
        input.head = std::make_shared<const TextPiece>(piece_of(entry.at("head")));
      }
      for (const Json& found : entry.at("pieces")) {
        if (found.is_null()) {
          input.pieces.push_back(nullptr);
          continue;
        }
        auto piece = std::make_shared<TextPiece>(piece_of(found));
        if (piece->first_record > 0) piece->head = input.head;
        const bool is_own = input.pieces.size() + 1 == number;
        if (is_own && piece->place.is_in_member) {
          piece->place.window = window_of(found.at("window"), text, windows);
        }
        input.pieces.push_back(std::move(piece));
      }
    }
    check_plan(plan);
    return plan;
  } catch (const std::exception& error) {
    throw InputError(fmt::format(
        "{}: is no plan of shards that can be used ({}). Make it again with 'virnucpro shards plan "
        "-o'.",
        place, error.what()));
  }
}

}  // namespace virnucpro
