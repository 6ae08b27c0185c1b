// `virnucpro dataset`: labelled genomes become balanced fragments, for use in other commands.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "cli/program_runner.h"
#include "cli/test_inputs.h"

namespace virnucpro::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Rows = std::vector<std::map<std::string, std::string>>;

Rows rows_of(const std::string& text) {
  Rows rows;
  std::vector<std::string> names;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream stream(line);
    std::vector<std::string> fields;
    for (std::string field; std::getline(stream, field, '\t');) fields.push_back(field);
    if (names.empty()) {
      names = fields;
      continue;
    }
    EXPECT_EQ(fields.size(), names.size()) << line;
    auto& row = rows.emplace_back();
    for (std::size_t i = 0; i < std::min(fields.size(), names.size()); ++i) {
      row[names[i]] = fields[i];
    }
  }
  return rows;
}

/// Bases by id.
std::map<std::string, std::string> sequences_of(const std::string& fasta_text) {
  std::map<std::string, std::string> sequences;
  std::istringstream lines(fasta_text);
  for (std::string line, id; std::getline(lines, line);) {
    if (line.starts_with('>')) {
      id = line.substr(1);
      EXPECT_EQ(sequences.count(id), 0U) << id;
    } else {
      sequences[id] += line;
    }
  }
  return sequences;
}

/// The protein of open_frame().
std::string translated(const std::string& bases) {
  static const std::map<std::string, char> kCode = {{"GCT", 'A'}, {"GAC", 'D'}, {"AAA", 'K'},
                                                    {"CGT", 'R'}, {"ACC", 'T'}, {"GTG", 'V'},
                                                    {"CAG", 'Q'}};
  std::string protein;
  for (std::size_t i = 0; i + 3 <= bases.size(); i += 3) protein += kCode.at(bases.substr(i, 3));
  return protein;
}

std::string genbank(const std::string& id, const std::string& bases,
                    const std::vector<std::string>& translations, const std::string& organism) {
  std::string text = "LOCUS       X " + std::to_string(bases.size()) + " bp DNA linear PHG\n";
  text += "VERSION     " + id + "\nFEATURES             Location/Qualifiers\n";
  text += "     source          1..9\n                     /organism=\"" + organism + "\"\n";
  for (const std::string& translation : translations) {
    text += "     CDS             complement(join(1..9,\n                     12..>30))\n";
    text += "                     /translation=\"";
    for (std::size_t i = 0; i < translation.size(); i += 50) {
      text += (i == 0 ? "" : "\n                     ") + translation.substr(i, 50);
    }
    text += "\"\n";
  }
  return text + "ORIGIN\n        1 " + bases + "\n//\n";
}

class Dataset : public CliTest {
 protected:
  static constexpr const char* kGroups[] = {"Myoviridae", "Poxviridae", "bacteria", "plasmid"};

  /// 4 groups of 4 species of 2 records, each of 10 or 20 fragments of 300.
  void SetUp() override {
    CliTest::SetUp();
    std::vector<TestRecord> records;
    std::string labels = "id\tlabel\tgroup\tsource\tspecies\n";
    for (std::uint32_t i = 0; i < 32; ++i) {
      const std::string id = "r" + std::to_string(i);
      records.push_back({id, open_frame(i % 2 == 0 ? 1000 : 2000, i)});
      labels += id + (i < 16 ? "\tvirus\t" : "\tother\t") + kGroups[i / 8] + "\tg" +
                std::to_string(i) + "\ts" + std::to_string(i / 2) + "\n";
    }
    write("a.fa", fasta(records));
    write("labels.tsv", labels);
  }

