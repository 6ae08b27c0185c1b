// Reads tokenizer.json: strict about everything that decides ids, indifferent to the rest.
#include "tokenizer/tokenizer_json.h"

#include <algorithm>
#include <array>
#include <concepts>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/errors.h"
#include "base/format.h"

namespace virnucpro {
namespace {

using nlohmann::json;

// The published file nests 6 deep. Parsing is iterative, but printing a value is not.
constexpr int kDeepestNesting = 32;
// Far above any vocabulary, and small enough that id arithmetic in 32 bits cannot overflow.
constexpr std::int64_t kIdLimit = std::int64_t{1} << 24;
// Enough to recognise a value in a message.
constexpr std::size_t kLongestQuote = 60;

std::string quote(const json& value) {
  std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  if (text.size() > kLongestQuote) text = text.substr(0, kLongestQuote) + "...";
  return text;
}

// Where a value stands, such as model.merges[12]: as text, or as what makes the text. A list has
// thousands of values, and only the message about a bad one needs it.
template <typename Field>
std::string words(const Field& field) {
  if constexpr (std::invocable<const Field&>) {
    return field();
  } else {
    return field;
  }
}

// Reads one file; holds what its messages need.
class Reader {
 public:
  explicit Reader(const std::string& origin) : origin_(origin) {}

  TokenizerFile read(std::string_view text);

 private:
  [[noreturn]] void fail(const std::string& field, const std::string& problem) const {
    throw ModelError(
        fmt::format("{}: {} {}; use the tokenizer.json that belongs to the DNABERT-S weights",
                    origin_, field, problem));
  }

  json parse(std::string_view text) const;
  const json& member(const json& object, const std::string& path, const char* name) const;
  const json& array_member(const json& object, const std::string& path, const char* name) const;
  template <typename Field>
  const std::string& string_value(const json& value, const Field& field) const;
  template <typename Field>
  std::int32_t id_value(const json& value, const Field& field) const;
  void refuse_unless_off(const json& model, const char* name) const;
  template <typename Field>
  std::int32_t token_id(const std::string& token, const Field& field) const;
  template <typename Field>
  void add_token(const std::string& token, std::int32_t id, const Field& field);

  void read_plan(const json& root) const;
  void read_options(const json& model);
  void read_vocabulary(const json& model);
  void read_added_tokens(const json& root);
  void read_merges(const json& model);
  template <typename Field>
  std::pair<std::string, std::string> read_pair(const json& merge, const Field& field) const;
  void read_template(const json& root);
  void append_special(const json& processor, const json& piece, const std::string& field,
                      std::vector<std::int32_t>& ids) const;

