#include "config/yaml/source.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "config/parse.h"
#include "config/yaml/utf8.h"

namespace conflux::config {
namespace {

void add(Report& report, Position at, std::string message, std::string expected) {
  report.add({.at = at, .message = std::move(message), .expected = std::move(expected)});
}

bool check_size(const Source& source, Report& report) {
  if (source.body().size() <= kMaxTextBytes) {
    return true;
  }
  add(report, kWholeText, "the text has " + std::to_string(source.body().size()) + " bytes",
      "at most " + std::to_string(kMaxTextBytes) + " (1 MiB)");
  return false;
}

// Bounds what it costs to count the columns of a position.
bool check_line_lengths(const Source& source, Report& report) {
  constexpr std::size_t kMaxLineBytes = 16 * 1024;
  const std::string_view body = source.body();
  for (std::size_t start = 0; start < body.size();) {
    const std::size_t end = std::min(body.find('\n', start), body.size());
    if (end - start > kMaxLineBytes) {
      add(report, source.position(start), "a line of " + std::to_string(end - start) + " bytes",
          "lines of at most " + std::to_string(kMaxLineBytes));
      return false;
    }
    start = end + 1;
  }
  return true;
}

bool check_wide_encodings(const Source& source, Report& report) {
  using namespace std::string_view_literals;
  const std::string_view body = source.body();
  const bool marked = body.starts_with("\xFF\xFE"sv) || body.starts_with("\xFE\xFF"sv) ||
                      body.starts_with("\x00\x00\xFE\xFF"sv);
  const bool unmarked = body.size() >= 2 && (body[0] == '\0') != (body[1] == '\0');
  if (!marked && !unmarked) {
    return true;
  }
  add(report, kWholeText, "the text is UTF-16 or UTF-32", "UTF-8 (convert it with iconv -t UTF-8)");
  return false;
}

std::string describe(utf8::Character character, std::string_view rest) {
  if (!character.valid) {
    return "byte " + in_quotes(rest.substr(0, 1)) + " is not UTF-8";
  }
  if (character.code_point == 0) {
    return "the text holds a NUL byte";
  }
  if (character.code_point == '\r') {
    return "a carriage return without a line feed";
  }
  return "control character " + in_quotes(rest.substr(0, character.length));
}

std::string expectation(utf8::Character character) {
  if (!character.valid) {
    return "UTF-8 (convert the file with iconv -t UTF-8)";
  }
  if (character.code_point == '\r') {
    return "line feeds (or CR LF) at line ends";
  }
  return "no invisible characters (in double quotes one can be written as an escape)";
}

// Length of the line end at the front of `rest`, or 0.
std::size_t line_end(std::string_view rest) {
  return rest.starts_with("\r\n") ? 2 : rest.starts_with('\n') ? 1 : 0;
}

bool check_characters(const Source& source, Report& report) {
  const std::string_view body = source.body();
  std::size_t offset = 0;
  while (offset < body.size()) {
    const std::string_view rest = body.substr(offset);
    if (const std::size_t end = line_end(rest); end > 0) {
      offset += end;
      continue;
    }
    const utf8::Character next = utf8::decode(rest);
    if (!next.valid || (next.code_point != '\t' && !utf8::is_printable(next.code_point))) {
      add(report, source.position(offset), describe(next, rest), expectation(next));
      return false;
    }
    offset += next.length;
  }
  return true;
}

// A directive stands before the document, so only the head of the text is looked at.
bool check_directives(const Source& source, Report& report) {
  const std::string_view body = source.body();
  std::size_t offset = 0;
  while (offset < body.size()) {
    const std::size_t end = std::min(body.find('\n', offset), body.size());
    const std::string_view line = body.substr(offset, end - offset);
    const std::size_t text = line.find_first_not_of(" \t\r");
    if (line.starts_with('%')) {
      add(report, source.position(offset, line.size()), "a YAML directive",
          "plain YAML without %-lines");
      return false;
    }
    if (text != std::string_view::npos && line[text] != '#') {
      return true;
    }
    offset = end + 1;
  }
  return true;
}

}  // namespace

Source::Source(std::string_view text) : body_(utf8::without_bom(text)) {
  line_starts_.push_back(0);
  // A text beyond the limit is refused anyway and needs no map.
  const std::string_view mapped = body_.substr(0, kMaxTextBytes);
  for (std::size_t i = mapped.find('\n'); i != std::string_view::npos;
       i = mapped.find('\n', i + 1)) {
    line_starts_.push_back(i + 1);
  }
}

std::size_t Source::line_start(std::size_t offset) const {
  return *std::prev(std::upper_bound(line_starts_.begin(), line_starts_.end(), offset));
}

Position Source::position(std::size_t offset, std::size_t length) const {
  offset = std::min(offset, body_.size());
  const auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  const std::size_t start = *std::prev(next);
  std::string_view marked = body_.substr(offset, length);
  marked = marked.substr(0, marked.find_first_of("\r\n"));
  const std::size_t columns = utf8::count(body_.substr(start, offset - start));
  return {.line = static_cast<std::uint32_t>(next - line_starts_.begin()),
          .column = static_cast<std::uint32_t>(columns + 1),
          .length = static_cast<std::uint32_t>(std::max<std::size_t>(utf8::count(marked), 1))};
}

bool check_text(const Source& source, Report& report) {
  return check_size(source, report) && check_line_lengths(source, report) &&
         check_wide_encodings(source, report) && check_characters(source, report) &&
         check_directives(source, report);
}

}  // namespace conflux::config
