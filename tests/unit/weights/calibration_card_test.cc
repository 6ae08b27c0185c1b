// Calibrations in a card: read, written, and refused with the key that is wrong.
#include "weights/calibration_card.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "unit/weights/weights_test_data.h"
#include "weights/bundle.h"

namespace virnucpro {
namespace {

using nlohmann::json;
using testing::HasSubstr;

Calibration example(CalibrationMethod method) {
  Calibration calibration;
  calibration.method = method;
  const bool is_platt = method == CalibrationMethod::kPlatt;
  calibration.all =
      is_platt ? ScoreMap{0.1 + 0.2, -0.25, {}} : ScoreMap{1.0, 0.0, {{0.0, 0.05}, {0.9, 0.9}}};
  calibration.classes = {{0, 10, 20, {}}, {300, 1000, 2000, calibration.all}};
  calibration.contig = {0.5, -1.0 / 3.0, 1.25, 0.75};
  calibration.contig_viruses = 300;
  calibration.contig_others = 400;
  calibration.labels_sha256 = std::string(64, 'a');
  return calibration;
}

/// The same with all that newer cards say.
Calibration example_with_runs(CalibrationMethod method) {
  Calibration calibration = example(method);
  RunMap map;
  map.intercept = -0.1;
  map.score = 0.7;
  map.length = 1.0 / 3.0;
  map.score_by_length = -0.25;
  map.share = 2.0;
  if (method == CalibrationMethod::kIsotonic) map.knots = {{0.1, 0.2}, {0.5, 0.9}};
  calibration.runs = RunCalibration{500, map, {{0, 3, 4, {}}, {300, 500, 600, map}}};
  calibration.contig.run_weight = 0.5;
  calibration.calls = BundleCalls{4.25, 0.005, {"plants", "few, or \"none\""}};
  return calibration;
}

TEST(CalibrationCard, IsReadAsItWasWritten) {
  for (const auto method : {CalibrationMethod::kPlatt, CalibrationMethod::kIsotonic}) {
    for (const Calibration& calibration : {example(method), example_with_runs(method)}) {
      const std::string text = calibration_text(calibration);
      EXPECT_EQ(parse_calibration_text(text, "card"), calibration) << text;
      EXPECT_EQ(calibration_text(parse_calibration_text(text, "card")), text);
    }
  }
}

TEST(CalibrationCard, SaysNothingOfRunsAndCallsWhereThereAreNone) {
  const std::string text = calibration_text(example(CalibrationMethod::kPlatt));
  for (const char* key : {"\"runs\"", "run_weight", "\"calls\""}) {
    EXPECT_EQ(text.find(key), std::string::npos) << key;
  }
}

/// The error that a changed card gives.
std::string error_after(CalibrationMethod method, const std::function<void(json&)>& change) {
  json card = json::parse(calibration_text(example(method)));
  change(card);
  return model_error([&] { parse_calibration_text(card.dump(), "card"); });
}

TEST(CalibrationCard, NamesTheKeyOfRunsOrCallsThatIsWrong) {
  const auto error = [](const std::function<void(json&)>& change) {
    json card = json::parse(calibration_text(example_with_runs(CalibrationMethod::kPlatt)));
    change(card);
    return model_error([&] { parse_calibration_text(card.dump(), "card"); });
  };
  EXPECT_EQ(error([](json& card) { card["runs"]["unit"] = 0; }),
            "card: 'runs.unit': is 0, expected 1 to 9007199254740992");
  EXPECT_EQ(error([](json& card) { card["runs"]["all"]["share"] = 1e5; }),
            "card: 'runs.all.share': is 100000, expected -10000 to 10000");
  EXPECT_EQ(error([](json& card) { card["runs"]["all"]["knots"] = json::array(); }),
            "card: 'runs.all.knots': not known; update this program");
  EXPECT_EQ(error([](json& card) { card["runs"]["length_classes"][0]["from"] = 9; }),
            "card: 'runs.length_classes[0].from': expected lengths that rise from 0");
  EXPECT_EQ(error([](json& card) { card["contig"]["run_weight"] = 0.0; }),
            "card: 'contig.run_weight': is 0, expected 0.001 to 1");
  EXPECT_EQ(error([](json& card) { card["calls"]["log_odds"] = 33; }),
            "card: 'calls.log_odds': is 33, expected -32 to 32");
  EXPECT_EQ(error([](json& card) { card["calls"]["excepted_groups"] = {1}; }),
            "card: 'calls.excepted_groups': expected a list of texts");
  EXPECT_EQ(error([](json& card) { card["calls"]["level"] = "chunks"; }),
            "card: 'calls.level': not known; update this program");
}

TEST(CalibrationCard, NamesTheKeyThatIsWrong) {
  constexpr auto kPlatt = CalibrationMethod::kPlatt;
  constexpr auto kIsotonic = CalibrationMethod::kIsotonic;
  EXPECT_EQ(error_after(kPlatt, [](json& card) { card["method"] = "beta"; }),
            "card: 'method': is 'beta', expected 'platt' or 'isotonic'");
  EXPECT_EQ(error_after(kPlatt, [](json& card) { card["prevalence"] = 0.1; }),
            "card: 'prevalence': is 0.1, expected 0.5 to 0.5");
  EXPECT_EQ(error_after(kPlatt, [](json& card) { card["all"]["slope"] = -1.0; }),
            "card: 'all.slope': is -1, expected 0 to 10000");
  EXPECT_EQ(error_after(kPlatt, [](json& card) { card["all"]["intercept"] = nullptr; }),
            "card: 'all.intercept': expected a number, found null");
  EXPECT_EQ(error_after(kPlatt, [](json& card) { card["all"]["knots"] = json::array(); }),
            "card: 'all.knots': not known; update this program");
  EXPECT_EQ(error_after(kPlatt, [](json& card) { card["temperature"] = 2; }),
            "card: 'temperature': not known; update this program");
  EXPECT_EQ(error_after(kPlatt, [](json& card) { card.erase("contig"); }),
            "card: 'contig': missing, expected an object");
  EXPECT_EQ(error_after(kPlatt, [](json& card) { card["contig"]["gamma"] = 1.5; }),
            "card: 'contig.gamma': is 1.5, expected 0 to 1");
  EXPECT_EQ(error_after(kPlatt, [](json& card) { card["contig"]["evidence"] = -0.5; }),
            "card: 'contig.evidence': is -0.5, expected 0 to 10000");
  EXPECT_EQ(error_after(kPlatt, [](json& card) { card["length_classes"][0]["from"] = 1; }),
            "card: 'length_classes[0].from': expected lengths that rise from 0");
  EXPECT_EQ(error_after(kPlatt, [](json& card) { card["length_classes"][1]["from"] = 0; }),
            "card: 'length_classes[1].from': expected lengths that rise from 0");
  EXPECT_EQ(error_after(kPlatt, [](json& card) { card["length_classes"] = json::array(); }),
            "card: 'length_classes': expected 1 to 16 of them");
  EXPECT_EQ(error_after(kPlatt, [](json& card) { card["length_classes"][1]["viruses"] = -1; }),
            "card: 'length_classes[1].viruses': is -1, expected 0 to 9007199254740992");
  EXPECT_EQ(error_after(kPlatt, [](json& card) { card["labels_sha256"] = "A"; }),
            "card: 'labels_sha256': expected 64 hexadecimal digits in lower case");
  const auto with_knots = [&](const json& knots) {
    return error_after(kIsotonic, [&](json& card) { card["all"]["knots"] = knots; });
  };
  EXPECT_EQ(with_knots(json::array()), "card: 'all.knots': expected a list of 1 to 64 pairs");
  EXPECT_EQ(with_knots(json(std::vector<json>(65, json::array({0.1, 0.1})))),
            "card: 'all.knots': expected a list of 1 to 64 pairs");
  EXPECT_EQ(with_knots({0.5}), "card: 'all.knots[0]': expected a score and a probability");
  EXPECT_EQ(with_knots({{0.1, 0.2}, {0.1, 0.3}}),
            "card: 'all.knots[1]': the score is not above the one before");
  EXPECT_EQ(with_knots({{0.1, 0.2}, {0.2, 0.1}}),
            "card: 'all.knots[1]': the probability is below the one before");
  EXPECT_EQ(with_knots({{0.1, 1.2}}), "card: 'all.knots[0]': expected numbers from 0 to 1");
  // JSON has no NaN; a number beyond double is none, either.
  const std::string text = calibration_text(example(kPlatt));
  std::string infinite = text;
  infinite.replace(infinite.find("-0.25"), 5, "1e999");
  EXPECT_THAT(model_error([&] { parse_calibration_text(infinite, "card"); }), HasSubstr("card: "));
}

using CalibratedBundle = ScratchTest;

TEST_F(CalibratedBundle, IsSavedWithItsPartsAndVerifies) {
  const Bundle mini = Bundle::open(VIRNUCPRO_SOURCE_DIR "/models/mini");
  BundleInfo info = mini.info();
  info.classifiers.front().calibration.reset();
  info.classifiers.back().calibration = example(CalibrationMethod::kIsotonic);
  mini.save(info, scratch("made/"), false);
  const Bundle made = Bundle::open(scratch("made"));
  EXPECT_THAT(made.problems(), testing::IsEmpty());
  const std::int64_t length = info.classifiers.back().expected_length;
  EXPECT_EQ(made.calibration(length), info.classifiers.back().calibration);
  EXPECT_FALSE(made.calibration(info.classifiers.front().expected_length));
  EXPECT_FALSE(made.calibration(17));
  EXPECT_EQ(made.info().extra_json, mini.info().extra_json);
  EXPECT_THROW(mini.save(info, scratch("made"), false), ConfigError);
  made.save(info, scratch("made"), true);  // onto itself
  EXPECT_THAT(verify_bundle(scratch("made")), testing::IsEmpty());
}

}  // namespace
}  // namespace virnucpro
