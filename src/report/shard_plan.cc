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

constexpr const char* kFormat = "virnucpro shard plan 1";
constexpr std::size_t kWindowBytes = std::size_t{1} << 15;  // of deflate

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

Json json_of(const TextPiece& piece) {
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
    json["window"] = packed(piece.place.window);
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
  if (piece.place.is_in_member) {
    piece.place.bits = json.at("bits");
    piece.place.window = unpacked(json.at("window").get<std::string>());
  }
  return piece;
}

void require(bool holds, const char* problem) {
  if (!holds) throw std::invalid_argument(problem);
}

/// What holds in every plan; a reader relies on it.
void check_plan(const ShardPlanFile& plan) {
  require(plan.shards >= 1 && plan.first.size() == plan.shards + 1, "shards without bounds");
  std::uint64_t records = 0;
  for (const PlannedInput& input : plan.inputs) {
    require(is_sha256(input.sha256), "an input without a hash");
    require(input.pieces.empty() || input.pieces.size() == plan.shards, "pieces of other shards");
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
  for (const PlannedInput& input : plan.inputs) {
    Json entry = {{"path", input.path},
                  {"bytes", input.bytes},
                  {"sha256", input.sha256},
                  {"records", input.records}};
    if (!input.pieces.empty()) {
      entry["pieces"] = Json::array();
      for (const auto& piece : input.pieces) {
        entry["pieces"].push_back(piece == nullptr ? Json() : json_of(*piece));
      }
    }
    json["inputs"].push_back(std::move(entry));
  }
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

ShardPlanFile parse_shard_plan(std::string_view text, const std::string& place) {
  try {
    const Json json = Json::parse(text);
    require(json.at("format") == kFormat, "another format");
    ShardPlanFile plan;
    plan.shards = json.at("shards");
    plan.first = json.at("first_records").get<std::vector<std::uint64_t>>();
    for (const Json& entry : json.at("inputs")) {
      PlannedInput& input = plan.inputs.emplace_back();
      input.path = entry.at("path");
      input.bytes = entry.at("bytes");
      input.sha256 = entry.at("sha256");
      input.records = entry.at("records");
      if (!entry.contains("pieces")) continue;
      for (const Json& piece : entry.at("pieces")) {
        input.pieces.push_back(
            piece.is_null() ? nullptr : std::make_shared<const TextPiece>(piece_of(piece)));
      }
    }
    check_plan(plan);
    plan.sha256 = sha256_text(text);
    return plan;
  } catch (const std::exception& error) {
    throw InputError(fmt::format(
        "{}: is no plan of shards that can be used ({}). Make it again with 'virnucpro shards plan "
        "-o'.",
        place, error.what()));
  }
}

}  // namespace virnucpro
