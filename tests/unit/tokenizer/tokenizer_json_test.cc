// Reading tokenizer.json: what is understood, and every refusal by name.
#include "tokenizer/tokenizer_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/errors.h"
#include "unit/tokenizer/generated_sequences.h"
#include "unit/tokenizer/tokenizer_files.h"

namespace virnucpro::test {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kTiny = R"({
  "version": "1.0",
  "truncation": {"max_length": 2}, "padding": {"strategy": {"Fixed": 9}},
  "added_tokens": [{"id": 0, "content": "[UNK]", "special": true},
                   {"id": 1, "content": "[CLS]", "special": true}],
  "normalizer": null,
  "pre_tokenizer": {"type": "Whitespace"},
  "post_processor": {
    "type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}},
               {"Sequence": {"id": "A", "type_id": 0}},
               {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
    "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [1], "tokens": ["[CLS]"]},
                       "[SEP]": {"id": "[SEP]", "ids": [2], "tokens": ["[SEP]"]}}},
  "decoder": null,
  "model": {"type": "BPE", "dropout": null, "unk_token": "[UNK]", "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false,
            "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "A": 3, "C": 4, "AC": 5, "ACA": 6},
            "merges": ["A C", "AC A"]}})";

json tiny() { return json::parse(kTiny); }

std::string error_of(const std::string& text) {
  try {
    parse_tokenizer_json(text, "some/tokenizer.json");
  } catch (const ModelError& error) {
    return error.what();
  }
  return "no error";
}

TEST(TokenizerJson, ReadsTheOldFormOfMerges) {
  const TokenizerFile file = parse_tokenizer_json(kTiny, "tiny");
  ASSERT_EQ(file.merges.size(), 2u);
  EXPECT_EQ(file.merges[1].left, 5);
  EXPECT_EQ(file.merges[1].right, 3);
  EXPECT_EQ(file.merges[1].joined, 6);
  EXPECT_THAT(file.before, ElementsAre(1));
  EXPECT_THAT(file.after, ElementsAre(2));
  EXPECT_EQ(file.unknown_id, 0);
  EXPECT_FALSE(file.fuse_unknown);
}

TEST(TokenizerJson, ReadsTheNewFormOfMergesToTheSameRanks) {
  json changed = tiny();
  changed["model"]["merges"] = json::parse(R"([["A", "C"], ["AC", "A"]])");
  const TokenizerFile file = parse_tokenizer_json(changed.dump(), "tiny");
  ASSERT_EQ(file.merges.size(), 2u);
  EXPECT_EQ(file.merges[0].joined, 5);
  EXPECT_EQ(file.merges[1].joined, 6);
}

TEST(TokenizerJson, TakesFieldsThatAreOffForAbsentOnes) {
  json changed = tiny();
  changed["model"]["dropout"] = 0.0;
  changed["model"]["continuing_subword_prefix"] = "";
  changed["model"]["ignore_merges"] = false;
  changed["model"]["fuse_unk"] = nullptr;
  changed.erase("normalizer");
  changed.erase("added_tokens");
  changed.erase("version");
  EXPECT_EQ(error_of(changed.dump()), "no error");
}

TEST(TokenizerJson, KnowsAddedTokensOutsideTheModel) {
  json changed = tiny();
  changed["added_tokens"].push_back({{"id", 7}, {"content", "[MASK]"}});
  const TokenizerFile file = parse_tokenizer_json(changed.dump(), "tiny");
  EXPECT_EQ(file.vocabulary.at("[MASK]"), 7);
}

TEST(TokenizerJson, PutsTheTemplateTogetherFromSeveralIds) {
  json changed = tiny();
  changed["post_processor"]["special_tokens"]["[CLS]"] = {
      {"id", "[CLS]"}, {"ids", {1, 2}}, {"tokens", {"[CLS]", "[SEP]"}}};
  changed["post_processor"]["single"].erase(2);
  const TokenizerFile file = parse_tokenizer_json(changed.dump(), "tiny");
  EXPECT_THAT(file.before, ElementsAre(1, 2));
  EXPECT_THAT(file.after, ElementsAre());
}

TEST(TokenizerJson, SaysWhereWhatAndWhatToDo) {
  json changed = tiny();
  changed["model"]["dropout"] = 0.1;
  EXPECT_EQ(error_of(changed.dump()),
            "some/tokenizer.json: model.dropout is 0.1, which is not supported; use the "
            "tokenizer.json that belongs to the DNABERT-S weights");
}

struct Refusal {
  const char* name;
  const char* pointer;  // what to replace; "" removes nothing and replaces the whole file
  const char* value;    // JSON; nullptr removes
  const char* message;
};

void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }

class RefusedTokenizerJson : public ::testing::TestWithParam<Refusal> {};