  ProgramResult make(std::vector<std::string> more = {}, const std::string& folder = "out") const {
    std::vector<std::string> arguments = {"dataset",           "a.fa", "--labels",
                                          "labels.tsv",        "-o",   folder,
                                          "--expected-length", "300",  "--force"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }

  std::string error_of(const std::vector<std::string>& arguments, int exit_code) const {
    const ProgramResult result = run(arguments);
    EXPECT_TRUE(ends_with(result, exit_code));
    EXPECT_EQ(result.out, "");
    return result.err;
  }
};

TEST_F(Dataset, WritesBalancedSplitsOfWholeSpecies) {
  const ProgramResult result = make();
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_THAT(names_in("out"), ElementsAre("dataset.json", "frames.tsv", "labels.tsv", "test.fa",
                                           "train.fa", "validation.fa"));
  const auto genomes = sequences_of(read("a.fa"));
  const Rows labels = rows_of(read("out/labels.tsv"));
  std::map<std::string, std::set<std::string>> splits_of_species;
  std::map<std::string, std::size_t> of_group;
  std::map<std::string, std::size_t> of_source;
  std::map<std::string, std::size_t> frames;
  for (const auto& row : labels) {
    const auto fragments = sequences_of(read("out/" + row.at("split") + ".fa"));
    const std::size_t start = std::stoul(row.at("start"));
    const std::size_t end = std::stoul(row.at("end"));
    EXPECT_EQ(row.at("id"), row.at("record") + ":" + row.at("start") + "-" + row.at("end"));
    ASSERT_EQ(fragments.count(row.at("id")), 1U);
    EXPECT_EQ(fragments.at(row.at("id")), genomes.at(row.at("record")).substr(start, end - start));
    splits_of_species[row.at("species")].insert(row.at("split"));
    ++of_group[row.at("split") + " " + row.at("group")];
    ++of_source[row.at("split") + " " + row.at("group") + " " + row.at("source")];
    frames[row.at("id")] = std::stoul(row.at("frames"));
  }
  EXPECT_EQ(splits_of_species.size(), 16U);
  for (const auto& [species, splits] : splits_of_species) EXPECT_EQ(splits.size(), 1U) << species;
  ASSERT_EQ(of_group.size(), 12U);
  const json report = json::parse(read("out/dataset.json"));
  std::size_t fragments = 0;
  for (const char* split : {"train", "validation", "test"}) {
    const json& part = report["splits"][split];
    ASSERT_EQ(part["groups"].size(), 4U);
    for (const json& group : part["groups"]) {
      const std::string name = split + (" " + group["group"].get<std::string>());
      EXPECT_EQ(group["fragments"], of_group[name]) << name;
      EXPECT_EQ(2 * of_group[name], part["fragments_per_class"]) << name;
      EXPECT_THAT(result.out, HasSubstr("\t" + group["available"].dump() + "\t" +
                                        group["fragments"].dump() + "\n"));
    }
    for (const json& source : part["sources"]) fragments += source["fragments"].get<std::size_t>();
  }
  EXPECT_EQ(fragments, labels.size());
  for (const auto& row : rows_of(read("out/frames.tsv"))) {
    ASSERT_GT(frames[row.at("id")], 0U);
    --frames[row.at("id")];
  }
  for (const auto& [id, left] : frames) EXPECT_EQ(left, 0U) << id;
  EXPECT_EQ(report["inputs"][0]["records"], 32);
  EXPECT_EQ(report["inputs"][0]["sha256"].get<std::string>().size(), 64U);
  // Within a group sources give equally, where they have as many.
  ASSERT_TRUE(ends_with(make({"--fragments", "40"}), 0));
  of_source.clear();
  for (const auto& row : rows_of(read("out/labels.tsv"))) {
    if (row.at("split") == "train") ++of_source[row.at("group") + " " + row.at("source")];
  }
  EXPECT_EQ(of_source.size(), 16U);
  for (const auto& [source, count] : of_source) EXPECT_EQ(count, 4U) << source;
}

TEST_F(Dataset, IsWhatPredictAndEvaluateTake) {
  ASSERT_TRUE(ends_with(make({"--fragments", "60", "--test-share", "0.3"}), 0));
  ASSERT_TRUE(ends_with(
      run({"predict", "out/test.fa", "--expected-length", "300", "-q", "-t", "1", "-o", "run"}),
      0));
  const ProgramResult judged =
      run({"evaluate", "run", "--labels", "out/labels.tsv", "-o", "judged"});
  ASSERT_TRUE(ends_with(judged, 0));
  EXPECT_THAT(judged.err, Not(HasSubstr("have no label")));
  const json fragments = json::parse(read("judged/evaluation.json"))["fragments"];
  EXPECT_EQ(fragments["all"]["viruses"], 18);
  EXPECT_EQ(fragments["all"]["others"], 18);
  EXPECT_EQ(fragments["unscored"]["viruses"], 0);
  EXPECT_EQ(fragments["groups"].size(), 4U);
}

TEST_F(Dataset, SameSeedSameBytesAndEveryOptionChangesSomething) {
  const auto content = [this](std::vector<std::string> more) {
    const ProgramResult result = make(std::move(more));
    EXPECT_TRUE(ends_with(result, 0));
    std::string text;
    for (const std::string& name : names_in("out")) text += read("out/" + name);
    return text;
  };
  const std::string plain = content({});
  EXPECT_EQ(content({}), plain);
  const std::string labels = read("out/labels.tsv");
  const auto changes = [&](std::vector<std::string> more) {
    content(std::move(more));
    return read("out/labels.tsv") != labels;
  };
  EXPECT_TRUE(changes({"--seed", "2"}));
  EXPECT_TRUE(changes({"--fragments", "30"}));
  EXPECT_TRUE(changes({"--validation-share", "0.5"}));
  EXPECT_TRUE(changes({"--test-share", "0.5"}));
  EXPECT_FALSE(changes({"--seed", "1"}));
  content({"--validation-share", "0", "--test-share", "0"});
  EXPECT_EQ(read("out/validation.fa") + read("out/test.fa"), "");
  const std::vector<std::string> call = {"dataset",    "a.fa",         "--labels",
                                         "labels.tsv", "--output-dir", "out"};
  EXPECT_EQ(error_of(call, 2),
            "virnucpro: error: out: holds an earlier dataset (dataset.json). Name another folder "
            "with -o, or pass --force to replace it.\n");
  ASSERT_TRUE(ends_with(run({"dataset", "a.fa", "--labels", "labels.tsv", "-o", "long", "-q"}), 0));
  EXPECT_THAT(read("long/labels.tsv"), HasSubstr("\t0\t500\t"));
  ASSERT_TRUE(ends_with(run({"dataset", "a.fa", "--labels", "labels.tsv", "-o", "short",
                             "--model-type", "300", "--json-log"}),
                        0));
  EXPECT_EQ(read("short/labels.tsv"), labels);
}

TEST_F(Dataset, OfAnnotatedGenomesCountsOnlyFramesOfTheirProteins) {
  const std::string virus = open_frame(500, 100);  // five fragments of 300
  const std::string other = open_frame(400, 101);
  write("a.gb", genbank("V.1", virus, {"M" + translated(virus.substr(300, 600)) + "K"}, "phage X") +
                    genbank("W.1", open_frame(100, 102), {}, "phage Y"));
  write_gzip(path("b.gbff.gz"), genbank("B.1", other, {translated(other.substr(0, 900))}, "E. x"));
  write("few.tsv", "id\tlabel\nV.1\tvirus\nW.1\tvirus\nB.1\tother\nabsent\tother\n");
  const ProgramResult result = run({"dataset", "a.gb", "b.gbff.gz", "a.fa", "--labels", "few.tsv",
                                    "-o", "out", "--expected-length", "300", "--test-share", "0",
                                    "--validation-share", "0", "--fragments", "99"});
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_EQ(read("out/frames.tsv").substr(0, 9), "id\tframe\n");
  const Rows frames = rows_of(read("out/frames.tsv"));
  ASSERT_EQ(frames.size(), 4U);
  for (const auto& row : frames) EXPECT_EQ(row.at("frame"), "F1");
  EXPECT_EQ(frames[0].at("id"), "V.1:300-600");
  EXPECT_EQ(frames[1].at("id"), "V.1:600-900");
  EXPECT_EQ(frames[2].at("id").substr(0, 4), "B.1:");
  const json report = json::parse(read("out/dataset.json"));
  EXPECT_EQ(report["inputs"][0]["annotated"], 2);
  EXPECT_EQ(report["inputs"][2]["annotated"], 0);
  EXPECT_EQ(report["chunks"]["total"], 10);
  EXPECT_EQ(report["chunks"]["without_counted_frame"], 5);
  EXPECT_THAT(result.err, HasSubstr("32 records have no label and are left out, such as 'r0'"));
  EXPECT_THAT(result.err, HasSubstr("1 label is of records that the input does not have"));
  EXPECT_THAT(result.err, HasSubstr("1 GenBank record has no CDS with a translation"));
  EXPECT_THAT(result.err, HasSubstr("train: expected 99 fragments of each class, found 2 of one"));
}

TEST_F(Dataset, WarnsOfAnOrganismInTwoSplits) {
  std::string entries;
  std::string labels = "id\tlabel\n";
  for (std::uint32_t i = 0; i < 12; ++i) {
    const std::string bases = open_frame(100, i);
    const std::string id = "V" + std::to_string(i);
    entries += genbank(id, bases, {translated(bases)}, i < 6 ? "phage of all" : "bacterium of all");
    labels += id + (i < 6 ? "\tvirus\n" : "\tother\n");
  }
  write("a.gb", entries);
  write("few.tsv", labels);
  const std::vector<std::string> call = {"dataset", "a.gb", "--labels", "few.tsv", "-o", "out"};
  const ProgramResult result = run(call);
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_THAT(result.err, HasSubstr("'phage of all' is in more than one split"));
  EXPECT_THAT(result.err, HasSubstr("give them one species"));
}

TEST_F(Dataset, LeavesOutUnknownBasesAndWhatAnEarlierSplitHas) {
  // The same 600 bases in every virus, once turned round, and a letter N in each other record.
  const std::string shared = open_frame(200, 500);
  std::string turned(shared.rbegin(), shared.rend());
  for (char& c : turned) c = c == 'A' ? 'T' : c == 'C' ? 'G' : c == 'G' ? 'C' : 'A';
  std::vector<TestRecord> records;
  std::string labels = "id\tlabel\n";
  for (std::uint32_t i = 0; i < 20; ++i) {
    const bool is_virus = i < 10;
    std::string bases = open_frame(200, i);
    if (!is_virus) bases[7] = 'N';
    records.push_back(
        {"x" + std::to_string(i), is_virus ? (i % 2 == 0 ? shared : turned) + bases : bases});
    labels += records.back().id + (is_virus ? "\tvirus\n" : "\tother\n");
  }
  write("a.fa", fasta(records));
  write("labels.tsv", labels);
  ASSERT_TRUE(ends_with(make(), 0));
  const json chunks = json::parse(read("out/dataset.json"))["chunks"];
  EXPECT_EQ(chunks["total"], 60);
  EXPECT_EQ(chunks["with_unknown_bases"], 10);
  // Two fragments, in eight training species, one that validates and one that tests.
  EXPECT_EQ(chunks["as_earlier_in_the_split"], 14);
  EXPECT_EQ(chunks["as_in_an_earlier_split"], 4);
  std::set<std::string> seen;
  for (const char* name : {"out/train.fa", "out/validation.fa", "out/test.fa"}) {
    const auto fragments = sequences_of(read(name));
    EXPECT_THAT(fragments, Not(IsEmpty()));
    for (const auto& [id, bases] : fragments) {
      EXPECT_TRUE(seen.insert(bases).second) << id;
      EXPECT_EQ(bases.find('N'), std::string::npos) << id;
    }
  }
}

/// Two labelled viruses in GenBank and four others in FASTA.
class GenbankDataset : public Dataset {
 protected:
  void SetUp() override {
    Dataset::SetUp();
    std::string labels = "id\tlabel\nV1.1\tvirus\nV2.1\tvirus\n";
    for (int i = 0; i < 4; ++i) labels += "r" + std::to_string(i) + "\tother\n";
    write("labels.tsv", labels);
  }
  static std::string entry(const std::string& id, std::uint32_t seed) {
    const std::string bases = open_frame(200, seed);
    return genbank(id, bases, {translated(bases)}, "virus " + id);
  }
  static std::string entries() { return entry("V1.1", 101) + entry("V2.1", 102); }

