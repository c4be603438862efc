// Debian's Prometheus server scrapes ours; what it then knows is what the region says.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

#include "plugin/sidecar/exporters/http/prometheus_server.h"
#include "test/sidecar/exporters/http_client.h"
#include "test/sidecar/exporters/support.h"

namespace conflux::sidecar::test {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

std::uint16_t free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(at);
  if (bind(fd, reinterpret_cast<sockaddr*>(&at), size) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
    throw std::runtime_error("no free port");
  }
  close(fd);
  return ntohs(at.sin_port);
}

class RealPrometheus {
 public:
  explicit RealPrometheus(std::uint16_t target) : port_(free_port()) {
    const std::string folder = directory_.path();
    std::ofstream(folder + "/prometheus.yml")
        << "global: {scrape_interval: 200ms, scrape_timeout: 200ms}\n"
        << "scrape_configs: [{job_name: conflux, static_configs: [{targets: ['127.0.0.1:" << target
        << "']}]}]\n";
    std::vector<std::string> words = {"prometheus", "--config.file=" + folder + "/prometheus.yml",
                                      "--storage.tsdb.path=" + folder + "/data",
                                      "--web.listen-address=127.0.0.1:" + std::to_string(port_)};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    log_ = folder + "/log";
    posix_spawn_file_actions_addopen(&files, 2, log_.c_str(), O_CREAT | O_WRONLY, 0600);
    const int error =
        posix_spawnp(&process_, words[0].c_str(), &files, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    if (error != 0) throw std::runtime_error("install Debian's prometheus");
  }
  ~RealPrometheus() {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  RealPrometheus(const RealPrometheus&) = delete;
  RealPrometheus& operator=(const RealPrometheus&) = delete;

  // Asks again until there is an answer that `is_enough` likes, for 30 s at most.
  template <class Predicate>
  Json query(const std::string& promql, Predicate is_enough) {
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (std::chrono::steady_clock::now() < deadline) {
      const Json result = ask(promql);
      if (is_enough(result)) return result;
      std::this_thread::sleep_for(50ms);
    }
    throw std::runtime_error(promql + " never had the answer; " + region::test::contents(log_));
  }

 private:
  Json ask(const std::string& promql) const {
    try {
      const std::string response = HttpClient(port_).get("/api/v1/query?query=" + promql);
      const Json reply = Json::parse(response.substr(response.find("\r\n\r\n") + 4));
      return reply.at("data").at("result");
    } catch (const std::exception&) {
      return Json::array();  // it starts
    }
  }

  region::test::Directory directory_;
  std::string log_;
  std::uint16_t port_;
  pid_t process_ = 0;
};

double value_of(const Json& series) {
  return std::stod(series.at("value").at(1).get<std::string>());
}

// Every word of the region, as the names of the catalogue say it.
void expect_all(RealPrometheus& prometheus, const std::vector<Word>& words) {
  std::size_t compared = 0;
  const auto& metrics = region::catalogue();
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    if (metrics[i].kind == region::MetricKind::kHistogram) continue;
    const std::string name = std::string(metrics[i].name) +
                             (metrics[i].unit == "By" ? "_bytes" : "") +
                             (metrics[i].kind == region::MetricKind::kCounter ? "_total" : "");
    const std::size_t first = region::word_of(static_cast<Metric>(i));
    for (std::size_t j = 0; j < std::max<std::size_t>(metrics[i].values.size(), 1); ++j) {
      std::string promql = name + "{proxy=\"relay\"";
      if (!metrics[i].values.empty()) {
        promql +=
            "," + std::string(metrics[i].label) + "=\"" + std::string(metrics[i].values[j]) + "\"";
      }
      const Json found =
          prometheus.query(promql + "}", [](const Json& it) { return it.size() == 1; });
      EXPECT_EQ(value_of(found[0]), static_cast<double>(words[first + j])) << promql;
      ++compared;
    }
  }
  EXPECT_GT(compared, 30U);
}

TEST(RealPrometheus, KnowsWhatTheRegionSaysAndFollowsIt) {
  Proxies proxies;
  proxies.start("relay");
  std::vector<Word> words = distinct_words();
  proxies.publish("relay", words);
  std::mutex collecting;
  const PrometheusSource source = {.snapshot =
                                       [&] {
                                         const std::lock_guard guard(collecting);
                                         return proxies.collect();
                                       },
                                   .facts = facts};
  const auto started = PrometheusServer::start({.listen = "127.0.0.1:0"}, source);
  ASSERT_NE(started.server, nullptr) << started.problem;
  RealPrometheus prometheus(started.server->port());
  prometheus.query("up{job=\"conflux\"}",
                   [](const Json& it) { return it.size() == 1 && value_of(it[0]) == 1; });
  expect_all(prometheus, words);

  const std::size_t sent = region::word_of(Metric::kCellsSent);
  words[sent] += 4096;
  {
    const std::lock_guard guard(collecting);
    proxies.publish("relay", words);
  }
  prometheus.query("conflux_cells_sent_total{rank=\"best\"}", [&](const Json& it) {
    return it.size() == 1 && value_of(it[0]) == static_cast<double>(words[sent]);
  });
  const Json handshakes =
      prometheus.query("conflux_leg_handshake_rtt_seconds_count",
                       [](const Json& it) { return it.size() == 1 && value_of(it[0]) > 0; });
  EXPECT_EQ(handshakes[0].at("metric").at("proxy"), "relay");
}

}  // namespace
}  // namespace conflux::sidecar::test
