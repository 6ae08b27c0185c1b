#include "report/precision_files.h"

#include "base/escape.h"
#include "base/format.h"
#include "report/format_float.h"
#include "report/free_folder.h"

namespace virnucpro {
namespace {

constexpr std::string_view kNoValue = "NA";

std::string header() {
  std::string text = "id\trecord\tchunk\tframe\tprecision";
  for (const std::string_view encoder : kComparedEncoders) {
    for (const char* column :
         {"tokens", "centred_cosine", "largest_difference", "relative_difference", "finite",
          "finite_fp32", "first_nonfinite", "first_nonfinite_fp32"}) {
      text += fmt::format("\t{}_{}", encoder, column);
    }
  }
  return text + "\tp_virus_fp32\tp_virus\tdrift\tlabel_flip\n";
}

void append_place(std::string& row, const std::string& place) {
  row += '\t';
  row += place.empty() ? kNoValue : std::string_view(place);
}

void append_score(std::string& row, std::optional<float> score) {
  row += '\t';
  if (score) {
    append_float32(row, *score);
  } else {
    row += kNoValue;
  }
}

void append(std::string& row, const EmbeddingComparison& encoder) {
  row += fmt::format("\t{}", encoder.tokens);
  if (encoder.comparable()) {
    row += fmt::format("\t{:.9f}\t{:.6g}\t{:.6g}", encoder.cosine, encoder.largest_difference,
                       encoder.relative_difference);
  } else {
    for (int i = 0; i < 3; ++i) row.append("\t").append(kNoValue);
  }
  row += encoder.finite ? "\tyes" : "\tno";
  row += encoder.finite_fp32 ? "\tyes" : "\tno";
  append_place(row, encoder.first_nonfinite);
  append_place(row, encoder.first_nonfinite_fp32);
}

}  // namespace

std::vector<const char*> precision_file_names() {
  return {kSequencesFile, kLayersFile, kPrecisionFile};
}

void require_free_precision_folder(const std::string& folder, bool force) {
  require_free_folder(folder, "report", precision_file_names(), force);
}

PrecisionFiles::PrecisionFiles(const std::string& folder)
    : sequences_(made_folder(folder) + "/" + kSequencesFile),
      layers_(folder + "/" + kLayersFile),
      report_(folder + "/" + kPrecisionFile) {
  sequences_.write(header());
}

void PrecisionFiles::frame(const FrameComparison& frame) {
  std::string& row = sequences_.row();
  append_escaped(row, frame.record_id);
  row += fmt::format("\t{}\t{}\t{}\t{}", frame.record + 1, frame.chunk + 1, frame.frame,
                     name_of(frame.precision));
  for (const EmbeddingComparison& encoder : frame.encoders) append(row, encoder);
  append_score(row, frame.p_virus_fp32);
  append_score(row, frame.p_virus);
  const std::optional<double> drift = frame.drift();
  if (drift) {
    row += fmt::format("\t{:.6g}\t{}\n", *drift, frame.flip ? "yes" : "no");
  } else {
    row.append("\t").append(kNoValue).append("\t").append(kNoValue).append("\n");
  }
  sequences_.row_done();
}

void PrecisionFiles::publish(const PrecisionReport& report) {
  layers_.write(layer_table(report));
  report_.write(precision_json(report));
  sequences_.finish();
  layers_.finish();
  report_.finish();
  report_.withdraw();  // of an earlier study: it must never vouch for tables of two
  sequences_.publish();
  layers_.publish();
  report_.publish();
}

}  // namespace virnucpro
