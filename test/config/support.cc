#include "test/config/support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "config/yaml/source.h"
#include "config/yaml/tree.h"

namespace conflux::config::test {

std::string complaints(std::string_view text) { return to_string(parse(text, "t")); }

Settings accepted(std::string_view text) {
  const ParseResult result = parse(text, "t");
  EXPECT_TRUE(result.ok()) << to_string(result);
  return result.settings.value_or(Settings{});
}

Outcome read_with(const Catalogue& catalogue, std::string_view text) {
  Report report;
  const Source source(text);
  const std::optional<Node> root = build_tree(source, report);
  Outcome outcome;
  if (root) {
    outcome.settings = validate(*root, catalogue, report).settings;
  }
  for (const Diagnostic& diagnostic : report.take_sorted()) {
    outcome.complaints += to_string(diagnostic, "t") + "\n";
  }
  return outcome;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::filesystem::path corpus_file(std::string_view directory, const std::string& stem) {
  return std::filesystem::path(CONFLUX_SOURCE_DIR) / "test/config/corpus" / directory /
         (stem + ".yaml");
}

std::vector<std::string> corpus(std::string_view directory) {
  std::vector<std::string> stems;
  for (const auto& entry :
       std::filesystem::directory_iterator(corpus_file(directory, "").parent_path())) {
    if (entry.path().extension() == ".yaml") {
      stems.push_back(entry.path().stem().string());
    }
  }
  std::sort(stems.begin(), stems.end());
  return stems;
}

}  // namespace conflux::config::test
