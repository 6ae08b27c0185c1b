// The list of published models: the program's own, and what is refused.
#include "weights/model_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "base/errors.h"

namespace virnucpro {
namespace {

using testing::HasSubstr;

std::string own_text() {
  std::ifstream file(VIRNUCPRO_SOURCE_DIR "/models/registry.json");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(ModelRegistry, OfTheProgramIsTheFileInTheTree) {
  const ModelRegistry registry = embedded_registry();
  EXPECT_EQ(registry.names(), "virnucpro-500, virnucpro-300, virnucpro");
  EXPECT_EQ(registry.find("virnucpro-700"), nullptr);
  const RegistryModel& both = *registry.find("virnucpro");
  ASSERT_EQ(both.parts.size(), 4u);
  EXPECT_EQ(both.parts[0].sources[0].address(both.parts[0].sources[0].files[0], "https://hub"),
            "https://hub/zhihan1996/DNABERT-S/resolve/00e47f96cdea35e4b6f5df89e5419cbe47d490c6/"
            "config.json");
  EXPECT_EQ(both.parts[1].sources[0].address(both.parts[1].sources[0].files[0], ""),
            "https://dl.fbaipublicfiles.com/fair-esm/models/esm2_t36_3B_UR50D.pt");
  EXPECT_EQ(both.parts[2].sources[0].address(both.parts[2].sources[0].files[0], ""),
            "https://raw.githubusercontent.com/Li-Jing-1997/VirNucPro/"
            "0f93f2755a7ea1acd3ff1bcf182892f960ef3326/300_model.pth");
  EXPECT_EQ(both.parts[3].expected_length, 500);
  EXPECT_EQ(embedded_registry().names(), parse_registry(own_text(), "the file").names());
}

/// The program's registry after `change`, as the error that it gives; empty when it is read.
template <typename Change>
std::string error_after(const Change& change) {
  nlohmann::json document = nlohmann::json::parse(own_text());
  change(document);
  try {
    parse_registry(document.dump(), "own.json");
    return "";
  } catch (const ModelError& error) {
    return error.what();
  }
}

TEST(ModelRegistry, RefusesWhatCannotBeUsed) {
  using Json = nlohmann::json;
  const auto source = [](Json& d) -> Json& { return d["parts"]["esm2_3b"]["sources"][0]; };
  EXPECT_EQ(error_after([](Json&) {}), "");
  EXPECT_THAT(error_after([&](Json& d) { source(d)["url"] = "http://a.org/"; }),
              HasSubstr("own.json: 'parts.esm2_3b.sources[0].url': takes an address that begins "
                        "with https://"));
  for (const char* name : {"../x", "a/b", "", ".hidden", "a b"}) {
    EXPECT_THAT(error_after([&](Json& d) { source(d)["files"][0]["file"] = name; }),
                HasSubstr("is not the plain name of a file"))
        << name;
  }
  EXPECT_THAT(error_after([&](Json& d) { source(d)["files"][0]["sha256"] = "abc"; }),
              HasSubstr("64 hexadecimal digits"));
  EXPECT_THAT(error_after([&](Json& d) { source(d)["files"][0]["size"] = 0; }), HasSubstr("size"));
  EXPECT_THAT(error_after([&](Json& d) { source(d)["home"] = "ftp"; }),
              HasSubstr("it takes huggingface, github or url"));
  EXPECT_THAT(
      error_after([&](Json& d) { d["parts"]["dnabert_s"]["sources"][0]["revision"] = "../m"; }),
      HasSubstr("revision"));
  EXPECT_THAT(error_after([](Json& d) {
                d["models"][0]["parts"] = {"dnabert_s", "esm2_3b"};
              }),
              HasSubstr("at least one classifier"));
  EXPECT_THAT(error_after([](Json& d) { d["models"][0]["parts"] = {"dnabert"}; }),
              HasSubstr("a name that is not among the parts"));
  EXPECT_THAT(error_after([](Json& d) { d["models"][0].erase("parts"); }), HasSubstr("parts"));
  EXPECT_THAT(error_after([](Json& d) { d["models"][0]["name"] = "a/b"; }),
              HasSubstr("is not a plain name"));
  EXPECT_THAT(error_after([](Json& d) { d["format_version"] = 2; }), HasSubstr("format_version"));
  EXPECT_THROW(parse_registry("[]", "own.json"), ModelError);
}

}  // namespace
}  // namespace virnucpro
