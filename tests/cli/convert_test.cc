// `virnucpro models convert`: a bundle stored in 8 bits gives the bytes of the one it was made of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/program_runner.h"
#include "cli/test_inputs.h"

namespace virnucpro::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Convert : public CliTest {
 protected:
  ProgramResult predict(const std::string& output, std::vector<std::string> more) {
    more.insert(more.begin(),
                {"predict", VIRNUCPRO_SOURCE_DIR "/examples/genomes.fa", "-o", output});
    return run(more);
  }
};

TEST_F(Convert, GivesTheBytesOfInt8ThatIsMadeAtStart) {
  const ProgramResult made =
      run({"models", "convert", "mini", "--precision", "int8", "-o", "mini8", "--quiet"});
  ASSERT_TRUE(ends_with(made, 0));
  EXPECT_EQ(made.err, "bundle 'mini' with weights in int8 is in mini8\n");
  EXPECT_THAT(run({"models", "info", "mini8"}).out, HasSubstr("\nstored as         int8\n"));
  EXPECT_TRUE(ends_with(run({"models", "verify", "mini8"}), 0));
  const nlohmann::json card = nlohmann::json::parse(read("mini8/bundle.json"));
  EXPECT_EQ(card["stored_as"], "int8");
  EXPECT_EQ(card["format_version"], 2);
  EXPECT_LT(std::filesystem::file_size(path("mini8/esm2.safetensors")),
            0.6 * static_cast<double>(std::filesystem::file_size(VIRNUCPRO_SOURCE_DIR
                                                                 "/models/mini/esm2.safetensors")));

  ASSERT_TRUE(ends_with(predict("from16", {"--precision", "int8"}), 0));
  // Nothing needs to be said of the precision.
  ASSERT_TRUE(ends_with(predict("from8", {"--bundle", "mini8"}), 0));
  for (const char* file : {"predictions.tsv", "contigs.tsv", "prediction_results.txt"}) {
    EXPECT_EQ(read(std::string("from8/") + file), read(std::string("from16/") + file)) << file;
  }
  const auto report = nlohmann::json::parse(read("from8/run.json"));
  EXPECT_EQ(report["options"]["precision"], "int8");
}

TEST_F(Convert, RefusesOtherPrecisionsOfWhatIsStored) {
  ASSERT_TRUE(ends_with(run({"models", "convert", "mini", "-o", "mini8"}), 0));
  const ProgramResult half = predict("out", {"--bundle", "mini8", "--precision", "fp16"});
  EXPECT_TRUE(ends_with(half, 5));
  EXPECT_THAT(half.err, HasSubstr("mini8: its weights are stored as int8, and fp16 was asked for. "
                                  "Ask for int8, or take the bundle that it was converted from"));
  // Widened weights would be no FP32 of the model.
  const ProgramResult full =
      predict("out", {"--bundle", "mini8", "--precision", "fp32", "--no-packing"});
  EXPECT_TRUE(ends_with(full, 5));
  EXPECT_THAT(full.err, HasSubstr("are stored as int8, and fp32 was asked for"));
  EXPECT_FALSE(exists("out/run.json"));
  const ProgramResult again = run({"models", "convert", "mini8", "-o", "mini88"});
  EXPECT_TRUE(ends_with(again, 3));
  EXPECT_THAT(again.err, HasSubstr("is stored as int8 already"));
  EXPECT_FALSE(exists("mini88"));
  EXPECT_TRUE(ends_with(run({"models", "convert", "mini", "-o", "mini8"}), 2));
}

TEST_F(Convert, IsKnownToListAndDoctor) {
  ASSERT_TRUE(ends_with(run({"models", "convert", "mini", "-o", "bundles/mini8"}), 0));
  EXPECT_THAT(run({"models", "list", "bundles"}).out, HasSubstr(" (in int8)\n"));
  const ProgramResult doctor =
      run(ProgramCall{.arguments = {"doctor", "--no-speed", "--bundle", "mini8", "--device", "cpu"},
                      .variables = {{"VIRNUCPRO_MODELS", path("bundles")}}});
  EXPECT_TRUE(ends_with(doctor, 0));
  EXPECT_THAT(doctor.out, HasSubstr("mini8"));
}

TEST_F(Convert, StoresFloatsOf8BitsForGpus) {
  ASSERT_TRUE(ends_with(run({"models", "convert", "mini", "--precision", "fp8", "-o", "f8"}), 0));
  EXPECT_TRUE(ends_with(run({"models", "verify", "f8"}), 0));
  const ProgramResult cpu = predict("out", {"--bundle", "f8", "--device", "cpu"});
  EXPECT_TRUE(ends_with(cpu, 5));
  EXPECT_THAT(cpu.err, HasSubstr("precision fp8 needs a GPU"));
}

TEST_F(Convert, OfADamagedCardIsNamed) {
  ASSERT_TRUE(ends_with(run({"models", "convert", "mini", "-o", "mini8"}), 0));
  nlohmann::json card = nlohmann::json::parse(read("mini8/bundle.json"));
  card["stored_as"] = "int4";
  write("mini8/bundle.json", card.dump());
  EXPECT_THAT(run({"models", "info", "mini8"}).err,
              HasSubstr("'stored_as': is 'int4', expected 'int8' or 'fp8'"));
}

}  // namespace
}  // namespace virnucpro::test
