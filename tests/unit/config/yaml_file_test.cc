// Settings files: what is read, and the message of each mistake.
#include "config/yaml_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "base/errors.h"

namespace virnucpro {
namespace {

std::string error_of(const std::string& text) {
  try {
    parse_yaml(text, "run.yaml");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(YamlFile, GivesEntriesInOrderWithTheirLines) {
  const auto entries = parse_yaml("# settings\nthreads: 4\n\ndevice: \"cpu\"\n", "run.yaml");
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].key, "threads");
  EXPECT_EQ(entries[0].value, "4");
  EXPECT_EQ(entries[0].line, 2);
  EXPECT_FALSE(entries[0].quoted);
  EXPECT_EQ(entries[1].key, "device");
  EXPECT_EQ(entries[1].line, 4);
  EXPECT_TRUE(entries[1].quoted);
}

TEST(YamlFile, TakesMarksAndLineEndsOfOtherSystems) {
  const std::string text = "threads: 4\nseed: 7\n";
  std::string windows = "\xef\xbb\xbf";
  std::string mac;
  std::string utf16 = "\xff\xfe";
  for (const char c : text) {
    windows += c == '\n' ? "\r\n" : std::string(1, c);
    mac += c == '\n' ? '\r' : c;
    utf16 += {c, '\0'};
  }
  for (const std::string& each : {windows, mac, utf16}) {
    const auto entries = parse_yaml(each, "run.yaml");
    ASSERT_EQ(entries.size(), 2u) << each;
    EXPECT_EQ(entries[0].key, "threads");
    EXPECT_EQ(entries[1].value, "7");
    EXPECT_EQ(entries[1].line, 2) << each;
  }
}

TEST(YamlFile, TakesAnEmptyFileAsNoSettings) {
  EXPECT_TRUE(parse_yaml("", "run.yaml").empty());
  EXPECT_TRUE(parse_yaml("# only a comment\n", "run.yaml").empty());
  EXPECT_TRUE(parse_yaml("---\n", "run.yaml").empty());
  EXPECT_TRUE(parse_yaml("{}\n", "run.yaml").empty());
}

TEST(YamlFile, NamesTheLineOfADuplicateKeyAndOfItsFirstUse) {
  EXPECT_EQ(error_of("threads: 1\ndevice: cpu\nthreads: 2\n"),
            "run.yaml: line 3: 'threads' is set twice, first in line 1");
}

TEST(YamlFile, RefusesWhatIsNoMapping) {
  EXPECT_EQ(error_of("- threads\n- device\n"),
            "run.yaml: line 1: needs lines of the form 'key: value', and this is a list");
  EXPECT_EQ(error_of("threads\n"),
            "run.yaml: line 1: needs lines of the form 'key: value', and this is a single value");
}

TEST(YamlFile, RefusesValuesThatAreNotPlain) {
  EXPECT_EQ(error_of("device: cpu\nthreads: [1, 2]\n"),
            "run.yaml: line 2: 'threads' needs a single value, and this is a list");
  EXPECT_EQ(error_of("threads: {n: 2}\n"),
            "run.yaml: line 1: 'threads' needs a single value, and this is a mapping");
  EXPECT_EQ(error_of("threads:\n"),
            "run.yaml: line 1: 'threads' has no value; give one or remove the line");
  EXPECT_EQ(error_of("[a, b]: 1\n"),
            "run.yaml: line 1: a key must be a plain name, and this one is a list");
}

TEST(YamlFile, NamesTheLineOfASyntaxError) {
  EXPECT_THAT(error_of("threads: 1\ndevice: [cpu\n"),
              testing::StartsWith("run.yaml: line 3: not valid YAML: "));
}

TEST(YamlFile, RefusesSeveralDocuments) {
  EXPECT_EQ(error_of("threads: 1\n---\nthreads: 2\n"),
            "run.yaml: holds several YAML documents; keep one");
}

TEST(YamlFile, RefusesDamagedTextInWhichYamlCppFindsDocumentsWithoutEnd) {
  EXPECT_THAT(error_of(",\x88--[b,\x88---"), testing::StartsWith("run.yaml: "));
}

TEST(YamlFile, SurvivesDeepNestingAndBinaryBytes) {
  EXPECT_THAT(error_of(std::string(100000, '[')), testing::HasSubstr("not valid YAML"));
  EXPECT_THAT(error_of(std::string("\0\xff\xfe\x80\x1b[31m", 9)),
              testing::StartsWith("run.yaml: "));
}

TEST(YamlFile, NamesAFileThatCannotBeRead) {
  const auto message = [](const std::string& path) -> std::string {
    try {
      read_yaml_file(path);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message("no_such_file.yaml"),
            "no_such_file.yaml: the settings file cannot be read: No such file or directory");
  EXPECT_EQ(message("/"), "/: is a folder; expected a settings file (--config).");
}

TEST(YamlFile, RefusesAFileTooLargeForSettings) {
  const std::string path = "large_settings.yaml";
  std::ofstream(path) << std::string((1u << 20) + 1, '#');
  EXPECT_THROW(read_yaml_file(path), ConfigError);
  std::ofstream(path) << std::string(1u << 20, '#');
  EXPECT_TRUE(read_yaml_file(path).empty());
}

}  // namespace
}  // namespace virnucpro