  ProgramResult make(const std::string& text) const {
    write("v.gb", text);
    return run({"dataset", "v.gb", "a.fa", "--labels", "labels.tsv", "-o", "out", "--force",
                "--validation-share", "0", "--test-share", "0"});
  }
  std::string made() const { return read("out/labels.tsv") + read("out/train.fa"); }
};

TEST_F(GenbankDataset, IsTheSameHoweverAFileIsWritten) {
  const std::string text = entries();
  ASSERT_TRUE(ends_with(make(text), 0));
  const std::string right = made();
  EXPECT_THAT(right, HasSubstr("V1.1:0-"));
  const auto replaced = [&text](const std::string& from, const std::string& to) {
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
      const bool is_here = text.compare(at, from.size(), from) == 0;
      result += is_here ? to : text.substr(at, 1);
      at += is_here ? from.size() : 1;
    }
    return result;
  };
  const std::string mark = "\xef\xbb\xbf";
  const std::string head = "GBTST1.SEQ          Genetic Sequence Data Bank\n\n  2 loci\n\n\n";
  const std::string note = "                     /note=\"the 5\" end\n";
  for (const std::string& other :
       {replaced("\n", "\r\n"), replaced("\n", "\r"), mark + text, "\n\n" + text, head + text,
        mark + "\r\n" + replaced("\n", "\r\n"), replaced("        1 ", "100000001 "),
        replaced("     CDS  ", "  CDS     "),
        replaced("                     /translation", note + "                     /translation"),
        replaced("ORIGIN\n", "ORIGIN      of it\n            near the gene\n"),
        text.substr(0, text.size() - 3)}) {
    ASSERT_TRUE(ends_with(make(other), 0)) << other;
    EXPECT_EQ(made(), right) << other;
  }
}

