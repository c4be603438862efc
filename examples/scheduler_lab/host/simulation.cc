#include "examples/scheduler_lab/host/simulation.h"

#include <algorithm>
#include <memory>
#include <numeric>

#include "examples/scheduler_lab/host/client.h"

namespace scheduler_lab {
namespace {

constexpr std::size_t kSamples = 300;
constexpr Time kSampleMin = 10 * kMillisecond;

mpath::Instance open(const RunOptions& options) {
  const std::string text = configuration(options.scheduler, options.settings);
  mpath::Instance instance;
  std::string words;
  const mpath::Status status = mpath::Instance::open(
      options.plugin, {.text = text, .name = "scheduler_lab"}, &words, &instance);
  if (status != mpath::Status::kOk) {
    throw Broken(words.empty() ? options.plugin.text(status) : words);
  }
  return instance;
}

class Simulation {
 public:
  explicit Simulation(const RunOptions& options)
      : scenario_(*options.scenario),
        random_(options.seed),
        instance_(open(options)),
        network_(engine_, scenario_, clock(), random_.split()) {
    const Client::Environment environment{engine_, network_, bodies_};
    add_client(environment, scenario_.legs, scenario_.traffic);
    for (const CompetitorSpec& competitor : scenario_.competitors) {
      add_client(environment, {competitor.leg}, competitor.traffic);
    }
  }

  RunResult run() {
    tunnel().on_change([this] { note_change(); });
    engine_.at(begun(), [this] { note_begin(); });
    for (const auto& client : clients_) client->start();
    const Time interval = std::max(kSampleMin, scenario_.duration / kSamples);
    sample_later(interval);
    engine_.run(scenario_.duration);
    note_depth();
    take_sample();
    return report();
  }

 private:
  // Where the machine's clock stands when the run begins.
  CoarseClock clock() {
    return {.period = scenario_.tor.coarse_clock, .phase = kSecond + random_.up_to(kSecond - 1)};
  }

  void add_client(const Client::Environment& environment, const std::vector<LegSpec>& legs,
                  const std::vector<TrafficSpec>& traffic) {
    clients_.push_back(std::make_unique<Client>(environment,
                                                ClientOptions{.number = clients_.size(),
                                                              .legs = legs,
                                                              .traffic = traffic,
                                                              .rebuild = scenario_.rebuild,
                                                              .instance = &instance_},
                                                random_.split()));
  }

  Client& tunnel() { return *clients_.front(); }

  // When the first flow of the tunnel starts.
  [[nodiscard]] Time begun() const {
    return std::ranges::min(scenario_.traffic, {}, &TrafficSpec::start).start;
  }

  void note_begin() {
    for (const auto& client : clients_) before_.push_back(client->traffic().delivered());
  }

  void note_change() {
    note_depth();
    result_.ended = engine_.now();
    if (tunnel().traffic().finished()) engine_.stop();
  }

  void note_depth() {
    const Time now = engine_.now();
    held_time_ += static_cast<double>(held_) * static_cast<double>(now - held_since_);
    held_since_ = now;
    held_ = tunnel().held_cells();
    peak_.held_cells = std::max<std::uint64_t>(peak_.held_cells, held_);
    peak_.held_bytes = std::max(peak_.held_bytes, tunnel().held_bytes());
  }

  void sample_later(Time interval) {
    engine_.after(interval, [this, interval] {
      take_sample();
      sample_later(interval);
    });
  }

  void take_sample() {
    peak_.at = engine_.now();
    peak_.delivered = tunnel().traffic().delivered();
    peak_.legs.clear();
    for (const LegReport& leg : tunnel().legs()) {
      peak_.legs.push_back({.cwnd = leg.cwnd, .rtt_us = leg.rtt_us, .cells = leg.cells});
    }
    result_.peak_held_cells = std::max(result_.peak_held_cells, peak_.held_cells);
    result_.peak_held_bytes = std::max(result_.peak_held_bytes, peak_.held_bytes);
    result_.samples.push_back(peak_);
    peak_ = {.held_cells = tunnel().held_cells(), .held_bytes = tunnel().held_bytes()};
  }

