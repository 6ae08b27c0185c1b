// Inputs that change between the first look at them and the last byte read: the records, the hash
// and the size must belong to the same bytes.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <optional>
#include <random>
#include <thread>

#include "base/descriptor.h"
#include "base/sha256.h"
#include "sequence/line_reader.h"
#include "unit/sequence/test_files.h"

namespace virnucpro::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::size_t kRecords = 1500;
constexpr std::size_t kBases = 2000;

/// Much more than the buffers between file and parser hold, even compressed: after the first record
/// most of the file has not been read.
std::vector<Record> many_records(std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<Record> records;
  for (std::size_t i = 0; i < kRecords; ++i) {
    Record& record = records.emplace_back();
    record.id = "r" + std::to_string(i);
    for (std::size_t k = 0; k < kBases; ++k) record.bases += "ACGT"[random() >> 30];
  }
  return records;
}

std::string fasta_of(const std::vector<Record>& records) {
  std::string text;
  for (const Record& record : records) text += ">" + record.id + "\n" + record.bases + "\n";
  return text;
}

std::string sam_of(const std::vector<Record>& records) {
  std::string text = "@HD\tVN:1.6\n";
  for (const Record& record : records) {
    text += record.id + "\t4\t*\t0\t0\t*\t*\t0\t0\t" + record.bases + "\t*\n";
  }
  return text;
}

std::string sha256_of(const std::string& path) {
  const std::string bytes = file_bytes(path);
  return sha256_hex(std::as_bytes(std::span(bytes)));
}

class ChangedInputs : public ReaderTest {
 protected:
  enum class Form { kPlain, kGzip, kBgzip, kSam, kBam };
  static constexpr Form kForms[] = {Form::kPlain, Form::kGzip, Form::kBgzip, Form::kSam,
                                    Form::kBam};

  std::string write_form(Form form, const std::string& name, const std::vector<Record>& records) {
    switch (form) {
      case Form::kPlain:
        return write(name, fasta_of(records));
      case Form::kGzip:
        return compress(name, fasta_of(records), "wg");
      case Form::kBgzip:
        return compress(name, fasta_of(records), "w");
      case Form::kSam:
        return write(name, sam_of(records));
      case Form::kBam:
        break;
    }
    return write_alignment(name, sam_of(records), "wb");
  }

  struct Outcome {
    std::size_t records = 0;
    std::string error;  ///< of a ChangedInput; "other: " and the text of another error
  };

  /// Reads to the end; `change` happens after the first record.
  static Outcome read_with_change(const std::vector<std::string>& paths, bool is_known,
                                  const std::function<void()>& change) {
    Outcome outcome;
    try {
      SequenceReader reader(paths);
      if (is_known) reader.expect(read_known_files(paths));
      for (Record record; reader.next(record);) {
        if (++outcome.records == 1) change();
      }
    } catch (const ChangedInput& error) {
      outcome.error = error.what();
    } catch (const Error& error) {
      outcome.error = std::string("other: ") + error.what();
    }
    return outcome;
  }
};

void cut(const std::string& path) { fs::resize_file(path, fs::file_size(path) - 1000); }

void grow(const std::string& path) { std::ofstream(path, std::ios::app) << ">another\nACGT\n"; }

/// Other bytes in the middle of the second half, in place: the size stays.
void rewrite(const std::string& path) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(fs::file_size(path) / 4 * 3));
  file << std::string(100, 'T');
}

void replace(const std::string& path) {
  fs::copy_file(path, path + ".new");
  rewrite(path + ".new");
  fs::rename(path + ".new", path);
}

TEST_F(ChangedInputs, AreRefusedInEveryFormatHoweverTheyChange) {
  const std::vector<Record> records = many_records(1);
  const std::vector<std::pair<const char*, void (*)(const std::string&)>> changes = {
      {"cut", cut}, {"grow", grow}, {"rewrite", rewrite}, {"replace", replace}};
  for (const Form form : kForms) {
    for (const auto& [name, change] : changes) {
      for (const bool is_known : {true, false}) {
        SCOPED_TRACE(std::string(name) + " of form " + std::to_string(static_cast<int>(form)) +
                     (is_known ? ", known" : ", unknown"));
        const std::string path = write_form(form, "in", records);
        const Outcome outcome = read_with_change({path}, is_known, [&] { change(path); });
        EXPECT_THAT(outcome.error,
                    StartsWith(path + ": changed while the program worked on it: it "));
        EXPECT_THAT(outcome.error, HasSubstr("then run the same command again."));
      }
    }
  }
}

