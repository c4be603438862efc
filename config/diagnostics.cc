#include "config/diagnostics.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "config/yaml/utf8.h"

namespace conflux::config {
namespace {

constexpr std::size_t kMaxQuotedCharacters = 60;
constexpr std::size_t kMaxExcerptCharacters = 96;
constexpr char kHex[] = "0123456789abcdef";

void append_escaped(std::string& out, std::string_view bytes) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += "\\x";
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
}

// Appends at most `limit` characters; true if something was left out.
bool append_printable(std::string& out, std::string_view text, std::size_t limit) {
  for (std::size_t count = 0; !text.empty(); ++count) {
    if (count == limit) {
      return true;
    }
    const utf8::Character next = utf8::decode(text);
    const std::string_view bytes = text.substr(0, next.length);
    if (next.valid && utf8::is_printable(next.code_point)) {
      out += bytes;
    } else {
      append_escaped(out, bytes);
    }
    text.remove_prefix(next.length);
  }
  return false;
}

std::string_view line_of(std::string_view text, std::uint32_t line) {
  for (std::uint32_t i = 1; i < line; ++i) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      return {};
    }
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) {
    text.remove_suffix(1);
  }
  return text;
}

std::string_view drop_characters(std::string_view text, std::size_t count) {
  for (; count > 0 && !text.empty(); --count) {
    text.remove_prefix(utf8::decode(text).length);
  }
  return text;
}

}  // namespace

std::string to_string(const Position& at) {
  return std::to_string(at.line) + ":" + std::to_string(at.column);
}

std::string to_string(const Diagnostic& diagnostic, std::string_view name) {
  std::string out;
  append_printable(out, name, name.size());
  out += ":" + to_string(diagnostic.at) + ": ";
  if (diagnostic.severity == Severity::kWarning) {
    out += "warning: ";
  }
  if (!diagnostic.key.empty()) {
    out += diagnostic.key + ": ";
  }
  out += diagnostic.message;
  if (!diagnostic.expected.empty()) {
    out += ": expected " + diagnostic.expected;
  }
  if (!diagnostic.suggestion.empty()) {
    out += "; did you mean `" + diagnostic.suggestion + "`?";
  }
  return out;
}

std::string excerpt(std::string_view text, const Position& at) {
  const std::string_view line = line_of(utf8::without_bom(text), at.line);
  if (line.empty() || at.length == 0) {
    return {};
  }
  // A long line keeps some context to the left of the place.
  const std::size_t skipped = at.column > kMaxExcerptCharacters / 2
                                  ? at.column - kMaxExcerptCharacters / 2
                                  : std::size_t{0};
  std::string shown;
  std::string flat(drop_characters(line, skipped));
  std::replace(flat.begin(), flat.end(), '\t', ' ');
  append_printable(shown, flat, kMaxExcerptCharacters);
  const std::size_t caret = at.column - 1 - skipped;
  const std::size_t room = kMaxExcerptCharacters > caret ? kMaxExcerptCharacters - caret : 1;
  const std::size_t marks = std::clamp<std::size_t>(at.length, 1, room);
  return "  " + shown + "\n  " + std::string(caret, ' ') + "^" + std::string(marks - 1, '~') + "\n";
}

std::string printable(std::string_view text) {
  std::string out;
  const bool cut = append_printable(out, text, kMaxQuotedCharacters);
  return cut ? out + "..." : out;
}

std::string in_quotes(std::string_view text) { return "\"" + printable(text) + "\""; }

void Report::add(Diagnostic diagnostic) {
  if (diagnostic.severity == Severity::kError) {
    ++errors_;
  }
  if (diagnostics_.size() == kMaxDiagnostics) {
    ++omitted_;
    return;
  }
  diagnostics_.push_back(std::move(diagnostic));
}

std::vector<Diagnostic> Report::take_sorted() {
  const auto rank = [](const Diagnostic& diagnostic) {
    return std::tie(diagnostic.at.line, diagnostic.at.column, diagnostic.severity, diagnostic.key,
                    diagnostic.message);
  };
  std::sort(diagnostics_.begin(), diagnostics_.end(),
            [&](const Diagnostic& a, const Diagnostic& b) { return rank(a) < rank(b); });
  return std::exchange(diagnostics_, {});
}

}  // namespace conflux::config
