#include "examples/onion_proxy/directory/item_reader.h"

#include <fmt/format.h>

#include <charconv>

namespace onion_proxy {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";
constexpr std::string_view kBlanks = " \t";

std::optional<std::string_view> object_label(std::string_view line, std::string_view prefix) {
  if (!line.starts_with(prefix) || !line.ends_with(kDashes)) return std::nullopt;
  if (line.size() <= prefix.size() + kDashes.size()) return std::nullopt;
  return line.substr(prefix.size(), line.size() - prefix.size() - kDashes.size());
}

std::optional<unsigned> digits(std::string_view text, size_t at, size_t count) {
  const auto value = parse_number(text.substr(at, count), 9999);
  if (!value) return std::nullopt;
  return static_cast<unsigned>(*value);
}

}  // namespace

std::vector<std::string_view> split_arguments(std::string_view arguments) {
  std::vector<std::string_view> out;
  while (true) {
    const size_t begin = arguments.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return out;
    arguments.remove_prefix(begin);
    const size_t end = std::min(arguments.find_first_of(kBlanks), arguments.size());
    out.push_back(arguments.substr(0, end));
    arguments.remove_prefix(end);
  }
}

Error item_error(const DirectoryItem& item, std::string_view what) {
  return Error{fmt::format("line {}: `{}`: {}", item.line, item.keyword, what)};
}

std::optional<UnixTime> parse_time(std::string_view date, std::string_view time) {
  if (date.size() != 10 || date[4] != '-' || date[7] != '-') return std::nullopt;
  if (time.size() != 8 || time[2] != ':' || time[5] != ':') return std::nullopt;
  const auto year = digits(date, 0, 4), month = digits(date, 5, 2), day = digits(date, 8, 2);
  const auto hour = digits(time, 0, 2), minute = digits(time, 3, 2), second = digits(time, 6, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day calendar{std::chrono::year(static_cast<int>(*year)),
                                             std::chrono::month(*month), std::chrono::day(*day)};
  if (!calendar.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return UnixTime(std::chrono::sys_days(calendar)) + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute) + std::chrono::seconds(*second);
}

std::optional<uint64_t> parse_number(std::string_view text, uint64_t max) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || value > max) {
    return std::nullopt;
  }
  return value;
}

Error ItemReader::error(std::string_view what) const {
  return Error{fmt::format("line {}: {}", line_, what)};
}

Result<std::string_view> ItemReader::next_line() {
  ++line_;
  const std::string_view rest = document_.substr(at_, kLineMax + 1);
  const size_t length = rest.find('\n');
  if (length == std::string_view::npos) {
    return rest.size() > kLineMax ? error("line is longer than 65536 bytes")
                                  : error("document ends inside a line");
  }
  const std::string_view line = rest.substr(0, length);
  if (line.find('\0') != std::string_view::npos) return error("NUL byte in a text document");
  at_ += length + 1;
  return line;
}

Result<std::optional<DirectoryItem>> ItemReader::next() {
  if (at_ == document_.size()) return std::optional<DirectoryItem>();
  DirectoryItem item;
  item.begin = at_;
  const auto line = next_line();
  if (!line.ok()) return Error{line.error()};
  item.line = line_;
  item.body = at_;
  if (line.value().starts_with(kDashes)) return error("object without a keyword line before it");
  const size_t keyword_end = std::min(line.value().find_first_of(kBlanks), line.value().size());
  item.keyword = line.value().substr(0, keyword_end);
  if (item.keyword.empty()) return error("line without a keyword");
  item.arguments = line.value().substr(std::min(keyword_end + 1, line.value().size()));
  if (document_.substr(at_).starts_with(kBegin)) {
    const auto begin_line = next_line();
    if (!begin_line.ok()) return Error{begin_line.error()};
    auto object = read_object(begin_line.value());
    if (!object.ok()) return Error{object.error()};
    item.object = std::move(object).value();
  }
  item.end = at_;
  return std::optional<DirectoryItem>(std::move(item));
}

Result<DirectoryObject> ItemReader::read_object(std::string_view begin_line) {
  const auto label = object_label(begin_line, kBegin);
  if (!label) return error("malformed BEGIN line");
  std::string text;
  while (true) {
    const auto line = next_line();
    if (!line.ok()) return Error{line.error()};
    if (line.value().starts_with(kEnd)) {
      if (object_label(line.value(), kEnd) != label) return error("END does not match BEGIN");
      break;
    }
    text += line.value();
    if (text.size() > kObjectMax) return error("object is longer than 65536 bytes");
  }
  auto body = decode_base64(text);
  if (!body) return error(fmt::format("{} object is not base64", *label));
  return DirectoryObject{*label, *std::move(body)};
}

}  // namespace onion_proxy