TEST_F(GenbankDataset, PassesOverUnlabelledEntriesThatCannotBeUsed) {
  ASSERT_TRUE(ends_with(make(entries()), 0));
  const std::string right = made();
  const std::string master =
      "LOCUS       W 12 rc DNA linear PLN\nVERSION     W.1\nWGS         A1-A12\n//\n";
  const std::string protein =
      "LOCUS       P 4 aa linear PLN\nVERSION     P.1\nORIGIN\n        1 mkvl\n//\n";
  const std::string damaged =
      "LOCUS       D 5 bp DNA\nVERSION     D.1\nORIGIN\n        1 acgt\n//\n";
  const ProgramResult result = make(master + entries() + protein + master + damaged);
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_EQ(made(), right);
  EXPECT_THAT(
      result.err,
      HasSubstr("warning: of the records without a label 2 have no bases, 1 are proteins and 1 are "
                "damaged; the first is v.gb: line 4: the entry 'W.1' has no bases, it only names "
                "other entries; get it with its sequence ('GenBank (full)', or "
                "rettype=gbwithparts).\n"));
  const json report = json::parse(read("out/dataset.json"));
  EXPECT_EQ(report["labels"]["unlabelled_and_unusable"],
            json({{"without_bases", 2}, {"proteins", 1}, {"damaged", 1}}));
  EXPECT_EQ(report["inputs"][0]["records"], 6);
  // Each of them matters once it has a label.
  write("labels.tsv", read("labels.tsv") + "D.1\tvirus\n");
  const ProgramResult refused = make(entries() + damaged);
  EXPECT_TRUE(ends_with(refused, 2));
  EXPECT_THAT(refused.err, HasSubstr("expected 5 bases in 'D.1', as its LOCUS says, found 4"));
}