  [[nodiscard]] double seconds_of_tunnel() const {
    const Time ended = std::max(result_.ended, begun() + 1);
    return static_cast<double>(ended - begun()) / kSecond;
  }

  [[nodiscard]] std::uint64_t p95_held() const {
    std::vector<std::uint64_t> peaks;
    for (const Sample& sample : result_.samples) peaks.push_back(sample.held_cells);
    const auto at = peaks.begin() + static_cast<std::ptrdiff_t>(peaks.size() * 95 / 100);
    std::nth_element(peaks.begin(), at, peaks.end());
    return *at;
  }

  RunResult report();
  void report_traffic();
  void report_fairness();

  const Scenario& scenario_;
  Random random_;
  Engine engine_;
  mpath::Instance instance_;
  ControlBodies bodies_;
  Network network_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::uint64_t> before_;  // bytes that each client had delivered when the tunnel began
  RunResult result_;
  Sample peak_;
  std::uint64_t held_ = 0;
  Time held_since_ = 0;
  double held_time_ = 0;
};

void Simulation::report_traffic() {
  const Traffic& traffic = tunnel().traffic();
  if (!traffic.finished()) result_.ended = scenario_.duration;
  result_.bytes_sent = traffic.sent();
  result_.bytes_delivered = traffic.delivered();
  result_.goodput = static_cast<double>(traffic.delivered()) / seconds_of_tunnel();
  for (const Message& message : traffic.messages()) {
    if (message.endless) continue;
    Completion completion{.kind = message.kind, .created = message.created, .bytes = message.size};
    if (message.completed) completion.took = *message.completed - message.created;
    result_.completions.push_back(completion);
  }
}

// Rates are compared over one span of time for all: that in which the tunnel has something to send.
void Simulation::report_fairness() {
  if (clients_.size() < 2) return;
  std::vector<double> rates{result_.goodput};
  for (std::size_t i = 1; i < clients_.size(); ++i) {
    const std::uint64_t bytes = clients_[i]->traffic().delivered() - before_.at(i);
    rates.push_back(static_cast<double>(bytes) / seconds_of_tunnel());
    result_.competitor_goodput.push_back(rates.back());
  }
  result_.jain = jain_index(rates);
}

RunResult Simulation::report() {
  report_traffic();
  report_fairness();
  result_.switches = tunnel().switches();
  result_.tunnels_lost = tunnel().tunnels_lost();
  result_.mean_held_cells = held_time_ / static_cast<double>(std::max<Time>(engine_.now(), 1));
  result_.p95_held_cells = p95_held();
  const std::vector<LegReport> legs = tunnel().legs();
  const double cells = std::accumulate(
      legs.begin(), legs.end(), 0.0,
      [](double sum, const LegReport& leg) { return sum + static_cast<double>(leg.cells); });
  for (const LegReport& leg : legs) {
    result_.shares.push_back(cells > 0 ? static_cast<double>(leg.cells) / cells : 0);
  }
  result_.events = engine_.events();
  return std::move(result_);
}

}  // namespace

std::string configuration(const std::string& scheduler, const std::string& settings) {
  return "version: 1\nconflux:\n  profile: lab\n  scheduler: " + scheduler + "\n" + settings;
}

RunResult simulate(const RunOptions& options) { return Simulation(options).run(); }

double jain_index(const std::vector<double>& rates) {
  double sum = 0;
  double squares = 0;
  for (const double rate : rates) {
    sum += rate;
    squares += rate * rate;
  }
  return squares > 0 ? sum * sum / (static_cast<double>(rates.size()) * squares) : 1.0;
}

}  // namespace scheduler_lab
