// Every trap of yaml-cpp 0.7 that we know of, each with what we do instead. The corpus holds the
// same traps as files; here the reasons are checked.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <locale>
#include <string>

#include "config/options/values.h"
#include "config/yaml/tree.h"
#include "test/config/support.h"

namespace conflux::config::test {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) {
    out += text;
  }
  return out;
}

TEST(YamlTrap, DuplicateKeysAreRefusedWithBothPlaces) {
  EXPECT_EQ(complaints("version: 1\nplugin:\n  path: /a\n  path: /b\n"),
            "t:4:3: plugin.path: already set at 3:3: expected each key once\n");
}

TEST(YamlTrap, ALoneCommaEndsAtOnce) {
  EXPECT_THAT(complaints(","), HasSubstr("text after the end of the document"));
}

TEST(YamlTrap, ASecondDocumentIsRefusedNotIgnored) {
  EXPECT_THAT(complaints("version: 1\n---\nversion: 1\n"),
              HasSubstr("t:2:1: a second YAML document begins here"));
}

TEST(YamlTrap, AnEndMarkerWithNothingBehindItIsFine) { accepted("version: 1\n...\n# the end\n"); }

TEST(YamlTrap, EmptyTextsSayWhatTheSmallestFileIs) {
  for (const char* text : {"", "\n\n", "# only a comment\n", "---\n", "~\n", "null\n"}) {
    EXPECT_THAT(complaints(text), HasSubstr("expected at least the line `version: 1`")) << text;
  }
}

TEST(YamlTrap, ABillionLaughsIsRefusedWithoutAWalk) {
  std::string bomb = "version: 1\nx-0: &a0 [lol]\n";
  for (int i = 1; i < 20; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    bomb += "x-" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below + "," + below +
            "," + below + "]\n";
  }
  const ParseResult result = parse(bomb, "t");
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(result.diagnostics.size(), kMaxDiagnostics);
  EXPECT_GT(result.omitted, 0U);
}

TEST(YamlTrap, AnAliasCycleDoesNotRecurse) {
  EXPECT_THAT(complaints("version: 1\nx-a: &x [*x]\n"), HasSubstr("an alias"));
}

TEST(YamlTrap, AMergeKeyIsRefusedNotTakenAsAKey) {
  EXPECT_EQ(complaints("version: 1\nconflux:\n  <<: {profile: fast}\n"),
            "t:3:3: conflux.<<: a merge key: expected every key written out\n");
}

TEST(YamlTrap, AQuotedMergeSignIsJustAnUnknownKey) {
  EXPECT_THAT(complaints("version: 1\n\"<<\": 1\n"), HasSubstr("<<: unknown key"));
}

TEST(YamlTrap, ThirtyTwoLevelsAreReadAndThirtyThreeRefused) {
  const std::string deep = repeated("[", kMaxDepth - 1) + repeated("]", kMaxDepth - 1);
  accepted("version: 1\nx-a: " + deep + "\n");
  EXPECT_THAT(complaints("version: 1\nx-a: [" + deep + "]\n"), HasSubstr("levels of nesting"));
}

TEST(YamlTrap, AHundredThousandLevelsEndWithOurOwnMessage) {
  std::string text = "version: 1\nx-a:\n";
  for (int i = 0; i < 100; ++i) {
    text += repeated("[", 1000) + "\n";
  }
  EXPECT_THAT(complaints(text), HasSubstr("more than 32 levels of nesting"));
}

TEST(YamlTrap, DeepBlockListsEndWithOurOwnMessage) {
  EXPECT_THAT(complaints(repeated("- ", 4000) + "a\n"), HasSubstr("more than 32 levels"));
}

TEST(YamlTrap, AMissingKeyHasAPosition) {
  const ParseResult result = parse("plugin:\n", "t");
  ASSERT_EQ(result.diagnostics.size(), 1U);
  EXPECT_EQ(result.diagnostics.front().key, "version");
  EXPECT_EQ(result.diagnostics.front().at, kWholeText);
}

TEST(YamlTrap, AMissingValueIsReportedAtItsKeyNotAtTheNextToken) {
  EXPECT_THAT(complaints("version: 1\nconflux:\n  profile:\n\n\n# far away\nplugin:\n"),
              HasSubstr("t:3:3: conflux.profile: no value"));
}

