#include "test_files.h"

#include <fcntl.h>
#include <htslib/bgzf.h>
#include <htslib/faidx.h>
#include <htslib/hts.h>
#include <htslib/kstring.h>
#include <htslib/sam.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <sstream>

namespace virnucpro::test {

void ReaderTest::SetUp() {
  std::signal(SIGPIPE, SIG_IGN);
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  folder_ = std::filesystem::temp_directory_path() /
            ("virnucpro_" + std::string(info->name()) + "_" + std::to_string(::getpid()));
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_);
}

void ReaderTest::TearDown() { std::filesystem::remove_all(folder_); }

std::string ReaderTest::write(std::string_view name, std::string_view content) const {
  std::ofstream file(folder_ / name, std::ios::binary);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  EXPECT_TRUE(file.flush());
  return path(name);
}

std::string ReaderTest::compress(std::string_view name, std::string_view content,
                                 const char* mode) const {
  BGZF* file = bgzf_open(path(name).c_str(), mode);
  EXPECT_NE(file, nullptr);
  EXPECT_EQ(bgzf_write(file, content.data(), content.size()), static_cast<ssize_t>(content.size()));
  EXPECT_EQ(bgzf_close(file), 0);
  return path(name);
}

std::string ReaderTest::write_alignment(std::string_view name, const std::string& sam,
                                        const char* mode, const std::string& reference) const {
  std::string header_text;
  std::vector<std::string> lines;
  std::istringstream stream(sam);
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with('@')) {
      header_text += line + "\n";
    } else {
      lines.push_back(line);
    }
  }
  htsFile* out = sam_open(path(name).c_str(), mode);
  EXPECT_NE(out, nullptr);
  if (std::string_view(mode) == "wc") {
    if (reference.empty()) {
      EXPECT_EQ(hts_set_opt(out, CRAM_OPT_NO_REF, 1), 0);
    } else {
      EXPECT_EQ(fai_build(reference.c_str()), 0);
      EXPECT_EQ(hts_set_fai_filename(out, (reference + ".fai").c_str()), 0);
    }
  }
  sam_hdr_t* header = sam_hdr_parse(header_text.size(), header_text.c_str());
  EXPECT_NE(header, nullptr);
  EXPECT_EQ(sam_hdr_write(out, header), 0);
  bam1_t* record = bam_init1();
  for (std::string& line : lines) {
    kstring_t text = {0, 0, nullptr};
    kputs(line.c_str(), &text);
    EXPECT_GE(sam_parse1(&text, header, record), 0) << line;
    EXPECT_GE(sam_write1(out, header, record), 0) << line;
    free(text.s);
  }
  bam_destroy1(record);
  sam_hdr_destroy(header);
  EXPECT_EQ(hts_close(out), 0);
  return path(name);
}

NamedPipe::NamedPipe(std::string path, std::string content) : path_(std::move(path)) {
  EXPECT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  writer_ = std::thread([this, bytes = std::move(content)] {
    const int out = ::open(path_.c_str(), O_WRONLY);
    constexpr std::size_t kAtOnce = 7;
    for (std::size_t at = 0; at < bytes.size(); at += kAtOnce) {
      const std::size_t count = std::min(kAtOnce, bytes.size() - at);
      if (::write(out, bytes.data() + at, count) < 0) break;  // the reader gave up, as it may
    }
    ::close(out);
  });
}

std::string file_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

std::vector<Record> read_all(std::vector<std::string> paths, Log log) {
  SequenceReader reader(std::move(paths), std::move(log));
  std::vector<Record> records;
  for (Record record; reader.next(record);) records.push_back(record);
  return records;
}

std::string input_error(std::vector<std::string> paths) {
  try {
    read_all(std::move(paths));
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

Log keep_warnings(std::vector<std::string>& warnings) {
  return Log([&warnings](LogLevel level, std::string_view text) {
    if (level == LogLevel::kWarning) warnings.emplace_back(text);
  });
}

}  // namespace virnucpro::test
