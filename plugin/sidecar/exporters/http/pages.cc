#include "plugin/sidecar/exporters/http/pages.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "plugin/sidecar/exporters/http/listen_address.h"
#include "plugin/sidecar/exporters/prometheus_text.h"

namespace conflux::sidecar {

namespace http = boost::beast::http;

namespace {

using std::string_view;

constexpr const char* kPlain = "text/plain; charset=utf-8";

constexpr string_view kStyle =
    "body{font:16px/1.5 sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{text-align:left;padding:.2rem 1rem .2rem 0}"
    ".live{color:#060}.down{color:#a00}\n";

string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

std::string html_escaped(string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

HttpResponse reply(http::status status, const char* type, std::string body) {
  HttpResponse response(status, 11);
  response.set(http::field::content_type, type);
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  response.set("Referrer-Policy", "no-referrer");
  response.set("Content-Security-Policy",
               "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
               "frame-ancestors 'none'");
  response.body() = std::move(body);
  response.prepare_payload();
  return response;
}

bool is_live(const RegionSnapshot& region) { return region.health == region::Health::kLive; }

HttpResponse metrics_page(const HttpRequest& request, const PageInput& input) {
  if (input.snapshot == nullptr) {
    return reply(http::status::service_unavailable, kPlain, "nothing has been read yet\n");
  }
  const TextFormat format = choose_format(view(request[http::field::accept]));
  return reply(http::status::ok, content_type(format),
               prometheus_text(*input.snapshot, input.facts, format));
}

HttpResponse health_page(const PageInput& input, const PageOptions& options) {
  if (input.snapshot == nullptr || input.now - input.snapshot->taken_at > options.stale_after) {
    return reply(http::status::service_unavailable, kPlain,
                 "stale: the sidecar has not looked at its regions for a while\n");
  }
  const auto live = std::ranges::count_if(input.snapshot->regions, is_live);
  return reply(http::status::ok, kPlain, "ok\nregions_live " + std::to_string(live) + "\n");
}

std::string region_rows(const PageInput& input) {
  if (input.snapshot == nullptr || input.snapshot->regions.empty()) {
    return "<tr><td colspan=\"3\">none: no proxy with metrics has started yet</td></tr>";
  }
  std::string rows;
  for (const RegionSnapshot& region : input.snapshot->regions) {
    rows += "<tr><td>" + html_escaped(region.instance) + "</td><td class=\"" +
            (is_live(region) ? "live" : "down") + "\">" + region::word_for(region.health) +
            "</td><td>" + html_escaped(region.problem) + "</td></tr>\n";
  }
  return rows;
}

HttpResponse front_page(const PageInput& input) {
  return reply(http::status::ok, "text/html; charset=utf-8",
               "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
               "<title>conflux-sidecar</title><link rel=\"stylesheet\" href=\"/style.css\"></head>"
               "<body><h1>conflux-sidecar " +
                   html_escaped(input.facts.version) +
                   "</h1>\n<p><a href=\"/metrics\">/metrics</a> &middot; "
                   "<a href=\"/healthz\">/healthz</a></p>\n"
                   "<table><tr><th>proxy</th><th>state</th><th></th></tr>\n" +
                   region_rows(input) + "</table></body></html>\n");
}

string_view path_of(const HttpRequest& request) {
  const string_view target = view(request.target());
  return target.substr(0, target.find('?'));
}

bool is_read(const HttpRequest& request) {
  return request.method() == http::verb::get || request.method() == http::verb::head;
}

// HTTP/1.1 demands the header; a client of 1.0 may lack it, and is no browser.
bool is_for_us(const HttpRequest& request, const PageOptions& options) {
  const auto host = request.find(http::field::host);
  return !options.check_host || host == request.end() || names_loopback(view(host->value()));
}

HttpResponse choose(const HttpRequest& request, const PageInput& input,
                    const PageOptions& options) {
  if (!is_for_us(request, options)) {
    return reply(http::status::misdirected_request, kPlain,
                 "this server answers to 127.0.0.1, [::1] and localhost only\n");
  }
  const string_view path = path_of(request);
  const bool known =
      path == "/metrics" || path == "/healthz" || path == "/" || path == "/style.css";
  if (!known) {
    return reply(http::status::not_found, kPlain, "there is /metrics, /healthz and /\n");
  }
  if (!is_read(request)) {
    HttpResponse response = reply(http::status::method_not_allowed, kPlain,
                                  "only GET and HEAD; nothing changes here\n");
    response.set(http::field::allow, "GET, HEAD");
    return response;
  }
  if (path == "/metrics") return metrics_page(request, input);
  if (path == "/healthz") return health_page(input, options);
  if (path == "/") return front_page(input);
  return reply(http::status::ok, "text/css; charset=utf-8", std::string(kStyle));
}

}  // namespace

bool is_scrape(const HttpRequest& request, const PageOptions& options) {
  return path_of(request) == "/metrics" && request.method() == http::verb::get &&
         is_for_us(request, options);
}

HttpResponse answer(const HttpRequest& request, const PageInput& input,
                    const PageOptions& options) {
  HttpResponse response = choose(request, input, options);
  response.keep_alive(request.keep_alive());
  // The length stays that of what GET would have brought.
  if (request.method() == http::verb::head) response.body().clear();
  return response;
}

HttpResponse refuse(http::status status, const std::string& why) {
  HttpResponse response = reply(status, kPlain, why + "\n");
  response.keep_alive(false);
  return response;
}

}  // namespace conflux::sidecar