TEST(YamlTrap, ColumnsCountCharactersNotBytes) {
  EXPECT_THAT(complaints("version: 1\n\"x-\xC3\xA4\xC3\xA4\": {a: 1, a: 2}\n"),
              HasSubstr("t:2:16: x-\xC3\xA4\xC3\xA4.a: already set at 2:10"));
}

TEST(YamlTrap, PositionsHoldBehindAByteOrderMarkAndWithCrLf) {
  EXPECT_THAT(complaints("\xEF\xBB\xBFversion: 1\r\nplugin:\r\n  pth: /a\r\n"),
              HasSubstr("t:3:3: plugin.pth: unknown key"));
}

TEST(YamlTrap, NumbersThatOthersReadAsOctalOrHexAreRefused) {
  for (const char* number : {"02", "0x2", "0o2", "+2", "2.0", "2e0", "0b10", "2_0", "\"2\""}) {
    const std::string text = "version: 1\nconflux: {legs: {count: " + std::string(number) + "}}\n";
    EXPECT_THAT(complaints(text), HasSubstr("conflux.legs.count: \"")) << number;
  }
}

TEST(YamlTrap, NumbersBeyondTheTypeAreRefusedNotWrapped) {
  for (const char* number : {"4294967298", "18446744073709551618", "-1"}) {
    const std::string text = "version: 1\nconflux: {legs: {count: " + std::string(number) + "}}\n";
    EXPECT_THAT(complaints(text), HasSubstr("expected an integer from 1 to 8")) << number;
  }
}

TEST(YamlTrap, AnOpenQuoteIsRefusedNotClosedAtTheEndOfTheFile) {
  EXPECT_THAT(complaints("version: 1\nplugin:\n  path: \"/a\nconflux:\n  profile: lab\n"),
              HasSubstr("t:3:9: plugin.path: a quote that is never closed"));
  EXPECT_THAT(complaints("version: 1\n'x-a: 1\n"),
              HasSubstr("t:2:1: a quote that is never closed"));
}

TEST(YamlTrap, EscapedAndDoubledQuotesDoNotCloseAQuote) {
  const Settings settings =
      accepted("version: 1\nplugin: {path: '/it''s \"here\"'}\nx-a: \"\\\\\\\"\"\n");
  EXPECT_EQ(settings.plugin.path, "/it's \"here\"");
}

TEST(YamlTrap, ABareExclamationMarkIsATag) {
  EXPECT_THAT(complaints("version: ! 1\n"), HasSubstr("t:1:10: version: a tag"));
}

TEST(YamlTrap, DirectivesAreRefusedNotIgnored) {
  EXPECT_THAT(complaints("%FOO bar\n---\nversion: 1\n"), HasSubstr("t:1:1: a YAML directive"));
}

TEST(YamlTrap, APercentSignInsideTheDocumentIsNoDirective) {
  accepted("version: 1\nx-note: |\n  text\n\n  % more\n");
}

TEST(YamlTrap, BytesThatAreNoTextAreRefusedBeforeYamlSeesThem) {
  using namespace std::string_literals;
  EXPECT_THAT(complaints("version: 1\nx-a: b\0c\n"s),
              HasSubstr("t:2:7: the text holds a NUL byte"));
  EXPECT_THAT(complaints("version: 1\nx-a: \xE4\n"), HasSubstr("byte \"\\xe4\" is not UTF-8"));
  EXPECT_THAT(complaints("version: 1\nx-a: \xC0\xAF\n"), HasSubstr("is not UTF-8"));
  EXPECT_THAT(complaints("version: 1\nx-a: \xED\xA0\x80\n"), HasSubstr("is not UTF-8"));
  EXPECT_THAT(complaints("version: 1\nx-a: \xF4\x90\x80\x80\n"), HasSubstr("is not UTF-8"));
  EXPECT_THAT(complaints("version: 1\nx-a: \xE2\x82"), HasSubstr("is not UTF-8"));
  EXPECT_THAT(complaints("\xFF\xFEv\0"s), HasSubstr("UTF-16"));
  EXPECT_THAT(complaints("\0v\0e"s), HasSubstr("UTF-16"));
  EXPECT_THAT(complaints("version: 1\n# \x1B[2J\n"), HasSubstr("control character \"\\x1b\""));
  EXPECT_THAT(complaints("version: 1\rx-a: 1\n"), HasSubstr("a carriage return without"));
  EXPECT_THAT(complaints("version: 1\n# \x7F\n"), HasSubstr("control character"));
  EXPECT_THAT(complaints("version: 1\n# \xC2\x85\n"), HasSubstr("control character"));
}

