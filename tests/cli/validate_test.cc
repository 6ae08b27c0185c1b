// `virnucpro validate`: counts, problems, exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cli/program_runner.h"

namespace virnucpro::test {
namespace {

using testing::HasSubstr;

constexpr const char* kHeader =
    "file\trecords\tbases\tchunks\tchunks_without_orf\torfs\tempty\tunnamed\tduplicate_ids\t"
    "ambiguous_letters\tstatus\n";

using Validate = CliTest;

TEST_F(Validate, CountsWhatIsInTheInputAndWritesNothing) {
  write("a.fa", ">a\nACGTACGT\n>a\nNNN\n>\n\n");
  const ProgramResult result = run({"validate", "a.fa"});
  EXPECT_TRUE(ends_with(result, 0));
  EXPECT_EQ(result.out, std::string(kHeader) + "a.fa\t3\t11\t2\t1\t6\t1\t1\t1\t3\tok\n");
  EXPECT_THAT(result.err,
              HasSubstr("warning: a.fa: records with an id that came before (all are kept): 1\n"));
  EXPECT_THAT(result.err, HasSubstr("warning: a.fa: records without bases: 1\n"));
  EXPECT_THAT(result.err, HasSubstr("warning: a.fa: records without a name: 1\n"));
  EXPECT_THAT(result.err, HasSubstr("warning: a.fa: letters other than A, C, G and T: 3\n"));
  EXPECT_EQ(names_in(""), std::vector<std::string>{"a.fa"});
}

TEST_F(Validate, CountsChunksByTheExpectedLength) {
  write("a.fa", ">a\n" + std::string(900, 'A') + "\n");
  EXPECT_THAT(run({"validate", "a.fa"}).out, HasSubstr("a.fa\t1\t900\t2\t"));
  EXPECT_THAT(run({"validate", "a.fa", "--expected-length", "300"}).out,
              HasSubstr("a.fa\t1\t900\t3\t"));
  EXPECT_THAT(
      run({.arguments = {"validate", "a.fa"}, .variables = {{"VIRNUCPRO_EXPECTED_LENGTH", "300"}}})
          .out,
      HasSubstr("a.fa\t1\t900\t3\t"));
}

TEST_F(Validate, ReadsStandardInput) {
  const ProgramResult result = run({.arguments = {"validate", "-"}, .input = ">a\nACGT\n"});
  EXPECT_TRUE(ends_with(result, 0));
  EXPECT_THAT(result.out, HasSubstr("-\t1\t4\t1\t"));
}

TEST_F(Validate, ReadsTheOtherFilesAfterADamagedOne) {
  write("cut.fq", "@r1\nACGT\n+\nII");
  write("good.fa", ">a\nACGT\n");
  const ProgramResult result = run({"validate", "cut.fq", "missing.fa", "good.fa"});
  EXPECT_TRUE(ends_with(result, 2));
  EXPECT_THAT(result.out, HasSubstr("\ngood.fa\t1\t4\t1\t"));
  EXPECT_THAT(result.out, HasSubstr("\nmissing.fa\t0\t0\t"));
  EXPECT_THAT(result.out, HasSubstr("cut.fq: record 1 ('r1'"));
  EXPECT_EQ(last_line(result.err), "virnucpro: error: 2 of 3 inputs cannot be used");
}

TEST_F(Validate, QuietLeavesWarnings) {
  write("a.fa", ">a\nACGN\n");
  EXPECT_THAT(run({"validate", "a.fa", "--quiet"}).err, HasSubstr("warning: "));
  write("b.fa", ">a\nACGT\n");
  EXPECT_EQ(run({"validate", "b.fa", "--quiet"}).err, "");
}

TEST_F(Validate, LogsJsonWhenAsked) {
  write("a.fa", ">a\nACGN\n");
  const ProgramResult result = run({"validate", "a.fa", "missing", "--json-log"});
  EXPECT_TRUE(ends_with(result, 2));
  EXPECT_THAT(result.err,
              testing::ContainsRegex("\\{\"time\":\"[^\"]+Z\",\"level\":\"warning\",\"message\":\""
                                     "a.fa: letters other than A, C, G and T: 1\"\\}\n"));
  EXPECT_THAT(last_line(result.err),
              testing::EndsWith("\"level\":\"error\",\"message\":\"1 of 2 inputs cannot be used\","
                                "\"exit_code\":2}"));
}

TEST_F(Validate, NeedsInput) {
  EXPECT_EQ(run({"validate"}).err,
            "virnucpro: error: no input; name sequence files, or - for standard input\n");
}

TEST_F(Validate, AFileMayBearTheNameOfACommand) {
  write("embed", ">a\nACGT\n");
  EXPECT_TRUE(ends_with(run({"validate", "embed"}), 0));
}

}  // namespace
}  // namespace virnucpro::test