TEST_F(ChangedInputs, SayWhatWasThereAndWhatWasRead) {
  const std::string path = write("in.fa", fasta_of(many_records(1)));
  const std::string before = sha256_of(path);
  const std::uintmax_t bytes = fs::file_size(path);
  const Outcome outcome = read_with_change({path}, true, [&] { cut(path); });
  EXPECT_THAT(outcome.error,
              HasSubstr("it had " + std::to_string(bytes) + " bytes with the SHA-256 " + before +
                        " before the work began, and " + std::to_string(bytes - 1000) +
                        " bytes with " + sha256_of(path) + " when it was read."));
}

TEST_F(ChangedInputs, AreRefusedWhenTheyChangeBeforeTheyAreOpened) {
  const std::vector<Record> records = many_records(1);
  for (const Form form : kForms) {
    SCOPED_TRACE(static_cast<int>(form));
    const std::string first = write("first.fa", ">a\nACGT\n");
    const std::string second = write_form(form, "second", records);
    const std::string other = write_form(form, "other", many_records(2));
    const Outcome outcome =
        read_with_change({first, second}, true, [&] { fs::rename(other, second); });
    EXPECT_THAT(outcome.error, StartsWith(second + ": changed"));
  }
  const std::string first = write("first.fa", ">a\nACGT\n");
  const std::string second = write("second.fa", ">b\nACGT\n");
  const Outcome outcome =
      read_with_change({first, second}, true, [&] { write("second.fa", "BZh91AY&SY"); });
  EXPECT_THAT(outcome.error, StartsWith(second + ": changed"));
}

TEST_F(ChangedInputs, AreNotBlamedForDamageThatWasThere) {
  std::string text = fasta_of(many_records(1));
  text[100] = '\x01';
  const std::string path = write("in.fa", text);
  for (const bool is_known : {true, false}) {
    EXPECT_THAT(read_with_change({path}, is_known, [] {}).error,
                HasSubstr("other: " + path + ": record 1 ('r0', line 1): expected a letter"));
  }
}

TEST_F(ChangedInputs, AreRefusedLineByLineToo) {
  const std::string path = write("in.fa", fasta_of(many_records(1)));
  const std::string before = sha256_of(path);
  std::string line;
  LineReader whole(path);
  while (whole.next(line)) {
  }
  EXPECT_EQ(whole.file().content, (FileContent{before, fs::file_size(path)}));

  LineReader changed(path);
  ASSERT_TRUE(changed.next(line));
  rewrite(path);
  EXPECT_THROW(
      {
        while (changed.next(line)) {
        }
      },
      ChangedInput);
  LineReader refused(path);
  ASSERT_TRUE(refused.next(line));
  cut(path);
  EXPECT_THROW(refused.fail(1, "is no head."), ChangedInput) << "the parser is not to blame";
}

TEST_F(ChangedInputs, AreOnlyThoseWhoseBytesChange) {
  const std::vector<Record> records = many_records(1);
  const std::string path = write("in.fa", fasta_of(records));
  const Outcome touched = read_with_change({path}, true, [&] {
    fs::last_write_time(path, fs::file_time_type::clock::now() + std::chrono::hours(1));
  });
  EXPECT_EQ(touched.error, "");
  EXPECT_EQ(touched.records, kRecords);
  const Outcome removed = read_with_change({path}, true, [&] { fs::remove(path); });
  EXPECT_EQ(removed.error, "");
  EXPECT_EQ(removed.records, kRecords);
}

