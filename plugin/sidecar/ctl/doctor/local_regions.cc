#include "plugin/sidecar/ctl/doctor/local_regions.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "plugin/sidecar/model/collector.h"

namespace conflux::ctl {
namespace {

using region::Health;
using region::Reader;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kLook{50};

PathState state_of_error(int error) {
  if (error == EACCES || error == EPERM) return PathState::kForbidden;
  return error == ENOTDIR ? PathState::kOtherKind : PathState::kAbsent;
}

struct Watched {
  LocalRegion facts;
  std::unique_ptr<Reader> reader;
  bool moved = false;
};

Watched open_region(const std::filesystem::path& path, const std::string& instance) {
  Reader::Result result = Reader::open(path);
  Watched out;
  out.facts = {.instance = instance, .health = result.health, .problem = result.problem};
  out.reader = std::move(result.reader);
  if (out.reader == nullptr) return out;
  out.facts.identity = out.reader->identity();
  out.facts.slots = out.reader->slot_count();
  return out;
}

// False: there is nothing to wait for.
bool look(Watched& it, steady_clock::time_point now, bool first) {
  if (it.reader == nullptr || it.moved) return false;
  it.facts.health = it.reader->check(now, milliseconds::max());
  // The first look always says that the heartbeat is fresh.
  it.moved = !first && it.reader->heartbeat_age() == milliseconds::zero();
  return it.facts.health == Health::kLive && !it.moved;
}

}  // namespace

PathState look_at_socket(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return state_of_error(errno);
  return S_ISSOCK(status.st_mode) ? PathState::kOk : PathState::kOtherKind;
}

DirectoryFacts look_at_directory(const std::string& path, milliseconds patience) {
  DirectoryFacts out{.path = path};
  std::error_code error;
  std::filesystem::directory_iterator at(path, error);
  if (error) {
    out.state = state_of_error(error.value());
    return out;
  }
  std::vector<Watched> watched;
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
    const std::optional<std::string> instance = sidecar::instance_of(at->path());
    if (!instance || watched.size() >= sidecar::kRegionsMax) continue;
    watched.push_back(open_region(at->path(), *instance));
  }
  const auto begin = steady_clock::now();
  bool first = true;
  for (bool waiting = true; waiting && steady_clock::now() - begin < patience; first = false) {
    waiting = false;
    for (Watched& it : watched) waiting = look(it, steady_clock::now(), first) || waiting;
    if (waiting) std::this_thread::sleep_for(kLook);
  }
  for (Watched& it : watched) {
    if (it.reader != nullptr && it.facts.health == Health::kLive && !it.moved) {
      it.facts.health = Health::kStalled;
    }
    out.regions.push_back(std::move(it.facts));
  }
  return out;
}

}  // namespace conflux::ctl