  const std::string& origin_;
  TokenizerFile file_;
  std::set<std::int32_t> ids_;
};

// nlohmann keeps the last of several equal keys and nests without a limit; both are refused here,
// while the text is read.
json Reader::parse(std::string_view text) const {
  std::vector<std::set<std::string, std::less<>>> open_objects;
  const auto watch = [&](int depth, json::parse_event_t event, json& value) {
    if (depth > kDeepestNesting) {
      fail("the text", fmt::format("is nested more than {} deep", kDeepestNesting));
    }
    if (event == json::parse_event_t::object_start) {
      open_objects.emplace_back();
    } else if (event == json::parse_event_t::object_end) {
      open_objects.pop_back();
    } else if (event == json::parse_event_t::key) {
      const auto& key = value.get_ref<const std::string&>();
      if (!open_objects.back().insert(key).second) fail(quote(value), "stands twice in one object");
    }
    return true;
  };
  try {
    return json::parse(text.begin(), text.end(), watch);
  } catch (const json::exception& error) {
    fail("the text", fmt::format("is not valid JSON ({})", error.what()));
  }
}

const json& Reader::member(const json& object, const std::string& path, const char* name) const {
  if (!object.is_object()) fail(path, "is not an object");
  const auto found = object.find(name);
  if (found == object.end()) fail(path.empty() ? name : path + "." + name, "is missing");
  return *found;
}

const json& Reader::array_member(const json& object, const std::string& path,
                                 const char* name) const {
  const json& value = member(object, path, name);
  if (!value.is_array()) fail(path.empty() ? name : path + "." + name, "is not an array");
  return value;
}

template <typename Field>
const std::string& Reader::string_value(const json& value, const Field& field) const {
  if (!value.is_string()) fail(words(field), fmt::format("is {}, not a string", quote(value)));
  return value.get_ref<const std::string&>();
}

template <typename Field>
std::int32_t Reader::id_value(const json& value, const Field& field) const {
  // A number too large for 64 bits arrives as a float and is refused as one.
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() >= kIdLimit) {
    fail(words(field), fmt::format("is {}, not an id from 0 to {}", quote(value), kIdLimit - 1));
  }
  return static_cast<std::int32_t>(value.get<std::uint64_t>());
}

// null, false, 0 and "" all mean "off", depending on the version of the file.
void Reader::refuse_unless_off(const json& model, const char* name) const {
  const auto found = model.find(name);
  if (found == model.end() || found->is_null() || *found == false || *found == 0 || *found == "") {
    return;
  }
  fail(fmt::format("model.{}", name), fmt::format("is {}, which is not supported", quote(*found)));
}

template <typename Field>
std::int32_t Reader::token_id(const std::string& token, const Field& field) const {
  const auto found = file_.vocabulary.find(token);
  if (found == file_.vocabulary.end()) {
    fail(words(field), fmt::format("names {}, which is not in the vocabulary", quote(token)));
  }
  return found->second;
}

template <typename Field>
void Reader::add_token(const std::string& token, std::int32_t id, const Field& field) {
  if (!ids_.insert(id).second) fail(words(field), fmt::format("has id {}, which is taken", id));
  file_.vocabulary.emplace(token, id);
}

TokenizerFile Reader::read(std::string_view text) {
  const json root = parse(text);
  if (!root.is_object()) fail("the text", "is not an object");
  read_plan(root);
  const json& model = member(root, "", "model");
  read_vocabulary(model);
  read_options(model);
  read_merges(model);
  read_added_tokens(root);
  read_template(root);
  return std::move(file_);
}

// Checks the stages before and beside the model: only the published arrangement is supported.
void Reader::read_plan(const json& root) const {
  const auto version = root.find("version");
  if (version != root.end() && *version != "1.0") {
    fail("version", fmt::format("is {}, not \"1.0\"", quote(*version)));
  }
  const auto normalizer = root.find("normalizer");
  if (normalizer != root.end() && !normalizer->is_null()) {
    fail("normalizer", fmt::format("is {}, which is not supported", quote(*normalizer)));
  }
  const json& splitter = member(root, "", "pre_tokenizer");
  if (splitter.is_null() || member(splitter, "pre_tokenizer", "type") != "Whitespace") {
    fail("pre_tokenizer", fmt::format("is {}; only Whitespace is supported", quote(splitter)));
  }
}

void Reader::read_options(const json& model) {
  for (const char* name : {"dropout", "continuing_subword_prefix", "end_of_word_suffix",
                           "byte_fallback", "ignore_merges"}) {
    refuse_unless_off(model, name);
  }
  const std::string unknown = string_value(member(model, "model", "unk_token"), "model.unk_token");
  file_.unknown_id = token_id(unknown, "model.unk_token");
  const auto fuse = model.find("fuse_unk");
  if (fuse != model.end() && !fuse->is_null()) {
    if (!fuse->is_boolean()) fail("model.fuse_unk", "is neither true nor false");
    file_.fuse_unknown = fuse->get<bool>();
  }
}

void Reader::read_vocabulary(const json& model) {
  const json& type = member(model, "model", "type");
  if (type != "BPE") fail("model.type", fmt::format("is {}; only BPE is supported", quote(type)));
  const json& vocabulary = member(model, "model", "vocab");
  if (!vocabulary.is_object()) fail("model.vocab", "is not an object");
  if (vocabulary.empty()) fail("model.vocab", "is empty");
  for (const auto& [token, id] : vocabulary.items()) {
    const auto field = [&token = token] { return fmt::format("model.vocab[{}]", quote(token)); };
    add_token(token, id_value(id, field), field);
  }
}

template <typename Field>
std::pair<std::string, std::string> Reader::read_pair(const json& merge, const Field& field) const {
  if (merge.is_array() && merge.size() == 2) {
    return {string_value(merge[0], field), string_value(merge[1], field)};
  }
  if (merge.is_string()) {  // files written before version 0.20 of the library
    const auto& text = merge.get_ref<const std::string&>();
    const std::size_t space = text.find(' ');
    if (space != std::string::npos && text.find(' ', space + 1) == std::string::npos) {
      return {text.substr(0, space), text.substr(space + 1)};
    }
  }
  fail(words(field), fmt::format("is {}, not a pair of tokens", quote(merge)));
}

void Reader::read_merges(const json& model) {
  const json& merges = array_member(model, "model", "merges");
  std::set<std::pair<std::int32_t, std::int32_t>> seen;
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    const auto field = [&] { return fmt::format("model.merges[{}]", rank); };
    const auto [left_token, right_token] = read_pair(merges[rank], field);
    const std::int32_t left = token_id(left_token, field);
    const std::int32_t right = token_id(right_token, field);
    // [UNK] stands for any letter, so a merge with it would cross what must stay apart.
    if (left == file_.unknown_id || right == file_.unknown_id) {
      fail(field(), "merges the unknown token");
    }
    if (!seen.emplace(left, right).second) fail(field(), "repeats an earlier merge");
    file_.merges.push_back({left, right, token_id(left_token + right_token, field)});
  }
}

