// Whole runs of the program on checkpoints in the published formats, against what independent
// Python code made of the same files (tests/parity/make_pipeline_goldens.py).
#include <gtest/gtest.h>
#include <hdf5.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>

#include "cli/program_runner.h"
#include "tensor/host_tensor.h"
#include "weights/safetensors.h"

namespace virnucpro::test {
namespace {

std::string golden(const std::string& file) {
  return std::string(VIRNUCPRO_TEST_DATA) + "/parity/pipeline/" + file;
}

struct Row {
  std::string id;
  std::string label;
  double others = 0;
  double virus = 0;
};

std::vector<Row> rows_of(const std::string& table) {
  std::istringstream lines(table);
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, "Sequence_ID\tPrediction\tscore1\tscore2");
  std::vector<Row> rows;
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    Row row;
    fields >> row.id >> row.label >> row.others >> row.virus;
    rows.push_back(row);
  }
  return rows;
}

double cosine(std::span<const float> a, std::span<const float> b) {
  double dot = 0;
  double aa = 0;
  double bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    dot += static_cast<double>(a[i]) * b[i];
    aa += static_cast<double>(a[i]) * a[i];
    bb += static_cast<double>(b[i]) * b[i];
  }
  return dot / std::sqrt(aa * bb);
}

/// A float32 matrix of an HDF5 file, and its width.
std::pair<std::vector<float>, std::size_t> read_matrix(const std::string& path, const char* name) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t data = H5Dopen2(file, name, H5P_DEFAULT);
  const hid_t space = H5Dget_space(data);
  hsize_t sizes[2] = {0, 0};
  EXPECT_EQ(H5Sget_simple_extent_dims(space, sizes, nullptr), 2);
  std::vector<float> values(sizes[0] * sizes[1]);
  EXPECT_GE(H5Dread(data, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
  H5Sclose(space);
  H5Dclose(data);
  H5Fclose(file);
  return {values, sizes[1]};
}

/// How a run is made, and how near it must come.
struct Mode {
  const char* name;
  std::vector<std::string> flags;
  double score_difference;
  double least_cosine;
  bool same_labels;
};

class PublishedRun : public CliTest {
 protected:
  static std::vector<Mode> modes() {
    return {{"fp32", {"--precision", "fp32", "--no-packing"}, 2e-6, 0.999999, true},
            {"fp16", {}, 2e-2, 0.9999, false},
            {"fp16 unpacked", {"--no-packing"}, 2e-2, 0.9999, false},
            {"reference",
             {"--precision", "fp32", "--no-packing", "--device", "reference"},
             2e-6,
             0.999999,
             true}};
  }

  std::vector<std::string> call(const char* command, const std::string& output,
                                const std::string& length, const Mode& mode) const {
    std::vector<std::string> arguments = {command,  golden("dirty.fa"), "-o",
                                          output,   "--dnabert",        golden("dnabert_s"),
                                          "--esm2", golden("esm2.pt"),  "--expected-length",
                                          length};
    if (std::string(command) == "predict") {
      arguments.insert(arguments.end(),
                       {"--classifier", golden("classifier.pth"), "--legacy-format", "original"});
    }
    arguments.insert(arguments.end(), mode.flags.begin(), mode.flags.end());
    return arguments;
  }
};

TEST_F(PublishedRun, PredictGivesTheTablesOfThePublishedTool) {
  for (const std::string length : {"300", "500"}) {
    for (const Mode& mode : modes()) {
      SCOPED_TRACE(std::string(mode.name) + " " + length);
      const std::string folder = std::string(mode.name) + length;
      ASSERT_TRUE(ends_with(run(call("predict", folder, length, mode)), 0));
      const std::vector<Row> rows = rows_of(read(folder + "/prediction_results.txt"));
      const std::vector<Row> expected =
          rows_of(content_of(golden("prediction_results_" + length + ".txt")));
      ASSERT_EQ(rows.size(), expected.size());
      for (std::size_t i = 0; i < rows.size(); ++i) {
        EXPECT_EQ(rows[i].id, expected[i].id);
        EXPECT_NEAR(rows[i].others, expected[i].others, mode.score_difference) << rows[i].id;
        EXPECT_NEAR(rows[i].virus, expected[i].virus, mode.score_difference) << rows[i].id;
        if (mode.same_labels) {
          EXPECT_EQ(rows[i].label, expected[i].label) << rows[i].id;
        }
      }
      if (mode.same_labels) {
        EXPECT_EQ(read(folder + "/prediction_results_highestscore.csv"),
                  content_of(golden("prediction_results_highestscore_" + length + ".csv")));
      }
    }
  }
}

TEST_F(PublishedRun, EmbedGivesTheEmbeddingsOfTheOriginalEncoders) {
  for (const std::string length : {"300", "500"}) {
    TensorSource expected = read_safetensors(golden("embeddings_" + length + ".safetensors"));
    for (const char* dataset : {"dnabert_s", "esm2"}) {
      const std::vector<float> wanted = to_floats(expected.take_any(dataset));
      for (const Mode& mode : modes()) {
        SCOPED_TRACE(std::string(mode.name) + " " + length + " " + dataset);
        const std::string file = std::string(mode.name) + length + dataset + ".h5";
        ASSERT_TRUE(ends_with(run(call("embed", file, length, mode)), 0));
        const auto [values, width] = read_matrix(path(file), dataset);
        ASSERT_EQ(values.size(), wanted.size());
        for (std::size_t i = 0; i < values.size(); i += width) {
          EXPECT_GE(
              cosine(std::span(values).subspan(i, width), std::span(wanted).subspan(i, width)),
              mode.least_cosine)
              << "row " << i / width;
        }
      }
    }
  }
}

}  // namespace
}  // namespace virnucpro::test
