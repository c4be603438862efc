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

std::vector<std::filesystem::path> corpus(std::string_view directory) {
  const std::filesystem::path base =
      std::filesystem::path(CONFLUX_SOURCE_DIR) / "test/config/corpus" / directory;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(base)) {
    if (entry.path().extension() == ".yaml") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string stem_of(const std::filesystem::path& path) { return path.stem().string(); }

}  // namespace conflux::config::test
