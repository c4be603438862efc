#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <sstream>

#include "host_api/conformance/history.h"

namespace mpath::kit {
namespace {

// 0: no leg.
std::size_t ordinal_of(const Scene& scene, mpath_leg_id leg) {
  const std::optional<std::size_t> number = scene.number_of(leg);
  return number ? *number + 1 : 0;
}

std::string bytes_of(const mpath_control_cell& cell) {
  const std::size_t length = std::min<std::size_t>(cell.length, MPATH_BODY_MAX);
  return fmt::format("{} {:02x}", cell.command, fmt::join(std::span(cell.body).first(length), ""));
}

}  // namespace

void Trace::call(std::string_view name, mpath_status status) {
  fmt::format_to(std::back_inserter(text_), "{} {}\n", name, status);
}

void Trace::events(Scene& scene, const std::vector<mpath_event>& events) {
  for (const mpath_event& event : events) {
    fmt::format_to(std::back_inserter(text_), "event {} leg {} reason {} value {} detail {} {}\n",
                   event.kind, ordinal_of(scene, event.leg), event.reason, event.value,
                   event.detail,
                   event.kind == MPATH_EVENT_SEND_CELL ? bytes_of(event.cell) : std::string());
  }
}

void Trace::tokens(Scene& scene, const std::vector<mpath_token>& tokens) {
  for (const mpath_token& token : tokens) {
    fmt::format_to(std::back_inserter(text_), "token {} leg {} verdict {}\n",
                   token.token - Scene::token_of(0), ordinal_of(scene, token.leg), token.verdict);
  }
}

void Trace::grant(Scene& scene, const mpath_grant& grant) {
  fmt::format_to(std::back_inserter(text_), "grant {} leg {} reason {} first {}\n", grant.granted,
                 ordinal_of(scene, grant.leg), grant.reason,
                 grant.has_first != 0 ? bytes_of(grant.first) : "none");
}

void Trace::info(Scene& scene) {
  const mpath_tunnel_info info = scene.info();
  fmt::format_to(std::back_inserter(text_),
                 "info state {} reason {} legs {} linked {} primary {} held {} {} sent {} received "
                 "{} delivered {} switches {} {} deadline {}\n",
                 info.state, info.close_reason, info.leg_count, info.linked_count,
                 ordinal_of(scene, info.primary), info.held_cells, info.held_bytes, info.cells_sent,
                 info.cells_received, info.cells_delivered, info.switches_sent,
                 info.switches_received, info.next_deadline_us);
}

void Trace::log(const std::vector<mpath_log_record>& records) {
  for (const mpath_log_record& record : records) {
    fmt::format_to(std::back_inserter(text_),
                   "log {} tunnel {} leg {} event {} level {} value {}\n", record.time_us,
                   record.tunnel_ordinal, record.leg_ordinal, record.event, record.level,
                   record.value);
  }
}

std::string Trace::first_difference(const std::string& a, const std::string& b) {
  std::istringstream left(a);
  std::istringstream right(b);
  std::string one;
  std::string other;
  for (std::size_t line = 1;; ++line) {
    const bool more = static_cast<bool>(std::getline(left, one));
    const bool other_more = static_cast<bool>(std::getline(right, other));
    if (!more && !other_more) return "no difference";
    if (!more) one = "the end";
    if (!other_more) other = "the end";
    if (one != other) return fmt::format("line {}: \"{}\" and \"{}\"", line, one, other);
  }
}

}  // namespace mpath::kit