TEST(YamlTrap, TextsBeyondTheLimitAreRefusedAndTextsAtItAreRead) {
  const std::string start = "version: 1\n";
  const std::string filler = "#" + std::string(1022, 'x') + "\n";
  std::string text = start + repeated(filler, 1023);
  text += "#" + std::string(kMaxTextBytes - text.size() - 2, 'y') + "\n";
  ASSERT_EQ(text.size(), kMaxTextBytes);
  accepted(text);
  EXPECT_THAT(complaints(text + "\n"), HasSubstr("expected at most 1048576"));
}

TEST(YamlTrap, LongLinesAreRefusedSoThatColumnsStayCheap) {
  EXPECT_THAT(complaints("version: 1\n#" + std::string(20000, 'x') + "\n"),
              HasSubstr("t:2:1: a line of 20001 bytes"));
}

TEST(YamlTrap, AThousandKeysAreReadAndMoreAreRefused) {
  std::string text = "version: 1\n";
  for (std::size_t i = 1; i < kMaxKeys; ++i) {
    text += "x-" + std::to_string(i) + ": 1\n";
  }
  accepted(text);
  EXPECT_THAT(complaints(text + "x-a: 1\n"), HasSubstr("t:1001:1: x-a: more than 1000 keys"));
}

TEST(YamlTrap, AThousandListItemsAreReadAndMoreAreRefused) {
  const std::string text = "version: 1\nx-a:\n" + repeated("- 1\n", kMaxListItems);
  accepted(text);
  EXPECT_THAT(complaints(text + "- 1\n"), HasSubstr("more than 1000 list items"));
}

TEST(YamlTrap, KeysThatAreNoWordsAreRefused) {
  for (const char* pair : {"? [a]\n: b\n", "{a: b}: c\n", ": b\n", "\"\": b\n", "~: b\n"}) {
    EXPECT_THAT(complaints("version: 1\n" + std::string(pair)),
                HasSubstr("a key that is not a word"))
        << pair;
  }
}

TEST(YamlTrap, OneSyntaxErrorIsOneMessage) {
  const ParseResult result = parse("conflux:\n  profile: nonsense\n  legs: {count: 2\n", "t");
  ASSERT_EQ(result.diagnostics.size(), 1U) << to_string(result);
  EXPECT_EQ(result.diagnostics.front().message, "a '{' that is never closed");
}

// A locale that groups digits, as a host may have set for its users.
class Grouping : public std::numpunct<char> {
 protected:
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\1"; }
};

TEST(YamlTrap, TheHostsLocaleChangesNothing) {
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new Grouping));
  const std::string text =
      "version: 1\nconflux:\n  reorder: {tunnel_limit: 1048576B}\n  legs: 22\n";
  const std::string found = complaints(text);
  const Settings settings = accepted("version: 1\nconflux: {reorder: {process_limit: 2048MiB}}\n");
  std::locale::global(before);
  EXPECT_EQ(found, "t:4:9: conflux.legs: \"22\": expected a section with the keys count, max, far\n");
  EXPECT_EQ(settings.conflux.reorder.process_limit, 2ULL << 30);
}

TEST(YamlTrap, NothingButTheEventInterfaceIsUsed) {
  const std::filesystem::path config = std::filesystem::path(CONFLUX_SOURCE_DIR) / "config";
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(config)) {
    if (entry.path().extension() != ".cc" && entry.path().extension() != ".h") {
      continue;
    }
    ++files;
    const std::string text = read_file(entry.path());
    for (const char* banned : {"yaml-cpp/yaml.h", "yaml-cpp/node", "YAML::Load", "LoadAll("}) {
      EXPECT_THAT(text, Not(HasSubstr(banned))) << entry.path();
    }
  }
  EXPECT_GT(files, 20U);
}

}  // namespace
}  // namespace conflux::config::test
