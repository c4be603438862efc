#include "examples/onion_proxy/net/http_reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "examples/onion_proxy/directory/item_reader.h"

namespace onion_proxy {
namespace {

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

std::optional<std::string_view> header_field(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const size_t length = std::min(header.find('\n'), header.size());
    const std::string_view line = header.substr(0, length);
    header.remove_prefix(std::min(length + 1, header.size()));
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    if (equal_ignoring_case(line.substr(0, colon), name)) return trim(line.substr(colon + 1));
  }
  return std::nullopt;
}

}  // namespace

Result<std::string> parse_http_reply(std::string_view reply) {
  const size_t header_end = reply.find("\r\n\r\n");
  if (header_end == std::string_view::npos || header_end > kHttpHeaderMax) {
    return Error{"the answer is not HTTP, or breaks off in its header"};
  }
  const std::string_view header = reply.substr(0, header_end);
  std::string_view status = header.substr(0, header.find('\n'));
  while (status.ends_with(' ') || status.ends_with('\r')) status.remove_suffix(1);
  if (!status.starts_with("HTTP/1.") || status.size() < 12) return Error{"the answer is not HTTP"};
  if (status.substr(8, 4) != " 200" || (status.size() > 12 && status[12] != ' ')) {
    return Error{fmt::format("refused: {}", status.substr(9, 80))};
  }
  const auto encoding = header_field(header, "Content-Encoding");
  if (encoding && *encoding != "identity") {
    return Error{
        fmt::format("Content-Encoding {}, which we did not ask for", encoding->substr(0, 40))};
  }
  const std::string_view body = reply.substr(header_end + 4);
  if (const auto stated = header_field(header, "Content-Length")) {
    const auto length = parse_number(*stated, UINT32_MAX);
    if (!length || *length != body.size()) return Error{"the answer breaks off"};
  }
  return std::string(body);
}

}  // namespace onion_proxy
