#include "config/diagnostics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/yaml/utf8.h"
#include "test/config/support.h"

namespace conflux::config::test {
namespace {

using testing::HasSubstr;

TEST(Diagnostic, ReadsAsOneLine) {
  const Diagnostic diagnostic{.at = {.line = 3, .column = 7},
                              .key = "a.b",
                              .message = "\"x\"",
                              .expected = "y",
                              .suggestion = "z"};
  EXPECT_EQ(to_string(diagnostic, "f.yaml"),
            "f.yaml:3:7: a.b: \"x\": expected y; did you mean `z`?");
}

TEST(Diagnostic, LeavesOutWhatIsEmptyAndMarksWarnings) {
  EXPECT_EQ(to_string({.severity = Severity::kWarning, .message = "m"}, "f"), "f:1:1: warning: m");
}

TEST(Diagnostic, CannotForgeALineByTheNameOfTheFile) {
  EXPECT_EQ(to_string({.message = "m"}, "a\nb\x1B"), "a\\x0ab\\x1b:1:1: m");
}

TEST(InQuotes, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(in_quotes("a\x1B[31m\n\xC2\x9B"), "\"a\\x1b[31m\\x0a\\xc2\\x9b\"");
  EXPECT_EQ(in_quotes("\xE4\xF6"), "\"\\xe4\\xf6\"");
  EXPECT_EQ(in_quotes("n\xC3\xA4her \xF0\x9F\xA7\x85"), "\"n\xC3\xA4her \xF0\x9F\xA7\x85\"");
}

TEST(InQuotes, CutsLongTexts) {
  EXPECT_EQ(in_quotes(std::string(60, 'a')), "\"" + std::string(60, 'a') + "\"");
  EXPECT_EQ(in_quotes(std::string(61, 'a')), "\"" + std::string(60, 'a') + "...\"");
}

TEST(Excerpt, MarksThePlace) {
  EXPECT_EQ(excerpt("a: 1\nbcd: efg\n", {.line = 2, .column = 6, .length = 3}),
            "  bcd: efg\n       ^~~\n");
}

TEST(Excerpt, CountsCharactersAndKeepsTabsInPlace) {
  EXPECT_EQ(excerpt("\xC3\xA4\t\xC3\xA4: x\r\n", {.line = 1, .column = 6, .length = 1}),
            "  \xC3\xA4 \xC3\xA4: x\n       ^\n");
}

TEST(Excerpt, CutsALongLineAroundThePlace) {
  const std::string text = std::string(500, 'a') + "X" + std::string(500, 'b');
  const std::string shown = excerpt(text, {.line = 1, .column = 501, .length = 400});
  const std::size_t end = shown.find('\n');
  EXPECT_EQ(end, 98U);
  EXPECT_EQ(shown.substr(end + 1).find('^'), shown.find('X'));
  EXPECT_LE(shown.size(), 2 * 99U);
}

TEST(Excerpt, IsEmptyWithoutALineOrWithNothingToMark) {
  EXPECT_EQ(excerpt("a\n", {.line = 5, .column = 1, .length = 1}), "");
  EXPECT_EQ(excerpt("a\n", kWholeText), "");
  EXPECT_EQ(excerpt("", {.line = 1, .column = 1, .length = 1}), "");
}

TEST(Report, KeepsFiftyAndCountsTheRest) {
  std::string text = "version: 1\n";
  for (int i = 0; i < 60; ++i) {
    text += "k" + std::to_string(i) + ": 1\n";
  }
  const ParseResult result = parse(text, "t");
  EXPECT_EQ(result.diagnostics.size(), 50U);
  EXPECT_EQ(result.omitted, 10U);
  EXPECT_THAT(to_string(result), HasSubstr("t: 10 more not shown\n"));
}

TEST(Report, RefusesATextWhoseOnlyErrorIsBeyondTheCap) {
  const std::string pin(64, 'a');
  std::string text = "version: 1\nplugin:\n  sha256: [" + pin;
  for (int i = 0; i < 15; ++i) {
    text += "," + pin;
  }
  text += "]\n";
  for (int i = 0; i < 60; ++i) {
    text += "x" + std::to_string(i) + ": 1\n";
  }
  EXPECT_FALSE(parse(text, "t").ok());
}

TEST(Report, FollowsTheOrderOfTheText) {
  const ParseResult result =
      parse("conflux: {legs: {count: 3}, profil: x}\nversion: 1\nplugin: {path: x}\n", "t");
  ASSERT_EQ(result.diagnostics.size(), 3U) << to_string(result);
  EXPECT_EQ(result.diagnostics.at(0).key, "conflux.legs.count");
  EXPECT_EQ(result.diagnostics.at(1).key, "conflux.profil");
  EXPECT_EQ(result.diagnostics.at(2).key, "plugin.path");
}

TEST(Utf8, RefusesOverlongFormsSurrogatesAndCutCharacters) {
  for (const char* bytes :
       {"\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\x80", "\xE2\x82", "\xFF"}) {
    EXPECT_FALSE(utf8::decode(bytes).valid) << in_quotes(bytes);
    EXPECT_EQ(utf8::decode(bytes).length, 1U);
  }
}

TEST(Utf8, ReadsTheEdgesOfEachLength) {
  const auto code_point = [](const char* bytes) { return utf8::decode(bytes).code_point; };
  EXPECT_EQ(code_point("\x7F"), 0x7FU);
  EXPECT_EQ(code_point("\xC2\x80"), 0x80U);
  EXPECT_EQ(code_point("\xDF\xBF"), 0x7FFU);
  EXPECT_EQ(code_point("\xE0\xA0\x80"), 0x800U);
  EXPECT_EQ(code_point("\xEF\xBF\xBF"), 0xFFFFU);
  EXPECT_EQ(code_point("\xF0\x90\x80\x80"), 0x10000U);
  EXPECT_EQ(code_point("\xF4\x8F\xBF\xBF"), 0x10FFFFU);
}

}  // namespace
}  // namespace conflux::config::test
