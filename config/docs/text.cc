#include "config/docs/text.h"

#include <algorithm>

namespace conflux::config {
namespace {

std::string_view trim_right(std::string_view text) {
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

void wrap_paragraph(std::string& out, std::string_view text, std::size_t width,
                    std::string_view prefix) {
  std::string line;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (!line.empty() && prefix.size() + line.size() + 1 + word.size() > width) {
      out += std::string(prefix) + line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + std::string(word);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (!line.empty()) {
    out += std::string(prefix) + line + "\n";
  }
}

}  // namespace

std::vector<std::string_view> paragraphs(std::string_view text) {
  constexpr std::string_view kBreak = "\n\n";
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(kBreak), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + kBreak.size(), text.size()));
  }
  return out;
}

std::string wrap(std::string_view text, std::size_t width, std::string_view prefix) {
  std::string out;
  for (const std::string_view paragraph : paragraphs(text)) {
    if (!out.empty()) {
      out += std::string(trim_right(prefix)) + "\n";
    }
    wrap_paragraph(out, paragraph, width, prefix);
  }
  return out;
}

std::string padded(std::string_view text, std::size_t width) {
  std::string out(text);
  out.resize(std::max(out.size() + 1, width), ' ');
  return out;
}

}  // namespace conflux::config
