// The pickle language: plain data in every protocol, and nothing but plain data.
#include "weights/pickle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/weights/weights_test_data.h"

namespace virnucpro {
namespace {

using testing::HasSubstr;
using namespace std::string_literals;

Pickle parse(const std::string& body) {
  const std::string bytes = "\x80\x02"s + body;
  return Pickle::parse(std::as_bytes(std::span(bytes)), "x.pt");
}

std::string error_of(const std::string& body) {
  return model_error([&] { parse(body); });
}

std::string text(const std::string& value) {
  return "\x8c"s + static_cast<char>(value.size()) + value;
}

TEST(Pickle, ReadsNumbersOfEverySize) {
  const Pickle pickle = parse(
      "(K\x07M\x00\x80J\xfe\xff\xff\xff\x8a\x00\x8a\x01\x80\x8a\x02\x80\x00"
      "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x88\x89NG\x3f\xf8\0\0\0\0\0\0t."s);
  const PickleValue root = pickle.root();
  ASSERT_EQ(root.kind(), PickleKind::kTuple);
  ASSERT_EQ(root.size(), 11u);
  const std::int64_t expected[] = {7, 32768, -2, 0, -128, 128, INT64_MAX};
  for (std::size_t i = 0; i < std::size(expected); ++i) EXPECT_EQ(root[i].integer(), expected[i]);
  EXPECT_EQ(root[7].boolean(), true);
  EXPECT_EQ(root[8].boolean(), false);
  EXPECT_TRUE(root[9].is_none());
  EXPECT_EQ(root[10].number(), 1.5);
  EXPECT_EQ(root[0].boolean(), std::nullopt);
  EXPECT_EQ(root[10].integer(), std::nullopt);
}

TEST(Pickle, KeepsIntegersBeyond64BitsAsBytes) {
  EXPECT_EQ(parse("\x8a\x09" + std::string(9, '\x01') + ".").root().kind(), PickleKind::kBytes);
}

TEST(Pickle, FindsTheLastOfEqualKeys) {
  const Pickle pickle =
      parse("}(" + text("a") + "K\x01" + text("b") + "K\x02" + text("a") + "K\x03u.");
  EXPECT_EQ(pickle.root().find("a")->integer(), 3);
  EXPECT_EQ(pickle.root().find("c"), std::nullopt);
  EXPECT_EQ(pickle.root().items().size(), 3u);
}

TEST(Pickle, MakesDictsOfOrderedDicts) {
  const Pickle empty = parse("ccollections\nOrderedDict\n)R" + text("k") + "K\x05s.");
  EXPECT_EQ(empty.root().find("k")->integer(), 5);
  const Pickle pairs = parse("ccollections\nOrderedDict\n]]" + text("k") + "aK\x05" + "aa\x85R.");
  EXPECT_EQ(pairs.root().find("k")->integer(), 5);
}

TEST(Pickle, KeepsUnknownNamesAsRecords) {
  const Pickle pickle = parse("cbuiltins\neval\n" + text("__import__('os')") + "\x85R" + "}" +
                              text("x") + "K\x01sb.");
  const PickleValue root = pickle.root();
  EXPECT_EQ(root.kind(), PickleKind::kRecord);
  EXPECT_TRUE(root.is_named("builtins", "eval"));
  EXPECT_EQ(root[0].string(), "__import__('os')");
  EXPECT_EQ(root.attribute("x")->integer(), 1);
  const Pickle global = parse(text("os") + text("system") + "\x93.");
  EXPECT_EQ(global.root().kind(), PickleKind::kGlobal);
  EXPECT_EQ(global.root().full_name(), "os.system");
}

TEST(Pickle, CannotCallWhatACallReturned) {
  // In Python: getattr(os, 'system')('...').
  EXPECT_THAT(error_of("cbuiltins\ngetattr\n" + text("os") + text("system") + "\x86R" + text("ls") +
                       "\x85R."),
              HasSubstr("calls something that is not a name"));
}

TEST(Pickle, HoldsValuesThatContainThemselves) {
  // l = []; l.append(l); and a record whose state is itself.
  const Pickle list = parse("]q\x00h\x00\x61."s);
  EXPECT_EQ(list.root()[0].identity(), list.root().identity());
  const Pickle record = parse("cm\nn\n)\x81q\x01h\x01\x62."s);
  EXPECT_EQ(record.root().state()->identity(), record.root().identity());
  EXPECT_EQ(record.root().attribute("x"), std::nullopt);
}

TEST(Pickle, SurvivesDeepNesting) {
  constexpr std::size_t kDepth = 400'000;
  const std::string deep = std::string(kDepth, ']') + std::string(kDepth - 1, 'a') + ".";
  EXPECT_EQ(parse(deep).root().size(), 1u);
  EXPECT_THAT(error_of(std::string(1'000'001, ']') + "."), HasSubstr("more than 1000000 values"));
  EXPECT_THAT(error_of(std::string(4'000'001, '(') + "."), HasSubstr("more than 4000000 marks"));
  EXPECT_THAT(error_of(std::string(4'000'001, 'N') + "."),
              HasSubstr("more than 4000000 values on"));
}

TEST(Pickle, RefusesMemoAndCopyBombs) {
  std::string memo = "N";
  for (std::uint32_t i = 0; i < 1'000'002; ++i) {
    memo += 'r';
    memo.append(reinterpret_cast<const char*>(&i), sizeof(i));
  }
  EXPECT_THAT(error_of(memo + "."), HasSubstr("more than 1000000 values in the memo"));
  // OrderedDict(pairs), again and again from one long list of one pair.
  std::string bomb = "]q\x01(NN\x86q\x02"s;
  for (int i = 0; i < 100'000; ++i) bomb += "h\x02";
  bomb += "e0ccollections\nOrderedDict\nq\x03h\x01\x85q\x04"s;
  for (int i = 0; i < 1000; ++i) bomb += "h\x03h\x04R0";
  EXPECT_THAT(error_of(bomb + "."), HasSubstr("more than 8000000 elements"));
}

TEST(Pickle, NamesTheByteOfDamage) {
  EXPECT_EQ(error_of("a."), "x.pt: pickle: at byte 2: takes a value that is not there");
  EXPECT_EQ(error_of("]"),
            "x.pt: pickle: at byte 3: ends early; the file may be truncated, copy it again");
  EXPECT_THAT(error_of("X\xff\xff\xff\xff"
                       "abc."),
              HasSubstr("at byte 2: ends early"));
  EXPECT_THAT(error_of("\x8d\xff\xff\xff\xff\xff\xff\xff\xff"
                       "abc."),
              HasSubstr("ends early"));
  EXPECT_THAT(error_of("T\xff\xff\xff\xff."), HasSubstr("negative length"));
  EXPECT_THAT(error_of("\x8b\xff\xff\xff\xff."), HasSubstr("negative length"));
  EXPECT_THAT(error_of("h\x05."), HasSubstr("uses memo 5, which is empty"));
  EXPECT_THAT(error_of("t."), HasSubstr("uses a mark that is not there"));
  EXPECT_THAT(error_of("N(a."), HasSubstr("takes a value that is not there"));
  EXPECT_THAT(error_of("}(Nu."), HasSubstr("a key without a value"));
  EXPECT_THAT(error_of("}Na."), HasSubstr("appends to something that is not a list"));
  EXPECT_THAT(error_of("]NNs."), HasSubstr("sets items of something that is not a dict"));
  EXPECT_THAT(error_of("NNR."), HasSubstr("calls something that is not a name"));
  EXPECT_THAT(error_of("cm\nn\nNR."), HasSubstr("calls without a tuple"));
  EXPECT_THAT(error_of("NN\x93."), HasSubstr("a global whose name is not a string"));
  EXPECT_THAT(error_of("I1\n."), HasSubstr("instruction 0x49 is not used in tensor files"));
  EXPECT_THAT(error_of("\x82\x01."), HasSubstr("instruction 0x82"));
  EXPECT_THAT(error_of("\x80\x06."), HasSubstr("protocol 6, expected 2 to 5"));
  EXPECT_EQ(error_of("."), "x.pt: pickle: at byte 2: takes a value that is not there");
  const std::string old = "(lp0\n.";
  EXPECT_THAT(model_error([&] { Pickle::parse(std::as_bytes(std::span(old)), "x.pt"); }),
              HasSubstr("not a pickle of protocol 2 to 5"));
}

}  // namespace
}  // namespace virnucpro