TEST_P(RefusedTokenizerJson, IsAModelErrorThatNamesOriginAndField) {
  json changed = tiny();
  const json::json_pointer pointer(GetParam().pointer);
  if (GetParam().value == nullptr) {
    changed.at(pointer.parent_pointer()).erase(pointer.back());
  } else {
    changed[pointer] = json::parse(GetParam().value);
  }
  EXPECT_THAT(error_of(changed.dump()),
              StartsWith(std::string("some/tokenizer.json: ") + GetParam().message));
}

constexpr const char* kCls = "/post_processor/special_tokens/[CLS]";

const std::vector<Refusal> kRefusals = {
    {"NotAnObject", "", "[1]", "the text is not an object"},
    {"Version", "/version", "\"2.0\"", "version is \"2.0\", not \"1.0\""},
    {"Normalizer", "/normalizer", R"({"type": "Lowercase"})", "normalizer is {"},
    {"NoPreTokenizer", "/pre_tokenizer", nullptr, "pre_tokenizer is missing"},
    {"NullPreTokenizer", "/pre_tokenizer", "null", "pre_tokenizer is null; only Whitespace"},
    {"OtherPreTokenizer", "/pre_tokenizer/type", "\"ByteLevel\"",
     R"(pre_tokenizer is {"type":"ByteLevel"}; only)"},
    {"PreTokenizerOfWrongKind", "/pre_tokenizer", "7", "pre_tokenizer is not an object"},
    {"NoModel", "/model", nullptr, "model is missing"},
    {"ModelOfWrongKind", "/model", "[]", "model is not an object"},
    {"NoModelType", "/model/type", nullptr, "model.type is missing"},
    {"OtherModel", "/model/type", "\"WordPiece\"", "model.type is \"WordPiece\"; only BPE"},
    {"Dropout", "/model/dropout", "0.5", "model.dropout is 0.5, which is not supported"},
    {"ByteFallback", "/model/byte_fallback", "true", "model.byte_fallback is true"},
    {"Prefix", "/model/continuing_subword_prefix", "\"##\"", "model.continuing_subword_prefix is"},
    {"Suffix", "/model/end_of_word_suffix", "\"</w>\"", "model.end_of_word_suffix is \"</w>\""},
    {"IgnoreMerges", "/model/ignore_merges", "true", "model.ignore_merges is true"},
    {"FuseOfWrongKind", "/model/fuse_unk", "1", "model.fuse_unk is neither true nor false"},
    {"NoUnknown", "/model/unk_token", nullptr, "model.unk_token is missing"},
    {"NullUnknown", "/model/unk_token", "null", "model.unk_token is null, not a string"},
    {"StrangeUnknown", "/model/unk_token", "\"?\"", "model.unk_token names \"?\", which is not"},
    {"NoVocabulary", "/model/vocab", nullptr, "model.vocab is missing"},
    {"EmptyVocabulary", "/model/vocab", "{}", "model.vocab is empty"},
    {"VocabularyOfWrongKind", "/model/vocab", "[\"A\"]", "model.vocab is not an object"},
    {"DuplicateId", "/model/vocab/C", "3", "model.vocab[\"C\"] has id 3, which is taken"},
    {"NegativeId", "/model/vocab/C", "-1", "model.vocab[\"C\"] is -1, not an id"},
    {"FractionalId", "/model/vocab/C", "4.5", "model.vocab[\"C\"] is 4.5, not an id"},
    {"LargeId", "/model/vocab/C", "16777216", "model.vocab[\"C\"] is 16777216, not an id"},
    {"HugeId", "/model/vocab/C", "123456789012345678901234567890", "model.vocab[\"C\"] is 1.23"},
    {"TextId", "/model/vocab/C", "\"4\"", "model.vocab[\"C\"] is \"4\", not an id"},
    {"NoMerges", "/model/merges", nullptr, "model.merges is missing"},
    {"MergesOfWrongKind", "/model/merges", "{}", "model.merges is not an array"},
    {"MergeOfOne", "/model/merges/1", "\"AC\"", "model.merges[1] is \"AC\", not a pair"},
    {"MergeOfThree", "/model/merges/1", "\"A C A\"", "model.merges[1] is \"A C A\", not a pair"},
    {"MergeArrayOfOne", "/model/merges/1", "[\"A\"]", "model.merges[1] is [\"A\"], not a pair"},
    {"MergeOfNumbers", "/model/merges/1", "[3, 4]", "model.merges[1] is 3, not a string"},
    {"MergeOfNull", "/model/merges/1", "null", "model.merges[1] is null, not a pair"},
    {"MergeOfUnknown", "/model/merges/1", "\"A G\"", "model.merges[1] names \"G\", which is not"},
    {"MergeToUnknown", "/model/merges/1", "\"C C\"", "model.merges[1] names \"CC\", which is not"},
    {"MergeTwice", "/model/merges/1", "\"A C\"", "model.merges[1] repeats an earlier merge"},
    {"MergeOfUnk", "/model/merges/1", "\"A [UNK]\"", "model.merges[1] merges the unknown token"},
    {"AddedOfWrongKind", "/added_tokens", "{}", "added_tokens is not an array"},
    {"AddedNumber", "/added_tokens/1", "1", "added_tokens[1] is not an object"},
    {"AddedWithoutId", "/added_tokens/1/id", nullptr, "added_tokens[1].id is missing"},
    {"AddedTwice", "/added_tokens/1/content", "\"[UNK]\"", "added_tokens[1] repeats \"[UNK]\""},
    {"AddedWithOtherId", "/added_tokens/1/id", "9", "added_tokens[1] gives \"[CLS]\" the id 9"},
    {"AddedWithTakenId", "/added_tokens/1/content", "\"[X]\"", "added_tokens[1] has id 1, which"},
    {"AddedBases", "/added_tokens/1/content", "\"ACGT\"",
     "added_tokens[1] is \"ACGT\", which could stand in a sequence"},
    {"NoTemplate", "/post_processor", nullptr, "post_processor is missing"},
    {"NullTemplate", "/post_processor", "null", "post_processor is null; only Template"},
    {"OtherTemplate", "/post_processor/type", "\"BertProcessing\"", "post_processor is {"},
    {"NoSingle", "/post_processor/single", nullptr, "post_processor.single is missing"},
    {"NoSequence", "/post_processor/single", "[]", "post_processor.single has no place"},
    {"TwoSequences", "/post_processor/single/2", R"({"Sequence": {"id": "A", "type_id": 0}})",
     "post_processor.single[2] is {\"Sequence\""},
    {"OtherSequence", "/post_processor/single/1/Sequence/id", "\"B\"", "post_processor.single[1]"},
    {"TokenType", "/post_processor/single/1/Sequence/type_id", "1",
     "post_processor.single[1].type_id is not 0"},
    {"PieceOfWrongKind", "/post_processor/single/0", "\"[CLS]\"",
     "post_processor.single[0] is not"},
    {"EmptyPiece", "/post_processor/single/0", "{}", "post_processor.single[0] is not one piece"},
    {"NoSpecials", "/post_processor/special_tokens", nullptr,
     "post_processor.special_tokens is missing"},
    {"NoSpecial", kCls, nullptr, "post_processor.special_tokens[\"[CLS]\"] is missing"},
    {"SpecialOfOtherId", "/post_processor/special_tokens/[CLS]/ids/0", "2",
     "post_processor.special_tokens[\"[CLS]\"] gives \"[CLS]\" the id 2, the vocabulary 1"},
    {"SpecialOfOtherCount", "/post_processor/special_tokens/[CLS]/ids", "[1, 2]",
     "post_processor.special_tokens[\"[CLS]\"] has other numbers of ids and tokens"},
    {"SpecialNotKnown", "/post_processor/special_tokens/[CLS]/tokens/0", "\"[X]\"",
     "post_processor.special_tokens[\"[CLS]\"] names \"[X]\", which is not"},
};