TEST_F(GenbankDataset, NamesALabelWithoutItsVersion) {
  write("labels.tsv", "id\tlabel\nV1\tvirus\nV2\tvirus\n");
  const ProgramResult result = make(entries());
  EXPECT_TRUE(ends_with(result, 2));
  EXPECT_THAT(result.err, HasSubstr("none of the 34 records of the input is in this table of "
                                    "labels; its ids must be those of the records (of GenBank: "
                                    "accession.version). The table has 'V1' where the input has "
                                    "'V1.1': ids must be equal to the last letter.\n"));
}

TEST_F(Dataset, SaysWhatIsWrong) {
  const std::vector<std::string> rest = {"--labels", "labels.tsv", "-o", "bad"};
  const auto error = [&](std::vector<std::string> begin, std::vector<std::string> more = {}) {
    begin.insert(begin.begin(), "dataset");
    begin.insert(begin.end(), rest.begin(), rest.end());
    begin.insert(begin.end(), more.begin(), more.end());
    return error_of(begin, 2);
  };
  EXPECT_THAT(error({}), HasSubstr("GENOMES"));
  EXPECT_THAT(error({"none.fa"}), HasSubstr("none.fa: cannot be read"));
  EXPECT_THAT(error({"-"}), HasSubstr("-: a dataset reads its genomes twice"));
  EXPECT_THAT(error({"a.fa", "a.fa"}),
              HasSubstr("a.fa: record 1: an earlier record has the id 'r0' too"));
  EXPECT_THAT(error({"a.fa"}, {"--expected-length", "400"}), HasSubstr("--expected-length"));
  EXPECT_THAT(error({"a.fa"}, {"--fragments", "0"}), HasSubstr("--fragments"));
  EXPECT_EQ(error({"a.fa"}, {"--validation-share", "0.5", "--test-share", "0.5"}),
            "virnucpro: error: --validation-share 0.5 and --test-share 0.5 leave nothing to train "
            "on; their sum must be below 1.\n");
  EXPECT_THAT(error({"a.fa"}, {"--fragments", "1", "--validation-share", "0.6"}),
              HasSubstr("--fragments 1: leaves none to train on beside the other shares"));
  write("cut.gb", "LOCUS       X 9 bp DNA\nORIGIN\n        1 acgtacgt\n");
  EXPECT_THAT(error({"cut.gb"}), HasSubstr("cut.gb: line 3: the entry 'X'"));
  write("empty.fa", "");
  EXPECT_THAT(error({"empty.fa"}), HasSubstr("labels.tsv: none of the 0 records of the input"));
  write("labels.tsv",
        "id\tlabel\tgroup\tsource\tspecies\nr0\tvirus\tv\tg\ta\nr1\tvirus\tv\tg\tb\n");
  EXPECT_THAT(error({"a.fa"}),
              HasSubstr("labels.tsv: the source 'g' has two species, 'a' and 'b'"));
  write("labels.tsv", "id\tlabel\nr0\tvirus\nr1\tvirus\n");
  EXPECT_THAT(error({"a.fa"}), HasSubstr("labels.tsv: found no fragments of others to train on"));
  EXPECT_THAT(error_of({"dataset", "a.fa", "-o", "bad"}, 2), HasSubstr("--labels"));
  EXPECT_FALSE(exists("bad"));
}

