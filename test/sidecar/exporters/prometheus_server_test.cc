#include "plugin/sidecar/exporters/http/prometheus_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/stat.h>

#include <fstream>
#include <future>
#include <stdexcept>
#include <thread>

#include "plugin/sidecar/exporters/http/listen_address.h"
#include "plugin/sidecar/exporters/prometheus_text.h"
#include "test/sidecar/exporters/http_client.h"
#include "test/sidecar/exporters/support.h"

namespace conflux::sidecar::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Snapshot fresh_snapshot() {
  Snapshot snapshot = snapshot_of({region_of("relay", {gauge("conflux_tunnels")}, {8})});
  snapshot.taken_at = std::chrono::system_clock::now();
  return snapshot;
}

PrometheusSource source_of(Snapshot snapshot) {
  return {.snapshot = [it = std::make_shared<const Snapshot>(std::move(snapshot))] { return it; },
          .facts = facts};
}

std::unique_ptr<PrometheusServer> serve(PrometheusServerOptions options,
                                        PrometheusSource source = source_of(fresh_snapshot())) {
  PrometheusServer::Result result = PrometheusServer::start(std::move(options), std::move(source));
  if (result.server == nullptr) throw std::runtime_error(result.problem);
  return std::move(result.server);
}
PrometheusServerOptions on_loopback() { return {.listen = "127.0.0.1:0"}; }