INSTANTIATE_TEST_SUITE_P(, RefusedTokenizerJson, ::testing::ValuesIn(kRefusals),
                         [](const auto& refusal) { return std::string(refusal.param.name); });

TEST(TokenizerJson, RefusesDamagedText) {
  for (const std::string text :
       {"", " ", "{", "nonsense", "{\"model\": \"\xff\"}", "{\"a\": 1e999}"}) {
    EXPECT_THAT(error_of(text), StartsWith("some/tokenizer.json: the text is not valid JSON ("))
        << text;
  }
}

TEST(TokenizerJson, RefusesAKeyThatStandsTwice) {
  EXPECT_THAT(error_of(R"({"model": {"vocab": {"A": 1, "C": 2, "A": 3}}})"),
              HasSubstr("\"A\" stands twice in one object"));
}

TEST(TokenizerJson, RefusesDeepNestingBeforeItCosts) {
  EXPECT_THAT(error_of(std::string(1'000'000, '[')), HasSubstr("is nested more than 32 deep"));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_THAT(error_of(objects), HasSubstr("is nested more than 32 deep"));
}

TEST(TokenizerJson, RefusesEveryTruncationOfAFile) {
  const std::string whole = tiny().dump();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(error_of(whole.substr(0, size)), "no error") << size;
  }
}

TEST(TokenizerJson, ReadsOrRefusesAnyDamageWithoutHarm) {
  const std::string whole = tiny().dump();
  SplitMix64 random(3);
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string damaged = whole;
    const std::size_t changes = 1 + random.below(3);
    for (std::size_t i = 0; i < changes; ++i) {
      damaged[random.below(damaged.size())] = whole[random.below(whole.size())];
    }
    if (error_of(damaged) != "no error") ++refused;
  }
  EXPECT_GT(refused, 15'000);
}

}  // namespace
}  // namespace virnucpro::test