TEST_F(Dataset, SaysWhyASplitIsSmallOrEmpty) {
  // One species of plasmids is left, and then none.
  std::string labels = read("labels.tsv");
  labels = labels.substr(0, labels.find("r26\t"));
  write("labels.tsv", labels);
  const std::string plain = make({"--test-share", "0", "--validation-share", "0"}).err;
  EXPECT_THAT(plain, HasSubstr("train: groups give equally, and 'plasmid' has only 30 "));
  EXPECT_THAT(plain, HasSubstr("--fragments N takes more of the others"));
  EXPECT_THAT(plain, Not(HasSubstr("is empty")));
  const std::string few = make({"--fragments", "4"}).err;
  EXPECT_THAT(few, HasSubstr("validation: is empty, since its share of 4 fragments is none"));
  labels = labels.substr(0, labels.find("r18\t"));
  write("labels.tsv", labels);
  EXPECT_THAT(make().err, HasSubstr("test: is empty, since no fragments of others are left for it: "
                                    "label more species, or set its share to 0"));
}

TEST_F(Dataset, LeavesAnEarlierDatasetAsItWasWhenWritingFails) {
  ASSERT_TRUE(ends_with(make(), 0));
  const std::string before = read("out/train.fa");
  const ProgramResult full =
      run(ProgramCall{.arguments = {"dataset", "a.fa", "--labels", "labels.tsv", "-o", "out",
                                    "--seed", "9", "--force", "-q"},
                      .file_blocks = 2});
  EXPECT_TRUE(ends_with(full, 74));
  EXPECT_EQ(read("out/train.fa"), before);
  EXPECT_THAT(names_in("out"), ElementsAre("dataset.json", "frames.tsv", "labels.tsv", "test.fa",
                                           "train.fa", "validation.fa"));
}

}  // namespace
}  // namespace virnucpro::test
