// The nearest known spelling of a word that is not known.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace conflux::config {

// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other;
// letters compare without case, '-' and '_' are the same.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate nearest to `word` if it is near enough to be meant (about a third of its letters),
// else empty. The first of equals wins.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace conflux::config
