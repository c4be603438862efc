#include "host_api/conformance/probe/script.h"

#include <charconv>
#include <map>
#include <sstream>

namespace mpath::probe {
namespace {

// Words for numbers that scripts are likely to need; all others can be written as numbers.
const std::map<std::string_view, std::int64_t> kNames{
    {"OK", MPATH_OK},
    {"BLOCKED", MPATH_BLOCKED},
    {"HELD", MPATH_HELD},
    {"CONSUMED", MPATH_CONSUMED},
    {"PASS", MPATH_PASS},
    {"IGNORED", MPATH_IGNORED},
    {"E_ARGUMENT", MPATH_E_ARGUMENT},
    {"E_SIZE", MPATH_E_SIZE},
    {"E_STALE", MPATH_E_STALE},
    {"E_STATE", MPATH_E_STATE},
    {"E_BUFFER", MPATH_E_BUFFER},
    {"E_VIEWS", MPATH_E_VIEWS},
    {"E_NOT_SINGLE", MPATH_E_NOT_SINGLE},
    {"E_LEG_INVALID", MPATH_E_LEG_INVALID},
    {"E_UNSUPPORTED", MPATH_E_UNSUPPORTED},
    {"E_CONFIG", MPATH_E_CONFIG},
    {"E_TOKENS_HELD", MPATH_E_TOKENS_HELD},
    {"E_VERSION", MPATH_E_VERSION},
    {"E_PROTOCOL", MPATH_E_PROTOCOL},
    {"E_CLOSED", MPATH_E_CLOSED},
    {"E_NO_MEMORY", MPATH_E_NO_MEMORY},
    {"E_LIMIT", MPATH_E_LIMIT},
    {"E_RANDOM", MPATH_E_RANDOM},
    {"E_POISONED", MPATH_E_POISONED},
    {"PRESSURE", MPATH_EVENT_PRESSURE},
    {"READY", MPATH_EVENT_READY},
    {"CLOSED", MPATH_EVENT_CLOSED},
    {"REMOVE_LEG", MPATH_EVENT_REMOVE_LEG},
    {"READ_STREAMS", MPATH_EVENT_READ_STREAMS},
    {"HANDLE_CELL", MPATH_EVENT_HANDLE_CELL},
};

struct ActionWord {
  std::string_view word;
  Action action;
  bool has_number;
};
constexpr ActionWord kActions[] = {
    {"answer", Action::kAnswer, true},    {"hold", Action::kHold, false},
    {"release", Action::kRelease, false}, {"tell", Action::kTell, true},
    {"fill", Action::kFill, false},       {"deadline", Action::kDeadline, true},
    {"close", Action::kClose, false},     {"poison", Action::kPoison, false},
    {"linger", Action::kLinger, true},
};

struct BadLine {
  std::string what;
};

std::int64_t to_number(const std::string& word, const char* what) {
  if (const auto named = kNames.find(word); named != kNames.end()) return named->second;
  std::int64_t value = 0;
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, value);
  if (word.empty() || error != std::errc() || stop != end) {
    throw BadLine{std::string("expected ") + what + (word.empty() ? "" : ", not '" + word + "'")};
  }
  return value;
}

std::uint64_t to_count(std::istringstream& words, const char* what) {
  std::string word;
  words >> word;
  const std::int64_t value = to_number(word, what);
  if (value < 0) throw BadLine{std::string(what) + " is not negative"};
  return static_cast<std::uint64_t>(value);
}

void parse_action(const std::string& word, std::istringstream& words, Rule& rule) {
  for (const ActionWord& known : kActions) {
    if (known.word != word) continue;
    rule.action = known.action;
    if (known.has_number) {
      std::string number;
      words >> number;
      rule.number = to_number(number, "a number or a name after the action");
    }
    std::string more;
    if (!(words >> more)) return;
    if (more != "reason") throw BadLine{"expected 'reason N' or the end, not '" + more + "'"};
    rule.reason = static_cast<std::uint32_t>(to_count(words, "a reason"));
    return;
  }
  throw BadLine{
      "expected an action (answer, hold, release, tell, fill, deadline, close, poison, "
      "linger), not '" +
      word + "'"};
}

Rule parse_rule(std::istringstream& words) {
  Rule rule;
  std::string word;
  words >> word;
  const std::size_t slot = judge::find_slot(word.c_str());
  if (slot == judge::kSlots) throw BadLine{"expected a function of the table, not '" + word + "'"};
  rule.slot = static_cast<judge::Slot>(slot);
  while (words >> word) {
    if (word == "nth") {
      rule.nth = to_count(words, "a count after 'nth'");
    } else if (word == "times") {
      rule.times = to_count(words, "a count after 'times'");
    } else if (word == "command") {
      rule.command = static_cast<std::uint8_t>(to_count(words, "a relay command"));
    } else {
      parse_action(word, words, rule);
      return rule;
    }
  }
  throw BadLine{"a rule without an action"};
}

void parse_line(const std::string& line, Script& script) {
  std::istringstream words(line);
  std::string word;
  if (!(words >> word) || word.starts_with('#')) return;
  if (word == "verdicts") {
    words >> script.verdicts;
    if (script.verdicts.empty()) throw BadLine{"expected a file after 'verdicts'"};
  } else if (word == "late_us") {
    script.late_us = to_count(words, "microseconds");
  } else if (word == "minor") {
    script.minor = static_cast<std::uint32_t>(to_count(words, "a minor version"));
  } else if (word == "table_extra") {
    script.table_extra = static_cast<std::uint32_t>(to_count(words, "bytes"));
  } else if (word == "on") {
    script.rules.push_back(parse_rule(words));
  } else {
    throw BadLine{"expected verdicts, late_us, minor, table_extra or on, not '" + word + "'"};
  }
}

}  // namespace

std::optional<Script> parse_script(std::string_view text, std::string* error) {
  std::istringstream lines{std::string(text)};
  std::string line;
  Script script;
  for (int number = 1; std::getline(lines, line); ++number) {
    try {
      if (number > 1) {
        parse_line(line, script);
      } else if (line != kScriptHead) {
        throw BadLine{"expected '" + std::string(kScriptHead) + "'"};
      }
    } catch (const BadLine& bad) {
      *error = "script:" + std::to_string(number) + ": " + bad.what;
      return std::nullopt;
    }
  }
  return script;
}

}  // namespace mpath::probe
