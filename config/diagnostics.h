// What is wrong with a configuration, and where: values that any front-end can print.
//
// One line of text is `file:line:col: key.path: message: expected ...; did you mean "..."?`.
// Every text taken from the file is quoted and its control characters are escaped, so a file cannot
// write escape sequences to a terminal or a forged line to a log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace conflux::config {

// No more than this many diagnostics are kept; the rest is only counted.
inline constexpr std::size_t kMaxDiagnostics = 50;

enum class Severity : std::uint8_t { kError, kWarning };

// A place in the text. Lines and columns count from 1, columns in characters (not bytes).
struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  std::uint32_t length = 1;  // characters to underline, all on this line; 0: none, see kWholeText

  bool operator==(const Position&) const = default;
};

// What concerns the text as a whole is reported at its first character, with nothing underlined.
inline constexpr Position kWholeText{.line = 1, .column = 1, .length = 0};

// "3:12", as it stands in messages that name a second place.
std::string to_string(const Position& at);

// A second key that the diagnostic is about.
struct Related {
  std::string key;
  Position at{};
};

struct Diagnostic {
  Severity severity = Severity::kError;
  Position at = kWholeText;
  std::string key{};         // dotted path; empty if it concerns the file
  std::string message{};     // what is wrong
  std::string expected{};    // what would be right; may be empty
  std::string suggestion{};  // the nearest right spelling; may be empty
  std::vector<Related> related{};
};

// One line without a line end. `name` is the display name of the text.
std::string to_string(const Diagnostic& diagnostic, std::string_view name);

// The line of `text` that `at` points to and a caret line beneath it, each indented by two blanks
// and ended by '\n'. A long line is cut around the place. Empty if `text` has no such line or
// nothing is to be underlined.
std::string excerpt(std::string_view text, const Position& at);

// At most 60 characters of `text`, control characters and bytes that are not UTF-8 as \xNN.
std::string printable(std::string_view text);

// The same in double quotes.
std::string in_quotes(std::string_view text);

// Collects diagnostics up to the cap.
class Report {
 public:
  void add(Diagnostic diagnostic);
  bool has_errors() const { return errors_ > 0; }
  std::size_t omitted() const { return omitted_; }

  // In the order of the text; leaves the report empty.
  std::vector<Diagnostic> take_sorted();

 private:
  std::vector<Diagnostic> diagnostics_;
  std::size_t errors_ = 0;
  std::size_t omitted_ = 0;
};

}  // namespace conflux::config
