#include "test/bench/e2e/forwarder/peer_process.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <system_error>

namespace delay_forwarder {
namespace {

namespace fs = std::filesystem;

// As /proc/net/tcp writes it on a little-endian machine: 127.0.0.1 comes backwards.
std::string kernel_endpoint(uint16_t port) {
  std::ostringstream text;
  text << "0100007F:" << std::hex << std::uppercase;
  text.width(4);
  text.fill('0');
  text << port;
  return text.str();
}

std::optional<std::string> inode_of(uint16_t from_port, uint16_t to_port) {
  std::ifstream table("/proc/net/tcp");
  std::string line;
  std::getline(table, line);
  const std::string from = kernel_endpoint(from_port);
  const std::string to = kernel_endpoint(to_port);
  while (std::getline(table, line)) {
    std::istringstream words(line);
    std::string slot, local, remote, state, queues, timer, retries, uid, timeout, inode;
    words >> slot >> local >> remote >> state >> queues >> timer >> retries >> uid >> timeout >>
        inode;
    if (local == from && remote == to) return inode;
  }
  return std::nullopt;
}

// Processes come and go while one looks, and those of others cannot be looked into: not ours then.
bool has_descriptor(const fs::path& process, const std::string& target) {
  std::error_code ignored;
  for (fs::directory_iterator it(process / "fd", ignored), end; !ignored && it != end;
       it.increment(ignored)) {
    std::error_code unreadable;
    if (fs::read_symlink(it->path(), unreadable) == target) return true;
  }
  return false;
}

std::string command_of(const fs::path& process) {
  std::ifstream file(process / "cmdline");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  std::ranges::replace(text, '\0', ' ');
  return text;
}

}  // namespace

std::string command_of_peer(uint16_t its_port, uint16_t our_port) {
  const std::optional<std::string> inode = inode_of(its_port, our_port);
  if (!inode) return {};
  const std::string target = "socket:[" + *inode + "]";
  std::error_code ignored;
  for (fs::directory_iterator it("/proc", ignored), end; !ignored && it != end;
       it.increment(ignored)) {
    const std::string name = it->path().filename();
    const bool is_process =
        std::ranges::all_of(name, [](unsigned char c) { return std::isdigit(c) != 0; });
    if (is_process && has_descriptor(it->path(), target)) return command_of(it->path());
  }
  return {};
}

}  // namespace delay_forwarder
