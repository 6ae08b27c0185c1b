#include "jobs/sample_sheet.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string_view>

#include "base/errors.h"
#include "base/escape.h"
#include "base/format.h"
#include "base/output_file.h"
#include "base/split.h"
#include "base/stop.h"
#include "report/prediction_tables.h"
#include "sequence/line_reader.h"

namespace virnucpro {
namespace {

/// A folder of that name can stand in a folder, beside the tables over all samples.
bool is_folder_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
         escaped(name) == name && name != kAllContigsFile && name != kAllTiersFile;
}

class SheetReader {
 public:
  SheetReader(const std::string& path, const std::stop_token& stop)
      : lines_(path, {}, {.stop = stop}) {}

  std::vector<Sample> read() {
    std::string line;
    if (!lines_.next(line)) fail("expected a header with the columns sample and file");
    take_header(split(line, '\t'));
    while (lines_.next(line)) {
      if (!line.empty()) take_row(split(line, '\t'));
    }
    if (samples_.empty()) fail("has no samples below its header");
    return std::move(samples_);
  }

 private:
  void take_header(const std::vector<std::string>& names) {
    const auto place_of = [&](const char* name) {
      return static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
    };
    columns_ = names.size();
    sample_ = place_of("sample");
    file_ = place_of("file");
    file2_ = place_of("file2");
    if (sample_ == columns_ || file_ == columns_) {
      fail(
          "expected a header with the columns sample, file and, optionally, file2, separated by "
          "tabs");
    }
  }

  void take_row(const std::vector<std::string>& cells) {
    const auto cell = [&](std::size_t at) { return at < cells.size() ? cells[at] : std::string(); };
    Sample sample{cell(sample_), {cell(file_)}};
    if (!is_folder_name(sample.name)) {
      fail(fmt::format("'{}' is no name of a sample: its results get a folder of that name",
                       shown_id(sample.name)));
    }
    if (!names_.insert(sample.name).second) {
      fail(fmt::format("the sample '{}' comes twice", shown_id(sample.name)));
    }
    if (sample.files.front().empty()) fail("has no file");
    if (const std::string second = file2_ < columns_ ? cell(file2_) : ""; !second.empty()) {
      sample.files.push_back(second);
    }
    for (const std::string& file : sample.files) {
      if (file == "-") fail("names standard input; samples are read from files");
    }
    samples_.push_back(std::move(sample));
  }

  [[noreturn]] void fail(const std::string& problem) const {
    lines_.fail(lines_.number(), problem);
  }

  LineReader lines_;
  std::size_t columns_ = 0;
  std::size_t sample_ = 0;
  std::size_t file_ = 0;
  std::size_t file2_ = 0;
  std::set<std::string> names_;
  std::vector<Sample> samples_;
};

void append_table(const Sample& sample, const std::string& path, bool with_header,
                  OutputFile& output, const std::stop_token& stop) {
  LineReader lines(path, {}, {.stop = stop});
  std::string line;
  for (bool is_header = true; lines.next(line); is_header = false) {
    if (is_header && !with_header) continue;
    output.row().append(is_header ? "sample" : sample.name).append("\t").append(line).append("\n");
    output.row_done();
  }
}

}  // namespace

std::vector<Sample> read_sample_sheet(const std::string& path, const std::stop_token& stop) {
  return SheetReader(path, stop).read();
}

void write_all_samples(const std::vector<Sample>& samples, const std::string& folder,
                       const std::stop_token& stop) {
  constexpr const char* kTables[] = {kContigsFile, kTiersFile};
  std::vector<std::unique_ptr<OutputFile>> outputs;
  for (std::size_t i = 0; i < std::size(kTables); ++i) {
    outputs.push_back(std::make_unique<OutputFile>(folder + "/" + kAllFiles[i]));
    for (const Sample& sample : samples) {
      throw_if_stopped(stop);
      append_table(sample, fmt::format("{}/{}/{}", folder, sample.name, kTables[i]),
                   &sample == &samples.front(), *outputs.back(), stop);
    }
    outputs.back()->finish();
  }
  for (const auto& output : outputs) output->publish();
}

}  // namespace virnucpro
