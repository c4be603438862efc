// The lines of README.md that show the hook-up, in a place where they compile.
#include <array>
#include <cstdint>
#include <mpath/loader.hpp>
#include <string>
#include <vector>

struct Host {
  std::string yaml;
  const char* name;
  mpath::LegParams first;
  std::array<std::uint8_t, MPATH_SEED_LEN> seed;
  std::vector<mpath_leg_params> others;
  std::vector<mpath_leg_id> ids;
  mpath::Tunnel tunnel;
  mpath::Tunnel::Discard discard;
  mpath_leg_id leg;
  mpath::Views views;
  mpath::EventBuffer events;
  mpath::RouteRequest request;
  mpath::Cell cell;
  mpath_grant grant;
  mpath_receipt receipt;
  std::uint64_t now;
  void (*deliver_or_discard)(const mpath_token&);

  void hook_up() {
    // [fragment]
  }
};
