// Frames of files and of runs, together with their labels.
#include "fitting/frame_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/errors.h"
#include "embeddings/embedding_file.h"
#include "run/run_database.h"
#include "unit/report/temporary_folder.h"
#include "unit/results/stored_bases.h"

namespace virnucpro {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::size_t kDnaWidth = 2;
constexpr std::size_t kProteinWidth = 1;

const std::string kEsm2Hash(64, '3');

class LabelledFramesTest : public testing::Test {
 protected:
  LabelledFramesTest() {
    folder.write("labels.tsv",
                 "id\tlabel\tgroup\tsource\na\tvirus\tphage\tg1\nb_chunk_7\tother\t\t\n"
                 "unused\tother\t\t\n");
    table = read_label_table(folder.file("labels.tsv"));
    bundle.name = "base";
    bundle.dnabert_s_config.hidden_size = kDnaWidth;
    bundle.esm2_config.embed_dim = kProteinWidth;
    bundle.tokenizer.sha256 = "11";
    bundle.dnabert_s.sha256 = "22";
    bundle.esm2.sha256 = kEsm2Hash;
  }

  /// Record, chunk and frame.
  struct Row {
    std::size_t record;
    std::uint64_t chunk;
    std::string frame;
  };

  /// The values of a row are 10 times its number, and so on.
  std::string file_of(const std::vector<std::string>& records, const std::vector<Row>& rows,
                      std::int64_t length = 500,
                      const std::vector<ModelPart>& parts = {{"esm2", kEsm2Hash}}) const {
    const std::string path = folder.file("f.h5");
    EmbeddingFile file(path, {"1", "base", "fp16", length, parts}, kDnaWidth, kProteinWidth);
    for (const std::string& record : records) file.add_record(record);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Row& row = rows[i];
      const auto value = static_cast<float>(10 * i);
      file.append(std::vector<EmbeddingRow>{{row.record, row.chunk, {row.frame[0], row.frame[1]}}},
                  std::vector<std::string>{"for people"},
                  std::vector<float>{value, value + 1, value + 2});
    }
    file.finish();
    file.publish();
    return path;
  }

  FrameCollector collector(std::optional<std::int64_t> length = std::nullopt) {
    return FrameCollector(table, bundle, length, Log([this](LogLevel, std::string_view text) {
                            messages.emplace_back(text);
                          }));
  }

  std::string error_of(const std::string& path, std::optional<std::int64_t> length = std::nullopt) {
    try {
      FrameCollector frames = collector(length);
      frames.add_file(path, {});
      frames.take();
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  }

  TemporaryFolder folder;
  LabelTable table;
  BundleInfo bundle;
  std::vector<std::string> messages;
};

TEST_F(LabelledFramesTest, LeaveOutWhatHasFailed) {
  Window window;
  const auto record = std::make_shared<const Record>(Record{.ordinal = 0, .id = "a", .bases = ""});
  window.read.parts = {{record, true, true, 1}};
  window.read.chunks = {{{0, 0, 0, 500}, 2}};
  window.read.orfs = {{Frame::kF1, {}}, {Frame::kF2, {}}};
  window.computed.features = {0, 1, 2, 10, 11, 12};
  window.finished.failures = {{0, "NaN"}};
  FrameCollector frames = collector();
  frames.begin_windows(500, FrameRule(), {"a.fa"});
  frames.add_window(window);
  const LabelledFrames labelled = frames.take();
  EXPECT_THAT(labelled.frames.features, ElementsAre(10, 11, 12));
  EXPECT_EQ(labelled.failed_frames, 1u);

  window.finished.failures[1] = "NaN";
  FrameCollector none = collector();
  none.begin_windows(500, FrameRule(), {"a.fa"});
  none.add_window(window);
  try {
    none.take();
    FAIL() << "no error";
  } catch (const PrecisionError& error) {
    EXPECT_THAT(error.what(), HasSubstr("none of 2 labelled frames has a finite embedding"));
  }
}

TEST_F(LabelledFramesTest, RefuseStoredEmbeddingsThatAreNotFinite) {
  {
    RunDatabase database(folder.path(), {{"expected length", "500"}, {"embeddings kept", "yes"}},
                         RunDatabase::Existing::kContinue);
    const std::vector<std::byte> bases = packed(bases_open_in(first_frames(1), 500));
    database.begin_record({0, "a", 500, bases});
    database.add_chunk({0, 0, 0, 0, 500, Outcome::kScored, {}});
    database.add_orf({0, 0, 0, Outcome::kScored, 0.5f, 0.5f, {}, {}});
    database.end_record(0, Outcome::kScored, "");
    const float nan = std::numeric_limits<float>::quiet_NaN();
    database.put_embedding(0, StoredEncoder::kDnabertS, std::vector<float>{1.0f, nan});
    database.put_embedding(0, StoredEncoder::kEsm2, std::vector<float>{1.0f});
    database.mark_complete();
    database.commit();
  }
  FrameCollector frames = collector();
  try {
    frames.add_run(folder.path(), {});
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("embeddings of ORF 0, which is scored, that are not finite"));
  }
}

