// Whole files and what is said about them. After an intended change of words:
//   CONFLUX_UPDATE_GOLDEN=1 config_golden_test
// and read the difference.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "test/config/support.h"

namespace conflux::config::test {
namespace {

std::string shown(const std::filesystem::path& file) {
  const std::string text = read_file(file);
  const ParseResult result = parse(text, file.filename().string());
  std::string out;
  for (const Diagnostic& diagnostic : result.diagnostics) {
    out += to_string(diagnostic, result.name) + "\n" + excerpt(text, diagnostic.at);
  }
  return out;
}

void compare(std::string_view directory, const std::string& stem) {
  const std::filesystem::path file = corpus_file(directory, stem);
  std::filesystem::path golden = file;
  golden.replace_extension(".expected");
  const std::string got = shown(file);
  if (std::getenv("CONFLUX_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(golden, std::ios::binary) << got;
  }
  EXPECT_EQ(got, read_file(golden)) << file;
  EXPECT_FALSE(parse(read_file(file), "t").ok());
}

std::string name_of(const testing::TestParamInfo<std::string>& tried) { return tried.param; }

class BadFile : public testing::TestWithParam<std::string> {};
TEST_P(BadFile, GetsItsExpectedDiagnostics) { compare("bad", GetParam()); }
INSTANTIATE_TEST_SUITE_P(Corpus, BadFile, testing::ValuesIn(corpus("bad")), name_of);

class FileBeyondTheSchema : public testing::TestWithParam<std::string> {};
TEST_P(FileBeyondTheSchema, GetsItsExpectedDiagnostics) { compare("beyond_schema", GetParam()); }
INSTANTIATE_TEST_SUITE_P(Corpus, FileBeyondTheSchema, testing::ValuesIn(corpus("beyond_schema")),
                         name_of);

class GoodFile : public testing::TestWithParam<std::string> {};
TEST_P(GoodFile, IsAccepted) {
  const ParseResult result = parse(read_file(corpus_file("good", GetParam())), "t");
  EXPECT_TRUE(result.ok()) << to_string(result);
}
INSTANTIATE_TEST_SUITE_P(Corpus, GoodFile, testing::ValuesIn(corpus("good")), name_of);

}  // namespace
}  // namespace conflux::config::test
