// delay_forwarder: stands in front of TCP servers on loopback and adds delay, as netem would.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "test/bench/e2e/forwarder/forwarder.h"
#include "test/bench/e2e/forwarder/words.h"

namespace delay_forwarder {
namespace {

constexpr const char* kExamples = R"(
Examples:
  delay_forwarder --route 9001:9002:50
      what connects to port 9001 of loopback reaches port 9002, 50 ms later each way
  delay_forwarder --route 9001:9002:0 --route 9011:9012:25.5
      two of them
  echo "delay 9001 150" (on its standard input)
      150 ms each way from now on; answered by `ok` or `error: ...`

Prints `ready` once it listens. Ends when its standard input ends, so that it never outlives the
program that started it.

Exit status: 0 standard input ended, 1 failure, 2 wrong command line.)";

constexpr int kWrongUsage = 2;

// Reads lines from standard input, without ever blocking the forwarding.
class Control {
 public:
  explicit Control(Forwarder& forwarder) : forwarder_(forwarder) {}

  bool read() {
    std::array<char, 4096> buffer;
    const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got <= 0) return got < 0 && (errno == EAGAIN || errno == EINTR);
    text_.append(buffer.data(), static_cast<size_t>(got));
    for (size_t end; (end = text_.find('\n')) != std::string::npos;) {
      answer(text_.substr(0, end));
      text_.erase(0, end + 1);
    }
    return true;
  }

 private:
  void answer(const std::string& line) {
    const auto command = parse_delay_command(line);
    if (!command) {
      fmt::print("error: expected `delay PORT MILLISECONDS`, 0 to {}\n", kDelayMaxMs);
    } else if (!forwarder_.set_delay(command->port, command->delay)) {
      fmt::print("error: no route from port {}\n", command->port);
    } else {
      fmt::print("ok\n");
    }
    std::fflush(stdout);
  }

  Forwarder& forwarder_;
  std::string text_;
};

int serve(const std::vector<Route>& routes, const std::vector<std::string>& exempt) {
  Forwarder forwarder;
  for (const std::string& text : exempt) forwarder.exempt_command(text);
  for (const Route& route : routes) forwarder.add_route(route);
  Control control(forwarder);
  ::fcntl(STDIN_FILENO, F_SETFL, ::fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
  if (!forwarder.watch(STDIN_FILENO, [&control] { return control.read(); })) {
    fmt::print(stderr, "delay_forwarder: standard input must be a pipe or a terminal\n");
    return 1;
  }
  fmt::print("ready\n");
  std::fflush(stdout);
  forwarder.run();
  return 0;
}

int run(int argc, char** argv) {
  CLI::App app("Forwards TCP connections on loopback and adds delay each way.", "delay_forwarder");
  app.footer(kExamples);
  std::vector<std::string> texts;
  app.add_option("--route", texts, "port to listen on, port to forward to, delay each way in ms")
      ->type_name("LISTEN:TARGET:MS")
      ->required()
      ->expected(1)
      ->take_all();
  std::vector<std::string> exempt;
  app.add_option("--exempt-command", exempt,
                 "programs whose command line contains this pass without delay")
      ->type_name("TEXT")
      ->expected(1)
      ->take_all();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kWrongUsage;
  }
  std::vector<Route> routes;
  for (const std::string& text : texts) {
    const auto route = parse_route(text);
    if (!route) {
      fmt::print(stderr,
                 "delay_forwarder: --route {}: expected LISTEN:TARGET:MS, such as 9001:9002:50, "
                 "with at most {} ms\n",
                 text, kDelayMaxMs);
      return kWrongUsage;
    }
    routes.push_back(*route);
  }
  return serve(routes, exempt);
}

}  // namespace
}  // namespace delay_forwarder

int main(int argc, char** argv) {
  try {
    return delay_forwarder::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "delay_forwarder: {}\n", error.what());
    return 1;
  }
}