TEST_F(LabelledFramesTest, BelongToTheRecordsOfAFile) {
  FrameCollector frames = collector();
  frames.add_file(
      file_of(
          {"a", "x", "b_chunk_7", "x", "empty"},
          {{0, 0, "F1"}, {0, 0, "R2"}, {0, 1, "F1"}, {1, 0, "F1"}, {2, 11, "F3"}, {3, 11, "F2"}}),
      {});
  const LabelledFrames labelled = frames.take();
  EXPECT_EQ(labelled.expected_length, 500);
  EXPECT_THAT(labelled.frames.features, ElementsAre(0, 1, 2, 10, 11, 12, 20, 21, 22, 40, 41, 42));
  ASSERT_EQ(labelled.frames.size(), 4u);
  const auto& truth = labelled.frames.truth;
  EXPECT_EQ(truth[0].chunk, truth[1].chunk);
  EXPECT_NE(truth[1].chunk, truth[2].chunk);
  EXPECT_TRUE(truth[0].is_virus);
  EXPECT_FALSE(truth[3].is_virus);
  EXPECT_NE(truth[0].source, truth[3].source);
  EXPECT_NE(truth[0].group, truth[3].group);
  EXPECT_EQ(labelled.left_out.unlabelled_records, 3u);
  EXPECT_EQ(labelled.left_out.first_unlabelled, "x");
  EXPECT_EQ(labelled.left_out.unused_labels, 1u);
  EXPECT_THAT(messages, IsEmpty());
}

TEST_F(LabelledFramesTest, KeepRecordsApartWhoseNamesAreAlike) {
  folder.write("labels.tsv", "id\tlabel\na_1\tvirus\nb\tother\n");
  table = read_label_table(folder.file("labels.tsv"));
  FrameCollector frames = collector();
  frames.add_file(
      file_of({"a", "a", "a_1", "b"}, {{0, 0, "F1"}, {1, 0, "F1"}, {2, 0, "F1"}, {3, 0, "F1"}}),
      {});
  const LabelledFrames labelled = frames.take();
  EXPECT_THAT(labelled.frames.features, ElementsAre(20, 21, 22, 30, 31, 32));
  EXPECT_TRUE(labelled.frames.truth[0].is_virus);
  EXPECT_EQ(labelled.left_out.unlabelled_records, 2u);
}

TEST_F(LabelledFramesTest, RefuseALabelThatTwoRecordsCouldHave) {
  const std::string path = file_of({"x", "a", "a"}, {{1, 0, "F1"}});
  EXPECT_EQ(error_of(path),
            path +
                ": record 3: an earlier record has the id 'a' too, and a label stands for one "
                "record. Name each input once, and give records ids of their own.");
  FrameCollector frames = collector();
  const std::string once = file_of({"a"}, {{0, 0, "F1"}});
  frames.add_file(once, {});
  EXPECT_THROW(frames.add_file(once, {}), InputError) << "in two inputs";
}

