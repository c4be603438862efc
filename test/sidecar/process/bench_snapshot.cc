// What it costs to ask a sidecar for everything: time at the client, memory of the sidecar.
//
//   bench_snapshot PATH_OF_CONFLUX_SIDECAR [TUNNELS] [ROUNDS]

#include <conflux/metrics/v1/metrics.grpc.pb.h>
#include <grpcpp/grpcpp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "test/region/support.h"

namespace {

namespace pb = conflux::metrics::v1;
namespace region = conflux::region;
using Clock = std::chrono::steady_clock;

std::unique_ptr<region::Writer> make_region(const std::string& directory, std::size_t tunnels) {
  auto writer =
      region::test::make_writer({.directory = directory, .instance = "proxy", .slots = tunnels});
  const std::vector<region::Word> words(region::aggregate_words(), 1024);
  writer->publish_aggregates(words);
  for (std::size_t slot = 0; slot < tunnels; ++slot) {
    region::Slot tunnel{};
    tunnel[region::kSlotDisplayId] = slot * 2654435761U & 0xFFFFFFFFU;
    tunnel[region::kSlotState] = 3 | 2U << 8U;
    tunnel[region::kSlotCellsReceived] = 100'000 + slot;
    for (std::size_t leg = 0; leg < 2; ++leg) {
      region::Word* at = &tunnel[region::kSlotLegs + leg * region::kLegWords];
      at[region::kLegWindow] = region::Word{600} << 32U | 31;
      at[region::kLegRtt] = region::Word{6} << 48U | region::Word{leg + 1} << 32U | 120;
      at[region::kLegCellsReceived] = 50'000 + slot;
    }
    writer->publish_slot(slot, tunnel);
  }
  return writer;
}

pid_t start(const char* program, const std::string& config) {
  const pid_t process = fork();
  if (process == 0) {
    execl(program, program, "--config", config.c_str(), nullptr);
    _exit(127);
  }
  return process;
}

std::string memory_of(pid_t process, const std::string& field) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field)) return line;
  }
  return field + ": gone";
}

void check(const grpc::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.error_message());
}

// All pages; how many tunnels they had.
std::size_t list_all(pb::TunnelService::Stub& stub) {
  pb::ListTunnelsRequest request;
  request.set_page_size(1000);
  std::size_t count = 0;
  do {
    grpc::ClientContext context;
    pb::ListTunnelsResponse response;
    check(stub.ListTunnels(&context, request, &response));
    count += static_cast<std::size_t>(response.tunnels_size());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return count;
}

std::size_t watch_first(pb::TunnelService::Stub& stub) {
  pb::WatchTunnelsRequest request;
  request.set_limit(10'000);
  grpc::ClientContext context;
  const auto reader = stub.WatchTunnels(&context, request);
  pb::ListTunnelsResponse response;
  if (!reader->Read(&response)) check(reader->Finish());
  context.TryCancel();
  return static_cast<std::size_t>(response.tunnels_size());
}

std::size_t snapshot(pb::MetricsService::Stub& stub) {
  grpc::ClientContext context;
  pb::Snapshot response;
  check(stub.GetSnapshot(&context, {}, &response));
  return static_cast<std::size_t>(response.regions(0).samples_size());
}

void measure(const char* what, int rounds, const std::function<std::size_t()>& ask) {
  std::vector<double> times;
  std::size_t answer = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto begin = Clock::now();
    answer = ask();
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
    usleep(300'000);  // so that nothing is fresh any more
  }
  std::ranges::sort(times);
  std::printf("%-34s %6zu things   least %6.1f ms   median %6.1f ms   most %6.1f ms\n", what,
              answer, times.front(), times[times.size() / 2], times.back());
}

void run(const char* program, std::size_t tunnels, int rounds) {
  const region::test::Directory regions;
  const region::test::Directory home;
  const auto writer = make_region(regions.path(), tunnels);
  const std::string socket = home.path() / "grpc.sock";
  const std::string config = home.path() / "conflux.yaml";
  std::ofstream(config) << "version: 1\nsidecar:\n  regions: " << regions.path().native()
                        << "\n  grpc: {socket: " << socket << "}\n";
  const pid_t process = start(program, config);
  const auto channel = grpc::CreateChannel("unix:" + socket, grpc::InsecureChannelCredentials());
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(20))) {
    throw std::runtime_error("no sidecar");
  }
  const auto metrics = pb::MetricsService::NewStub(channel);
  const auto listing = pb::TunnelService::NewStub(channel);
  std::printf("%-34s %s\n", "idle", memory_of(process, "VmRSS").c_str());
  measure("GetSnapshot (samples)", rounds, [&] { return snapshot(*metrics); });
  measure("ListTunnels, all pages of 1000", rounds, [&] { return list_all(*listing); });
  std::printf("%-34s %s\n", "peak so far", memory_of(process, "VmHWM").c_str());
  measure("WatchTunnels, first message", rounds, [&] { return watch_first(*listing); });
  std::printf("%-34s %s\n", "peak", memory_of(process, "VmHWM").c_str());
  sleep(2);
  std::printf("%-34s %s\n", "at rest again", memory_of(process, "VmRSS").c_str());
  kill(process, SIGTERM);
  waitpid(process, nullptr, 0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: bench_snapshot PATH_OF_CONFLUX_SIDECAR [TUNNELS] [ROUNDS]\n");
    return 64;
  }
  try {
    run(argv[1], argc > 2 ? std::stoul(argv[2]) : 10'000, argc > 3 ? std::stoi(argv[3]) : 10);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_snapshot: %s\n", error.what());
    return 1;
  }
  return 0;
}
