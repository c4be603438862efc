#include "test/bench/e2e/forwarder/words.h"

#include <arpa/inet.h>

#include <charconv>
#include <chrono>
#include <string>
#include <vector>

namespace delay_forwarder {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t end; (end = text.find(separator)) != std::string_view::npos;) {
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  parts.push_back(text);
  return parts;
}

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

std::optional<uint16_t> parse_port(std::string_view text) {
  const auto port = parse_number<uint16_t>(text);
  return port && *port > 0 ? port : std::nullopt;
}

std::optional<Duration> parse_delay(std::string_view text) {
  const auto ms = parse_number<double>(text);
  if (!ms || !(*ms >= 0 && *ms <= kDelayMaxMs)) return {};
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::milli>(*ms));
}

}  // namespace

std::optional<Route> parse_route(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() != 3) return {};
  const auto listen = parse_port(parts[0]);
  const auto target = parse_port(parts[1]);
  const auto delay = parse_delay(parts[2]);
  if (!listen || !target || !delay) return {};
  return Route{*listen, *target, *delay};
}

std::optional<DelayCommand> parse_delay_command(std::string_view line) {
  const auto parts = split(line, ' ');
  if (parts.size() != 3 || parts[0] != "delay") return {};
  const auto port = parse_port(parts[1]);
  const auto delay = parse_delay(parts[2]);
  if (!port || !delay) return {};
  return DelayCommand{*port, *delay};
}

}  // namespace delay_forwarder
