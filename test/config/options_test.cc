// Types, defaults and unknown keys. Types that the product's table does not use yet are tried with
// a table of their own.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

#include "config/options/option_table.h"
#include "config/options/values.h"
#include "test/config/support.h"

namespace conflux::config::test {
namespace {

using testing::HasSubstr;

bool flag = false;
std::string label;

constexpr auto kSections = std::to_array<Section>({{.key = "s", .help = "h", .explanation = "e"}});
constexpr auto kOptions = std::to_array<Option>({
    {.key = "version",
     .type = IntegerType{[](Settings& s) -> std::uint32_t& { return s.version; }, 1, 1},
     .stock_default = "1",
     .since = "0",
     .help = "",
     .explanation = ""},
    {.key = "s.flag",
     .type = BoolType{[](Settings&) -> bool& { return flag; }},
     .stock_default = "true",
     .since = "0",
     .help = "",
     .explanation = ""},
    {.key = "s.label",
     .type = StringType{[](Settings&) -> std::string& { return label; }, 5},
     .stock_default = "",
     .since = "0",
     .help = "",
     .explanation = "",
     .deprecation = {.use = "s.flag", .removed_in = "2.0"}},
});
constexpr Catalogue kCatalogue{kSections, kOptions};

std::string read_flag(const std::string& value) {
  return read_with(kCatalogue, "version: 1\ns: {flag: " + value + "}\n").complaints;
}

TEST(Bool, TakesPlainTrueAndFalseOnly) {
  EXPECT_EQ(read_flag("false"), "");
  EXPECT_FALSE(flag);
  EXPECT_EQ(read_flag("true"), "");
  EXPECT_TRUE(flag);
}

TEST(Bool, RefusesWhatYamlOnceCalledABool) {
  for (const char* word : {"yes", "Yes", "on", "ON", "y", "True", "TRUE", "1"}) {
    EXPECT_THAT(read_flag(word), HasSubstr("expected true or false; did you mean `true`?")) << word;
  }
  for (const char* word : {"no", "off", "n", "False", "0"}) {
    EXPECT_THAT(read_flag(word), HasSubstr("did you mean `false`?")) << word;
  }
}

TEST(Bool, RefusesQuotedWords) {
  EXPECT_THAT(read_flag("'true'"), HasSubstr("\"true\" (in quotes): expected true or false"));
  EXPECT_THAT(read_flag("\"false\""), HasSubstr("(in quotes)"));
}

TEST(String, CountsCharactersAndRefusesControlCharacters) {
  const auto read = [](const std::string& value) {
    return read_with(kCatalogue, "version: 1\ns: {label: " + value + "}\n").complaints;
  };
  EXPECT_THAT(read("\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4"), Not(HasSubstr("expected text")));
  EXPECT_EQ(label, "\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4");
  EXPECT_THAT(read("sixsix"), HasSubstr("too long"));
  EXPECT_THAT(read("\"a\\nb\""), HasSubstr("control characters"));
  EXPECT_EQ(label, "\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4");
}

TEST(Deprecation, WarnsWithTheReleaseThatRemovesIt) {
  EXPECT_EQ(read_with(kCatalogue, "version: 1\ns: {label: a}\n").complaints,
            "t:2:5: warning: s.label: deprecated, will be removed in 2.0: expected s.flag\n");
}

TEST(Defaults, AreAppliedWhereTheFileIsSilent) {
  flag = false;
  EXPECT_EQ(read_with(kCatalogue, "version: 1\n").complaints, "");
  EXPECT_TRUE(flag);
}

TEST(Defaults, OfTheTableAreThoseOfTheHeader) {
  EXPECT_EQ(default_settings(Profile::kStock), Settings{});
}

TEST(Defaults, OfASmallestFileAreThoseOfStock) {
  EXPECT_EQ(accepted("version: 1\n"), default_settings(Profile::kStock));
}

TEST(Defaults, FollowTheProfile) {
  EXPECT_EQ(accepted("version: 1\nconflux: {profile: lab}\n"), default_settings(Profile::kLab));
  EXPECT_EQ(default_settings(Profile::kLab).conflux.reorder.tunnel_limit, 64ULL << 20U);
  EXPECT_EQ(default_settings(Profile::kFast).conflux.reorder.tunnel_limit, 16ULL << 20U);
}

TEST(Defaults, GiveWayToTheFileWhateverTheOrder) {
  const Settings settings =
      accepted("version: 1\nconflux:\n  reorder: {tunnel_limit: 2MiB}\n  profile: lab\n");
  EXPECT_EQ(settings.conflux.reorder.tunnel_limit, 2ULL << 20U);
}

TEST(Defaults, ReadBackFromTheirOwnText) {
  for (const Profile profile : {Profile::kStock, Profile::kFast, Profile::kLab}) {
    const Settings settings = default_settings(profile);
    for (const Option& option : catalogue().options) {
      Settings copy;
      apply_default(option, profile, copy);
      if (option.key != "conflux.profile") {
        EXPECT_EQ(value_text(option, copy), value_text(option, settings)) << option.key;
      }
    }
  }
}

TEST(Table, HasAUniqueKeyASectionAndWordsForEachOption) {
  std::set<std::string_view> keys;
  for (const Option& option : catalogue().options) {
    EXPECT_TRUE(keys.insert(option.key).second) << option.key;
    const std::string_view section = parent(option.key);
    EXPECT_TRUE(section.empty() || catalogue().find_section(section) != nullptr) << option.key;
    EXPECT_FALSE(option.help.empty() || option.since.empty()) << option.key;
    EXPECT_GT(option.explanation.size(), 100U) << option.key;
    EXPECT_TRUE(!option.stock_default.empty() || !option.example.empty()) << option.key;
  }
  EXPECT_GE(keys.size(), 24U);
}

TEST(Values, ArriveInSettings) {
  const Settings settings = accepted(read_file(corpus_file("good", "everything")));
  EXPECT_EQ(settings.plugin.path, "/opt/n\xC3\xA4her dran/conflux.so");
  EXPECT_EQ(settings.plugin.on_failure, OnFailure::kRefuse);
  EXPECT_EQ(settings.conflux.profile, Profile::kFast);
  EXPECT_EQ(settings.conflux.desired_ux, DesiredUx::kLowMemLatency);
  EXPECT_EQ(settings.conflux.scheduler, Scheduler::kMinRtt);
  EXPECT_EQ(settings.conflux.legs, (LegSettings{.count = 2, .max = 4, .far = FarLegs::kForBulk}));
  EXPECT_EQ(settings.conflux.handshake_timeout, std::chrono::milliseconds{100});
  EXPECT_EQ(settings.conflux.reorder.tunnel_limit, 65536U);
  EXPECT_EQ(settings.conflux.reorder.process_limit, 1048576U);
  EXPECT_EQ(settings.conflux.reorder.high_water, 65536U);
  EXPECT_EQ(settings.conflux.reorder.low_water, 1U);
  EXPECT_EQ(settings.conflux.reorder.stall_timeout, std::chrono::seconds{1});
  EXPECT_EQ(settings.conflux.log.level, LogLevel::kTrace);
}

TEST(Pins, ArriveInOrderAndTwiceIsAWarning) {
  const std::string pin(64, 'a');
  const std::string other(64, 'b');
  const std::string text =
      "version: 1\nplugin: {sha256: [" + pin + ", " + other + ", " + pin + "]}\n";
  const ParseResult result = parse(text, "t");
  ASSERT_TRUE(result.ok());
  ASSERT_EQ(result.settings->plugin.sha256.size(), 3U);
  EXPECT_EQ(result.settings->plugin.sha256.at(1).front(), 0xBB);
  EXPECT_THAT(to_string(result), HasSubstr("warning: plugin.sha256: this digest stands in the list "
                                           "twice"));
}

TEST(Pins, AreAtMostSixteen) {
  std::string list;
  for (int i = 0; i < 17; ++i) {
    list += std::string(63, 'a') + "0,";
  }
  EXPECT_THAT(complaints("version: 1\nplugin: {sha256: [" + list + "]}\n"),
              HasSubstr("plugin.sha256: 17 digests: expected a list of at most 16"));
}

TEST(EnumNames, OfEveryOptionAreAccepted) {
  for (const Option& option : catalogue().options) {
    if (const auto* type = std::get_if<EnumType>(&option.type)) {
      for (const EnumValue& value : type->values) {
        Settings settings;
        type->set(settings, value.value);
        EXPECT_EQ(value_text(option, settings), value.name);
      }
    }
  }
}

TEST(UnknownKey, UnderAnExtensionKeyIsNobodysBusiness) {
  accepted("version: 1\nconflux:\n  x-mine: {profile: [1], legs: {count: 99}}\n");
}

TEST(UnknownKey, IsStillRefusedIfItOnlyContainsAnX) {
  EXPECT_THAT(complaints("version: 1\nX-a: 1\n"), HasSubstr("X-a: unknown key"));
}

TEST(UnknownKey, OfALaterVersionIsNotJudged) {
  EXPECT_EQ(complaints("version: 3\nfuture: 1\n"),
            "t:1:10: version: format version \"3\" is newer than this release: expected 1, or a "
            "release that reads it\n");
}

}  // namespace
}  // namespace conflux::config::test
