#include "config/docs/docs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "config/docs/text.h"
#include "config/options/option_table.h"
#include "config/options/values.h"
#include "test/config/support.h"

namespace conflux::config::test {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string shipped(const char* name) {
  return read_file(std::filesystem::path(CONFLUX_SOURCE_DIR) / "config" / name);
}

// What an operator does: removes the '#' in front of every key. Prose lines begin with "# ".
std::string uncommented(const std::string& yaml) {
  std::istringstream in(yaml);
  std::string out;
  for (std::string line; std::getline(in, line);) {
    const std::size_t mark = line.find_first_not_of(' ');
    if (mark != std::string::npos && line[mark] == '#' && line.substr(mark + 1, 1) != " ") {
      line.erase(mark, 1);
    }
    out += line + "\n";
  }
  return out;
}

TEST(ShippedFile, YamlIsWhatConfigDefaultsPrints) {
  EXPECT_EQ(shipped("conflux.yaml"), defaults_yaml(Profile::kStock))
      << "run: confluxctl config defaults > config/conflux.yaml";
}

TEST(ShippedFile, SchemaIsWhatConfigSchemaPrints) {
  EXPECT_EQ(shipped("conflux.schema.json"), json_schema())
      << "run: confluxctl config schema > config/conflux.schema.json";
}

TEST(ShippedFile, ReferenceIsWhatConfigReferencePrints) {
  EXPECT_EQ(shipped("REFERENCE.md"), markdown_reference())
      << "run: confluxctl config reference > config/REFERENCE.md";
}

TEST(DefaultsYaml, MeansTheDefaultsOfItsProfile) {
  for (const Profile profile : {Profile::kStock, Profile::kFast, Profile::kLab}) {
    EXPECT_EQ(accepted(defaults_yaml(profile)), default_settings(profile));
  }
}

TEST(DefaultsYaml, MeansTheSameWithEveryLineUncommentedButForExamples) {
  const Settings settings = accepted(uncommented(defaults_yaml(Profile::kLab)));
  const Settings defaults = default_settings(Profile::kLab);
  for (const Option& option : catalogue().options) {
    const std::string expected =
        option.stock_default.empty() ? std::string(option.example) : value_text(option, defaults);
    EXPECT_EQ(value_text(option, settings), expected) << option.key;
  }
}

TEST(DefaultsYaml, ExportsNothingOutsideOfALaboratoryEvenIfEveryLineIsUncommented) {
  for (const Profile profile : {Profile::kStock, Profile::kFast}) {
    std::istringstream lines(complaints(uncommented(defaults_yaml(profile))));
    int refused = 0;
    for (std::string line; std::getline(lines, line); ++refused) {
      EXPECT_THAT(line, HasSubstr("no export beyond the Unix socket"));
    }
    EXPECT_EQ(refused, 2);
  }
}

TEST(DefaultsYaml, ShowsEveryOptionAndFitsATerminal) {
  const std::string yaml = defaults_yaml(Profile::kStock);
  for (const Option& option : catalogue().options) {
    EXPECT_THAT(yaml, HasSubstr(std::string(leaf(option.key)) + ": ")) << option.key;
  }
  std::istringstream in(yaml);
  for (std::string line; std::getline(in, line);) {
    EXPECT_LE(line.size(), 90U) << line;
  }
}

TEST(Explain, HasAPageForEveryKey) {
  for (const Option& option : catalogue().options) {
    EXPECT_THAT(explain(option.key).value_or(""), HasSubstr("Default")) << option.key;
  }
  for (const Section& section : catalogue().sections) {
    EXPECT_NE(explain(section.key), std::nullopt) << section.key;
  }
}

TEST(Explain, SaysWhatMoreLegsReveal) {
  for (const char* key : {"conflux.legs", "conflux.legs.count"}) {
    const std::string page = explain(key).value_or("");
    EXPECT_THAT(page, HasSubstr("guard")) << key;
    EXPECT_THAT(page, HasSubstr("`profile: lab`")) << key;
  }
}

TEST(Explain, KeepsToTheWidth) {
  for (const std::size_t width : {60U, 100U}) {
    for (const Option& option : catalogue().options) {
      std::istringstream in(explain(option.key, width).value_or(""));
      for (std::string line; std::getline(in, line);) {
        EXPECT_LE(line.size(), width) << line;
      }
    }
  }
}

TEST(Explain, KnowsNoUnknownKeyButTheNearest) {
  EXPECT_EQ(explain("conflux.leg.count"), std::nullopt);
  EXPECT_EQ(suggest_key("conflux.leg.count"), "conflux.legs.count");
  EXPECT_EQ(suggest_key("count"), "conflux.legs.count");
  EXPECT_EQ(suggest_key("legs.count"), "conflux.legs.count");
  EXPECT_EQ(suggest_key("shceduler"), "conflux.scheduler");
  EXPECT_EQ(suggest_key("turbo"), "");
}

TEST(ListKeys, HasOneLineForEachOption) {
  const std::string list = list_keys();
  EXPECT_EQ(static_cast<std::size_t>(std::count(list.begin(), list.end(), '\n')),
            catalogue().options.size());
}

TEST(Reference, NamesEveryOptionAndItsDefault) {
  const std::string text = markdown_reference();
  for (const Option& option : catalogue().options) {
    EXPECT_THAT(text, HasSubstr("### `" + std::string(option.key) + "`"));
  }
  EXPECT_THAT(text, HasSubstr("`16MiB`, with profile lab `64MiB`"));
}

TEST(Wrap, BreaksAtWordsAndKeepsParagraphs) {
  EXPECT_EQ(wrap("aa bb cc\n\ndd", 7, "# "), "# aa bb\n# cc\n#\n# dd\n");
  EXPECT_EQ(wrap("longerthanwidth b", 5, ""), "longerthanwidth\nb\n");
  EXPECT_EQ(wrap("", 5, ""), "");
}

}  // namespace
}  // namespace conflux::config::test