TEST_F(LabelledFramesTest, RefuseEmbeddingsThatDoNotBelongHere) {
  const std::vector<Row> row = {{0, 0, "F1"}};
  EXPECT_THAT(error_of(file_of({"a"}, row, 500, {{"esm2", std::string(64, '4')}})),
              HasSubstr("of another esm2 than that of the bundle 'base'"));
  EXPECT_THAT(error_of(file_of({"a"}, row), 300), HasSubstr("have 500 bases, expected 300"));
  EXPECT_THAT(error_of(file_of({"a"}, row, 0)), HasSubstr("with --expected-length"));
  EXPECT_EQ(error_of(file_of({"a"}, row, 0), 300), "no error");
  EXPECT_THAT(error_of(file_of({"a"}, {{0, 0, "F1"}, {0, 0, "F4"}})),
              HasSubstr("dataset frame, row 2: expected one of F1 F2 F3 R1 R2 R3"));
  EXPECT_THAT(error_of(file_of({"x"}, row)), HasSubstr("such as those of 'x'"));
  EXPECT_THAT(error_of(file_of({}, {})), HasSubstr("no frame of the inputs has a label"));
  bundle.esm2_config.embed_dim = 4;
  EXPECT_THAT(
      error_of(file_of({"a"}, row)),
      HasSubstr("embeddings of 2 and 1 values, but the encoders of the bundle 'base' give 2 "
                "and 4"));
}

TEST_F(LabelledFramesTest, WarnWhereTheEncodersAreNotKnown) {
  const std::vector<Row> row = {{0, 0, "F1"}};
  EXPECT_EQ(error_of(file_of({"a"}, row, 500, {})), "no error");
  EXPECT_EQ(error_of(file_of({"a"}, row, 500, {{"esm2", "not hashed: /x"}})), "no error");
  EXPECT_THAT(messages, testing::SizeIs(2));
  EXPECT_THAT(messages[0], HasSubstr("does not say which encoders it is of"));
}

TEST_F(LabelledFramesTest, GiveARepeatTheEmbeddingsOfTheFirst) {
  {
    RunDatabase database(
        folder.path(),
        {{"expected length", "300"}, {"embeddings kept", "yes"}, {"esm2 model", kEsm2Hash}},
        RunDatabase::Existing::kContinue);
    std::uint64_t orf = 0;
    for (const char* id : {"x", "a"}) {
      const std::uint64_t ordinal = database.extent().records;
      const std::vector<std::byte> bases = packed(bases_open_in(first_frames(2), 300));
      database.begin_record({ordinal, id, 300, bases});
      database.add_chunk({ordinal, ordinal, 0, 0, 300, Outcome::kScored, {}});
      for (std::uint8_t frame = 0; frame < 2; ++frame, ++orf) {
        StoredOrf stored;
        stored.number = orf;
        stored.chunk = ordinal;
        stored.frame = frame;
        stored.p_others = 0.5f;
        stored.p_virus = 0.5f;
        if (orf == 2) stored.same_as = 0;
        database.add_orf(stored);
        if (orf == 2) continue;
        const auto value = static_cast<float>(orf + 1);
        database.put_embedding(orf, StoredEncoder::kDnabertS, std::vector<float>{value, value});
        database.put_embedding(orf, StoredEncoder::kEsm2, std::vector<float>{10.0f * value});
      }
      database.end_record(ordinal, Outcome::kScored, {});
    }
    database.mark_complete();
    database.commit();
  }
  FrameCollector frames = collector();
  frames.add_run(folder.path(), {});
  const LabelledFrames labelled = frames.take();
  EXPECT_EQ(labelled.expected_length, 300);
  EXPECT_THAT(labelled.frames.features, ElementsAre(1, 1, 10, 4, 4, 40));
  EXPECT_EQ(labelled.frames.truth[0].chunk, labelled.frames.truth[1].chunk);
  EXPECT_EQ(labelled.left_out.unlabelled_records, 1u);
  EXPECT_THAT(messages, IsEmpty());
}

}  // namespace
}  // namespace virnucpro
