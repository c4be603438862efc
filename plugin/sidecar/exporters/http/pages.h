// What the HTTP server answers: a request in, a response out.
#pragma once

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "plugin/sidecar/exporters/own_metrics.h"
#include "plugin/sidecar/model/snapshot.h"

namespace conflux::sidecar {

using HttpRequest = boost::beast::http::request<boost::beast::http::empty_body>;
using HttpResponse = boost::beast::http::response<boost::beast::http::string_body>;

struct PageOptions {
  // A snapshot that is older means that the sidecar itself hangs: /healthz says 503.
  std::chrono::seconds stale_after{60};
  bool check_host = true;  // of a server on TCP: see names_loopback()
};

// What there is to tell when a request comes in.
struct PageInput {
  std::shared_ptr<const Snapshot> snapshot;  // null: none yet
  SidecarFacts facts;
  std::chrono::system_clock::time_point now{};
};

// Is it a scrape that will be answered with metrics? Such a one is counted first.
[[nodiscard]] bool is_scrape(const HttpRequest& request, const PageOptions& options);

// GET and HEAD of /metrics, /healthz, / and /style.css; 404, 405, 421 and 503 for the rest. A
// response to HEAD has the length of the body, and no body.
[[nodiscard]] HttpResponse answer(const HttpRequest& request, const PageInput& input,
                                  const PageOptions& options);

// In one line; the connection is to be closed after it.
[[nodiscard]] HttpResponse refuse(boost::beast::http::status status, const std::string& why);

}  // namespace conflux::sidecar