TEST(PrometheusServer, AnswersAScrapeInTheFormatThatIsAskedFor) {
  const auto server = serve(on_loopback());
  HttpClient client(server->port());
  const std::string plain = client.get("/metrics");
  EXPECT_THAT(plain, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(plain, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_THAT(plain, HasSubstr("conflux_tunnels{proxy=\"relay\"} 8\n"));
  EXPECT_THAT(plain, HasSubstr("conflux_scrapes_total 1\n"));
  const std::string open = client.get("/metrics", "Accept: application/openmetrics-text\r\n");
  EXPECT_THAT(open, HasSubstr("Content-Type: application/openmetrics-text; version=1.0.0"));
  EXPECT_THAT(open, HasSubstr("conflux_scrapes_total 2\n")) << "over the same connection";
  EXPECT_EQ(server->scrapes(), 2U);
}

TEST(PrometheusServer, AnswersHeadWithTheLengthAndNoBody) {
  const auto server = serve(on_loopback());
  HttpClient client(server->port());
  client.send("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const std::string response = client.receive(false);
  EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(response, Not(HasSubstr("Content-Length: 0")));
  EXPECT_TRUE(client.is_closed()) << "and nothing more";
  EXPECT_EQ(server->scrapes(), 0U);
}

TEST(PrometheusServer, KnowsNoOtherPathAndNoOtherMethod) {
  const auto server = serve(on_loopback());
  HttpClient client(server->port());
  EXPECT_THAT(client.get("/tunnels"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(client.get("/metrics/../healthz"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(client.get("/metrics?x=1"), StartsWith("HTTP/1.1 200 "));
  client.send("DELETE /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const std::string refused = client.receive();
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(refused, HasSubstr("Allow: GET, HEAD\r\n"));
}

TEST(PrometheusServer, RefusesAHeaderThatIsTooLongWith431) {
  PrometheusServerOptions options = on_loopback();
  options.header_bytes_max = 1024;
  const auto server = serve(options);
  HttpClient client(server->port());
  client.send("GET / HTTP/1.1\r\nX: " + std::string(1500, 'x') + "\r\n\r\n");
  EXPECT_THAT(client.receive(), StartsWith("HTTP/1.1 431 "));
  EXPECT_TRUE(client.is_closed());
}

TEST(PrometheusServer, RefusesABodyAndWhatIsNoHttp) {
  const auto server = serve(on_loopback());
  HttpClient with_body(server->port());
  with_body.send("GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n");
  EXPECT_THAT(with_body.receive(), StartsWith("HTTP/1.1 413 "));
  HttpClient rubbish(server->port());
  rubbish.send("\x16\x03\x01 what is this\r\n\r\n");
  EXPECT_THAT(rubbish.receive(), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(HttpClient(server->port()).get("/"), StartsWith("HTTP/1.1 200 "));
}

TEST(PrometheusServer, ClosesAClientThatNeverFinishesItsRequest) {
  PrometheusServerOptions options = on_loopback();
  options.timeout = 50ms;
  const auto server = serve(options);
  HttpClient client(server->port());
  client.send("GET /metrics HTT");
  EXPECT_TRUE(client.is_closed());
}

TEST(PrometheusServer, TurnsAwayOneConnectionTooManyAndTakesTheNext) {
  PrometheusServerOptions options = on_loopback();
  options.connections_max = 1;
  const auto server = serve(options);
  {
    HttpClient first(server->port());
    EXPECT_THAT(first.get("/healthz"), StartsWith("HTTP/1.1 200 "));
    HttpClient second(server->port());
    EXPECT_THAT(second.receive(), StartsWith("HTTP/1.1 503 "));
    first.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    static_cast<void>(first.receive());
    EXPECT_TRUE(first.is_closed());
  }
  EXPECT_THAT(HttpClient(server->port()).get("/healthz"), StartsWith("HTTP/1.1 200 "));
}

TEST(PrometheusServer, IsHealthyOnlyWhileItLooksAtItsRegions) {
  const auto fresh = serve(on_loopback());
  EXPECT_THAT(HttpClient(fresh->port()).get("/healthz"), HasSubstr("ok\nregions_live 1\n"));
  Snapshot old = fresh_snapshot();
  old.taken_at -= 10min;
  const auto stale = serve(on_loopback(), source_of(old));
  EXPECT_THAT(HttpClient(stale->port()).get("/healthz"), StartsWith("HTTP/1.1 503 "));
  const auto empty = serve(on_loopback(), {.snapshot = [] { return nullptr; }, .facts = facts});
  EXPECT_THAT(HttpClient(empty->port()).get("/healthz"), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(HttpClient(empty->port()).get("/metrics"), StartsWith("HTTP/1.1 503 "));
}

TEST(PrometheusServer, Says500WhenItsSourceFails) {
  const auto server = serve(on_loopback(), {.snapshot = []() -> std::shared_ptr<const Snapshot> {
                                              throw std::runtime_error("secret");
                                            },
                                            .facts = facts});
  const std::string response = HttpClient(server->port()).get("/metrics");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(response, Not(HasSubstr("secret")));
}

TEST(PrometheusServer, HasAFrontPageThatLoadsNothingFromElsewhere) {
  Snapshot snapshot = fresh_snapshot();
  snapshot.regions[0].problem = "<script>alert(1)</script>";
  const auto server = serve(on_loopback(), source_of(snapshot));
  const std::string page = HttpClient(server->port()).get("/");
  EXPECT_THAT(page, HasSubstr("Content-Security-Policy: default-src 'none'; style-src 'self'"));
  EXPECT_THAT(page, HasSubstr("<td>relay</td>"));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("http://")));
  EXPECT_THAT(page, Not(HasSubstr("https://")));
  EXPECT_THAT(HttpClient(server->port()).get("/style.css"), HasSubstr("Content-Type: text/css"));
}

// DNS rebinding: a page in the operator's browser whose own name now means 127.0.0.1.
TEST(PrometheusServer, AnswersNobodyWhoCallsItByAnotherName) {
  const auto server = serve(on_loopback());
  HttpClient client(server->port());
  client.send("GET /metrics HTTP/1.1\r\nHost: evil.example:9190\r\n\r\n");
  const std::string response = client.receive();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 421 "));
  EXPECT_THAT(response, Not(HasSubstr("conflux_tunnels")));
}

TEST(NamesLoopback, TakesAddressesOfLoopbackAndLocalhost) {
  for (const char* host : {"localhost", "LocalHost:9190", "127.0.0.1", "127.0.0.1:9190",
                           "127.8.8.8:1", "[::1]", "[::1]:9190"}) {
    EXPECT_TRUE(names_loopback(host)) << host;
  }
  for (const char* host : {"", "example.org", "localhost.example.org", "10.0.0.1:9190", "[fe80::1]",
                           "0.0.0.0", "[", "127.0.0.1.example.org"}) {
    EXPECT_FALSE(names_loopback(host)) << host;
  }
}

TEST(ListenAddress, RefusesWhatLeavesTheMachineAndSaysWhatToDo) {
  for (const char* text : {"0.0.0.0:9190", "[::]:9190", "192.0.2.1:9190", "example.org:9190"}) {
    const ParsedListenAddress parsed = parse_listen_address(text);
    EXPECT_FALSE(parsed.address) << text;
    EXPECT_THAT(parsed.problem, HasSubstr("mTLS")) << text;
  }
  for (const char* text : {"127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:x", ":9190x",
                           "unix:relative", "", "unix:"}) {
    EXPECT_FALSE(parse_listen_address(text).address) << text;
    EXPECT_FALSE(parse_listen_address(text).problem.empty()) << text;
  }
  EXPECT_FALSE(parse_listen_address("unix:/" + std::string(108, 'x')).address);
  EXPECT_EQ(parse_listen_address("localhost:9190").address->host, "127.0.0.1");
  EXPECT_EQ(parse_listen_address("[::1]:9190").address->port, 9190);
}

TEST(PrometheusServer, FailsWhereAnotherServesAlready) {
  const auto first = serve(on_loopback());
  const auto result = PrometheusServer::start(
      {.listen = "127.0.0.1:" + std::to_string(first->port())}, source_of(fresh_snapshot()));
  EXPECT_EQ(result.server, nullptr);
  EXPECT_THAT(result.problem, HasSubstr("in use"));
}

TEST(PrometheusServerOnUnix, ServesOwnerAndGroupAndLeavesNoSocket) {
  const region::test::Directory directory;
  const std::string path = directory.path() / "metrics.sock";
  auto server = serve({.listen = "unix:" + path});
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0660U);
  EXPECT_THAT(HttpClient(path).get("/metrics"), HasSubstr("conflux_tunnels"));
  server.reset();
  EXPECT_NE(stat(path.c_str(), &status), 0);
}

TEST(PrometheusServerOnUnix, NeitherTakesASocketOverNorLosesItsOwn) {
  const region::test::Directory directory;
  const std::string path = directory.path() / "metrics.sock";
  const auto first = serve({.listen = "unix:" + path});
  const auto second =
      PrometheusServer::start({.listen = "unix:" + path}, source_of(fresh_snapshot()));
  EXPECT_EQ(second.server, nullptr);
  EXPECT_THAT(second.problem, HasSubstr("another process serves this socket"));
  EXPECT_THAT(HttpClient(path).get("/healthz"), StartsWith("HTTP/1.1 200 "));
}

TEST(PrometheusServerOnUnix, ReplacesWhatADeadSidecarLeftButNothingElse) {
  const region::test::Directory directory;
  const std::string path = directory.path() / "metrics.sock";
  const int dead = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), name.sun_path);
  ASSERT_EQ(bind(dead, reinterpret_cast<sockaddr*>(&name), sizeof(name)), 0);
  close(dead);
  serve({.listen = "unix:" + path}).reset();
  std::ofstream(path) << "precious";
  const auto refused =
      PrometheusServer::start({.listen = "unix:" + path}, source_of(fresh_snapshot()));
  EXPECT_THAT(refused.problem, HasSubstr("not a socket"));
  EXPECT_EQ(region::test::contents(path), "precious");
}

TEST(PrometheusServer, KeepsNothingOfTenThousandScrapes) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer has its own heap, and finds leaks itself";
#endif
  Proxies proxies;
  proxies.start("relay");
  proxies.publish("relay", distinct_words());
  const auto server = serve(on_loopback(), source_of(*proxies.collect()));
  HttpClient client(server->port());
  const auto scrape = [&](int times) {
    for (int i = 0; i < times; ++i) ASSERT_THAT(client.get("/metrics"), StartsWith("HTTP/1.1 200"));
  };
  scrape(100);
  const std::size_t before = mallinfo2().uordblks;
  scrape(10'000);
  EXPECT_LT(mallinfo2().uordblks, before + 64 * 1024) << "bytes of the heap in use";
  EXPECT_EQ(server->scrapes(), 10'100U);
}

TEST(PrometheusServer, StopsAtOnceAlthoughClientsAreConnected) {
  auto server = serve(on_loopback());
  HttpClient idle(server->port());
  EXPECT_THAT(idle.get("/healthz"), StartsWith("HTTP/1.1 200 "));
  HttpClient slow(server->port());
  slow.send("GET /met");
  server->stop();
  EXPECT_TRUE(idle.is_closed());
  EXPECT_TRUE(slow.is_closed());
  server->stop();
}

TEST(PrometheusServer, LetsAResponseLeaveThatIsOnItsWayWhenItStops) {
  std::promise<void> asked;
  std::promise<void> go;
  PrometheusSource source = source_of(fresh_snapshot());
  source.facts = [&] {
    asked.set_value();
    go.get_future().wait();
    return facts();
  };
  auto server = serve(on_loopback(), source);
  HttpClient client(server->port());
  client.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  asked.get_future().wait();
  std::thread stopping([&] { server->stop(); });
  go.set_value();
  EXPECT_THAT(client.receive(), HasSubstr("conflux_tunnels"));
  stopping.join();
}

}  // namespace
}  // namespace conflux::sidecar::test
