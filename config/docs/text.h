// Small helpers for running text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace conflux::config {

// `text` in lines that begin with `prefix` and, where words allow it, end before `width` columns.
// Paragraphs are separated by an empty line in `text` and by the bare prefix in the result.
std::string wrap(std::string_view text, std::size_t width, std::string_view prefix);

std::string padded(std::string_view text, std::size_t width);

// The paragraphs of `text`, which are separated by an empty line.
std::vector<std::string_view> paragraphs(std::string_view text);

}  // namespace conflux::config
