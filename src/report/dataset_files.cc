#include "report/dataset_files.h"

#include <vector>

#include "base/escape.h"
#include "base/format.h"
#include "report/free_folder.h"

namespace virnucpro {

std::vector<const char*> dataset_file_names() {
  std::vector<const char*> names = {kDatasetFile, kDatasetLabelsFile, kFramesFile};
  names.insert(names.end(), kFragmentFiles.begin(), kFragmentFiles.end());
  return names;
}

void require_free_dataset_folder(const std::string& folder, bool force) {
  require_free_folder(folder, "dataset", dataset_file_names(), force);
}

DatasetFiles::DatasetFiles(const std::string& folder, bool with_runs) : with_runs_(with_runs) {
  make_result_folder(folder);
  const auto open = [&folder](const char* name) {
    return std::make_unique<OutputFile>(folder + "/" + name);
  };
  for (std::size_t i = 0; i < kFragmentFiles.size(); ++i) fragments_[i] = open(kFragmentFiles[i]);
  labels_ = open(kDatasetLabelsFile);
  labels_->write("id\tlabel\tgroup\tsource\tspecies\tsplit\trecord\tstart\tend\tframes\n");
  frames_ = open(kFramesFile);
  frames_->write(with_runs ? "id\tframe\tstart\tend\tread\n" : "id\tframe\n");
  report_ = open(kDatasetFile);
}

void DatasetFiles::fragment(const DatasetFragment& fragment) {
  const std::string record = escaped(fragment.record);
  const std::string id = fmt::format("{}:{}-{}", record, fragment.start, fragment.end);
  OutputFile& fasta = *fragments_.at(fragment.split);
  fasta.row() += fmt::format(">{}\n{}\n", id, fragment.bases);
  fasta.row_done();
  labels_->row() += fmt::format(
      "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", id, fragment.is_virus ? "virus" : "other",
      escaped(fragment.group), escaped(fragment.source), escaped(fragment.species),
      fragment.split_name, record, fragment.start, fragment.end, fragment.frames.size());
  labels_->row_done();
  for (const CountedFrame& frame : fragment.frames) {
    std::string& row = frames_->row();
    row += fmt::format("{}\t{}", id, frame.name);
    if (with_runs_) {
      row += fmt::format("\t{}\t{}\t{}", frame.start, frame.end, frame.is_run ? "run" : "open");
    }
    row += '\n';
    frames_->row_done();
  }
}

void DatasetFiles::publish(const DatasetReport& report) {
  report_->write(dataset_json(report));
  std::vector<OutputFile*> files;
  for (const auto& file : fragments_) files.push_back(file.get());
  for (OutputFile* file : {labels_.get(), frames_.get(), report_.get()}) files.push_back(file);
  for (OutputFile* file : files) file->finish();
  report_->withdraw();  // of an earlier dataset: it must never vouch for files of two
  for (OutputFile* file : files) file->publish();
}

}  // namespace virnucpro