bool could_stand_in_a_sequence(const std::string& token) {
  return std::all_of(token.begin(), token.end(), [](char letter) {
    return (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') || letter == '*' ||
           letter == '-' || letter == '.' || letter == ' ';
  });
}

// Added tokens are known by name (the template uses them) but never searched for in a sequence.
// Therefore one that could occur there is refused.
void Reader::read_added_tokens(const json& root) {
  const auto added = root.find("added_tokens");
  if (added == root.end() || added->is_null()) return;
  if (!added->is_array()) fail("added_tokens", "is not an array");
  std::set<std::string> seen;
  for (std::size_t i = 0; i < added->size(); ++i) {
    const std::string field = fmt::format("added_tokens[{}]", i);
    const std::string token = string_value(member((*added)[i], field, "content"), field);
    const std::int32_t id = id_value(member((*added)[i], field, "id"), field + ".id");
    if (!seen.insert(token).second) fail(field, fmt::format("repeats {}", quote(token)));
    if (could_stand_in_a_sequence(token)) {
      fail(field, fmt::format("is {}, which could stand in a sequence", quote(token)));
    }
    const auto known = file_.vocabulary.find(token);
    if (known == file_.vocabulary.end()) {
      add_token(token, id, field);
    } else if (known->second != id) {
      fail(field,
           fmt::format("gives {} the id {}, the vocabulary {}", quote(token), id, known->second));
    }
  }
}

void Reader::append_special(const json& processor, const json& piece, const std::string& field,
                            std::vector<std::int32_t>& ids) const {
  const std::string name = string_value(member(piece, field, "id"), field + ".id");
  const json& specials = member(processor, "post_processor", "special_tokens");
  const std::string path = fmt::format("post_processor.special_tokens[{}]", quote(name));
  if (!specials.is_object() || !specials.contains(name)) fail(path, "is missing");
  const json& special = specials.at(name);
  const json& special_ids = array_member(special, path, "ids");
  const json& tokens = array_member(special, path, "tokens");
  if (special_ids.size() != tokens.size()) fail(path, "has other numbers of ids and tokens");
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::int32_t id = id_value(special_ids[i], path);
    const std::string token = string_value(tokens[i], path);
    if (token_id(token, path) != id) {
      fail(path, fmt::format("gives {} the id {}, the vocabulary {}", quote(token), id,
                             token_id(token, path)));
    }
    ids.push_back(id);
  }
}

void Reader::read_template(const json& root) {
  const json& processor = member(root, "", "post_processor");
  if (processor.is_null() || member(processor, "post_processor", "type") != "TemplateProcessing") {
    fail("post_processor",
         fmt::format("is {}; only TemplateProcessing is supported", quote(processor)));
  }
  const json& pieces = array_member(processor, "post_processor", "single");
  bool sequence_seen = false;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const std::string field = fmt::format("post_processor.single[{}]", i);
    if (!pieces[i].is_object() || pieces[i].size() != 1) fail(field, "is not one piece");
    const std::string& kind = pieces[i].begin().key();
    const json& piece = pieces[i].begin().value();
    // The encoder adds token_type[0] everywhere, so another type would be lost.
    if (member(piece, field, "type_id") != 0) fail(field + ".type_id", "is not 0");
    if (kind == "SpecialToken") {
      append_special(processor, piece, field, sequence_seen ? file_.after : file_.before);
    } else if (kind == "Sequence" && !sequence_seen && member(piece, field, "id") == "A") {
      sequence_seen = true;
    } else {
      fail(field, fmt::format("is {}, which is not supported", quote(pieces[i])));
    }
  }
  if (!sequence_seen) fail("post_processor.single", "has no place for the sequence");
}

}  // namespace

TokenizerFile parse_tokenizer_json(std::string_view json, const std::string& origin) {
  return Reader(origin).read(json);
}

}  // namespace virnucpro
