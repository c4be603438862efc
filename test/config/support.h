// One-verb helpers for the tests of the configuration.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/options/option.h"
#include "config/options/validate.h"
#include "config/parse.h"

namespace conflux::config::test {

// Every diagnostic of `text` on a line of its own; the text is called "t".
std::string complaints(std::string_view text);

// The settings of a text that must be valid; a failure of the test and defaults otherwise.
Settings accepted(std::string_view text);

// The result of a text under another catalogue than the product's.
struct Outcome {
  Settings settings;
  std::string complaints;
};
Outcome read_with(const Catalogue& catalogue, std::string_view text);

std::string read_file(const std::filesystem::path& path);

// The names, without ".yaml", of the files in a directory below test/config/corpus, sorted.
std::vector<std::string> corpus(std::string_view directory);

std::filesystem::path corpus_file(std::string_view directory, const std::string& stem);

}  // namespace conflux::config::test
