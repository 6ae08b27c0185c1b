// Tables of labels, good and damaged.
#include "evaluation/label_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"
#include "unit/report/temporary_folder.h"

namespace virnucpro {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class LabelTables : public testing::Test {
 protected:
  LabelTable table(const std::string& text) const {
    folder_.write("labels.tsv", text);
    return read_label_table(folder_.file("labels.tsv"));
  }
  std::string error(const std::string& text) const {
    try {
      table(text);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  }

  TemporaryFolder folder_;
};

TEST_F(LabelTables, TakeColumnsInAnyOrderAndPassOverOthers) {
  const LabelTable read = table(
      "note\tsource\tlabel\tgroup\tid\r\n"
      "x\tg1\tvirus\tSiphoviridae\ta\r\n"
      "\n"
      "y\tg1\tvirus\tSiphoviridae\tb c\n"
      "z\tg2\tother\tbacteria\t<d>\n");
  EXPECT_EQ(read.labels.size(), 3U);
  EXPECT_THAT(read.groups, ElementsAre("Siphoviridae", "bacteria"));
  EXPECT_EQ(read.sources, 2U);
  EXPECT_TRUE(read.labels.at("a").is_virus);
  EXPECT_EQ(read.labels.at("b c").source, read.labels.at("a").source);
  EXPECT_FALSE(read.labels.at("<d>").is_virus);
  EXPECT_EQ(read.labels.at("<d>").group, 1U);
}

TEST_F(LabelTables, TakeTheLabelForTheGroupAndTheIdForTheSource) {
  const LabelTable read = table("id\tlabel\na\tvirus\nb\tother\nc\tvirus");
  EXPECT_THAT(read.groups, ElementsAre("virus", "other"));
  EXPECT_EQ(read.sources, 3U);
  EXPECT_EQ(read.labels.at("c").group, 0U);
  const LabelTable empty = table("id\tlabel\tgroup\tsource\na\tvirus\t\t\nb\tother\tx\tg\n");
  EXPECT_THAT(empty.groups, ElementsAre("virus", "x"));
  EXPECT_EQ(empty.sources, 2U);
}

TEST_F(LabelTables, TakeTheSourceForTheSpecies) {
  const LabelTable read = table(
      "id\tlabel\tsource\tspecies\na\tvirus\tg1\tTequatrovirus T4\nb\tother\tg2\t\n"
      "c\tvirus\tg3\tTequatrovirus T4\n");
  EXPECT_THAT(read.species, ElementsAre("Tequatrovirus T4", "g2"));
  EXPECT_THAT(read.source_names, ElementsAre("g1", "g2", "g3"));
  EXPECT_EQ(read.labels.at("a").species, read.labels.at("c").species);
  EXPECT_EQ(read.species[read.labels.at("b").species], "g2");
  EXPECT_THAT(table("id\tlabel\na\tvirus\nb\tother\n").species, ElementsAre("a", "b"));
}

TEST_F(LabelTables, OfPeopleMayHaveAMarkBlankLinesAndReturns) {
  const std::string mark = "\xef\xbb\xbf";
  for (const std::string& text : {mark + "id\tlabel\r\na\tvirus\r\nb\tother",
                                  std::string("\n\nid\tlabel\n\na\tvirus\nb\tother\n"),
                                  mark + "\rid\tlabel\ra\tvirus\rb\tother\r"}) {
    const LabelTable read = table(text);
    ASSERT_EQ(read.labels.size(), 2U) << text;
    EXPECT_TRUE(read.labels.at("a").is_virus) << text;
    EXPECT_FALSE(read.labels.at("b").is_virus) << text;
  }
  const std::string path = folder_.file("labels.tsv");
  EXPECT_EQ(error(std::string("\xff\xfei\0d\0\t\0", 8)),
            path +
                ": is text in UTF-16, expected UTF-8 or ASCII. Convert it: iconv -f UTF-16 -t "
                "UTF-8 FILE > NEW_FILE");
  EXPECT_THAT(error("PK\x03\x04"), HasSubstr("is a zip archive; expected text"));
}

TEST_F(LabelTables, NameALabelThatIsNearARecordWithoutOne) {
  const auto hint = [this](const std::string& label, const std::string& id) {
    const LabelTable read = table("id\tlabel\nused.1\tvirus\n" + label + "\tvirus\n");
    LabelLookup lookup(read);
    EXPECT_NE(lookup.find("used.1", "x", 0), nullptr);
    EXPECT_EQ(lookup.find("stranger", "x", 0), nullptr);
    EXPECT_EQ(lookup.find(id, "x", 0), nullptr) << id;
    return near_label_hint(lookup.left_out());
  };
  EXPECT_EQ(
      hint("NC_001234", "NC_001234.1"),
      " The table has 'NC_001234' where the input has 'NC_001234.1': ids must be equal to the "
      "last letter.");
  EXPECT_THAT(hint("NC_001234.2", "NC_001234.1"), HasSubstr("has 'NC_001234.2' where"));
  EXPECT_THAT(hint("NC_001234.1", "NC_001234"), HasSubstr("input has 'NC_001234'"));
  EXPECT_THAT(hint("NC_001234.1 Lambda", "NC_001234.1"), HasSubstr("'NC_001234.1 Lambda'"));
  EXPECT_THAT(hint(">nc_001234", "gi|9|ref|NC_001234.1|"), HasSubstr("'>nc_001234'"));
  EXPECT_EQ(hint("NC_001235", "NC_001234.1"), "");
  EXPECT_EQ(hint("contig.x", "contig"), "");
  EXPECT_EQ(hint("used", "other"), "");  // of a record that has its label
}

TEST_F(LabelTables, NameTheLineAndWhatIsWrongThere) {
  const std::string path = folder_.file("labels.tsv");
  EXPECT_THAT(error(""), HasSubstr("the table is empty; it needs a head"));
  EXPECT_THAT(error("id,label\na,virus\n"),
              HasSubstr(path + ": line 1: expected a head with the columns id and label"));
  EXPECT_THAT(error("id\tlabel\n"), HasSubstr("expected records below the head, found none"));
  EXPECT_THAT(error("id\tlabel\na\tvirus\tmore\n"),
              HasSubstr("line 2: expected 2 fields as in the head, found 3"));
  EXPECT_THAT(error("id\tlabel\na\tvirus\nb\tphage\n"),
              HasSubstr("line 3: expected virus or other as the label, found 'phage'"));
  EXPECT_THAT(error("id\tlabel\na\tvirus\n\na\tvirus\n"),
              HasSubstr("line 4: the id 'a' occurs a second time"));
  EXPECT_THAT(error("id\tlabel\tgroup\na\tvirus\tx\nb\tother\tx\n"),
              HasSubstr("line 3: the group 'x' has both viruses and others"));
}

TEST_F(LabelTables, FindIdsAsTheyAreAndAsResultTablesWriteThem) {
  const std::string bytes = "id\tlabel\nx\\y\tvirus\ncaf\xe9\tvirus\n\"q\"\tother\n\\x01\tother\n";
  const std::string text = "id\tlabel\nx\\y\tvirus\ncaf\\xe9\tvirus\n\"q\"\tother\n\\x01\tother\n";
  for (const std::string& content : {bytes, text}) {
    const LabelTable read = table(content);
    for (const char* id : {"x\\y", "caf\xe9", "caf\\xe9", "\"q\"", "\x01"}) {
      EXPECT_NE(read.find(id), nullptr) << id;
    }
    EXPECT_TRUE(read.find("caf\xe9")->is_virus);
    EXPECT_EQ(read.find("x\\\\y"), nullptr);
    EXPECT_EQ(read.find("q"), nullptr);
  }
  EXPECT_THAT(error("id\tlabel\ncaf\xe9\tvirus\ncaf\\xe9\tother\n"),
              HasSubstr("line 3: the id 'caf"));
}

TEST_F(LabelTables, HaveALabelForOneRecordOnly) {
  const LabelTable read = table("id\tlabel\na\tvirus\nb\\xff\tother\n");
  LabelLookup lookup(read);
  EXPECT_NE(lookup.find("a", "x.fa", 0), nullptr);
  EXPECT_EQ(lookup.find("new", "x.fa", 1), nullptr);
  EXPECT_EQ(lookup.find("new", "x.fa", 2), nullptr);
  EXPECT_NE(lookup.find("b\xff", "x.fa", 3), nullptr);
  const auto message = [&](const char* id) {
    try {
      lookup.find(id, "y.fa", 6);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(message("a"),
            "y.fa: record 7: an earlier record has the id 'a' too, and a label stands for one "
            "record. Name each input once, and give records ids of their own.");
  // Two ids that a table cannot tell apart.
  EXPECT_THAT(message("b\\xff"), HasSubstr("an earlier record has the id 'b\\xff' too"));
  EXPECT_EQ(lookup.left_out().unlabelled_records, 2u);
}

TEST_F(LabelTables, ThatAreNotThereAreNamed) {
  EXPECT_THROW(read_label_table(folder_.file("none.tsv")), InputError);
  EXPECT_THROW(read_label_table(folder_.path()), InputError);
}

}  // namespace
}  // namespace virnucpro