TEST_F(ChangedInputs, AreSeenAgainstTheHashOfAllBytesRead) {
  const std::vector<Record> records = many_records(3);
  std::vector<std::string> paths;
  for (const Form form : kForms) {
    paths.push_back(write_form(form, "in" + std::to_string(static_cast<int>(form)), records));
  }
  paths.push_back(write_alignment("in.cram", sam_of({{.id = "c", .bases = "ACGT"}}), "wc"));
  paths.push_back(write("empty.fa", ""));
  NamedPipe pipe(path("pipe"), ">p\nACGT\n>q\nGG\n");
  paths.push_back(pipe.path());

  SequenceReader reader(paths);
  std::size_t count = 0;
  for (Record record; reader.next(record);) ++count;
  EXPECT_EQ(count, 5 * kRecords + 1 + 2);
  ASSERT_EQ(reader.files().size(), paths.size());
  for (std::size_t i = 0; i + 1 < paths.size(); ++i) {
    EXPECT_EQ(reader.files()[i].content.sha256, sha256_of(paths[i])) << paths[i];
    EXPECT_EQ(reader.files()[i].content.bytes, fs::file_size(paths[i])) << paths[i];
  }
  const std::string piped = ">p\nACGT\n>q\nGG\n";
  EXPECT_EQ(reader.files().back().content,
            (FileContent{sha256_hex(std::as_bytes(std::span(piped))), piped.size()}));
}

/// A named pipe that is held open until the end of the test.
class OpenPipe {
 public:
  explicit OpenPipe(std::string path) : path_(std::move(path)) {
    EXPECT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  }
  /// Waits for a reader.
  void open() { writer_ = Descriptor(::open(path_.c_str(), O_WRONLY | O_CLOEXEC)); }
  void write(std::string_view text) {
    EXPECT_EQ(::write(writer_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  Descriptor writer_;
};

TEST_F(ChangedInputs, DoNotWaitForAWriterAfterAStop) {
  const OpenPipe pipe(path("pipe"));
  std::stop_source stop;
  SequenceReader reader({pipe.path()}, {}, stop.get_token());
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop.request_stop();
  });
  Record record;
  EXPECT_THROW(reader.next(record), Interrupted);
  later.join();
}

TEST_F(ChangedInputs, DoNotEndInHalfARecordWhenAStopComes) {
  OpenPipe pipe(path("pipe"));
  std::stop_source stop;
  std::thread writer([&] {
    pipe.open();
    pipe.write(">a\nACGT\n>b\nAC");
  });
  SequenceReader reader({pipe.path()}, {}, stop.get_token());
  Record record;
  // The format is told from more bytes than these, as long as more may come.
  std::thread later([&] {
    writer.join();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop.request_stop();
  });
  std::vector<std::string> bases;
  EXPECT_THROW(
      {
        while (reader.next(record)) bases.push_back(record.bases);
      },
      Interrupted);
  later.join();
  for (const std::string& each : bases) EXPECT_EQ(each, "ACGT");
}

TEST_F(ChangedInputs, LetAReaderGoBeforeTheEndOfAStream) {
  OpenPipe pipe(path("pipe"));
  const std::string text = fasta_of(many_records(4));
  std::thread writer([&] {
    pipe.open();
    pipe.write(std::string_view(text).substr(0, 300'000));
  });
  {
    SequenceReader reader({pipe.path()});
    Record record;
    EXPECT_TRUE(reader.next(record));
    SequenceReader moved = std::move(reader);
    EXPECT_TRUE(moved.next(record));
    EXPECT_EQ(record.id, "r1");
    writer.join();  // the buffers on the way hold all of it
    moved = SequenceReader({write("small.fa", ">s\nACGT\n")});
    EXPECT_TRUE(moved.next(record));
    EXPECT_EQ(record.id, "s");
  }
}

TEST_F(ChangedInputs, DoNotKeepTheErrorOfAnEndlessStreamWaiting) {
  OpenPipe pipe(path("pipe"));
  std::thread writer([&] {
    pipe.open();
    pipe.write(">a\nAC\x01GT\n" + std::string(100'000, 'A') + "\n>b\n" + std::string(200'000, 'A'));
  });
  SequenceReader reader({pipe.path()});
  Record record;
  EXPECT_THROW(reader.next(record), InputError);
  writer.join();
}

}  // namespace
}  // namespace virnucpro::test
