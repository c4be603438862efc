// What the sub-commands of confluxctl share. To add a group of them: write add_<group>_commands in
// a file of its own, declare it here and call it in main.cc.
#pragma once

#include <CLI/CLI.hpp>

#include "config/confluxctl/console.h"

namespace conflux::ctl {

// Spec: sysexits.h, which systemd and mail systems know too.
inline constexpr int kExitOk = 0;
inline constexpr int kExitUsage = 64;
inline constexpr int kExitNoInput = 66;
inline constexpr int kExitUnavailable = 69;
inline constexpr int kExitIo = 74;
inline constexpr int kExitConfig = 78;

// A callback that ran stores its exit code here.
struct Outcome {
  int exit_code = kExitOk;
};

// top | tunnels | watch | metrics | doctor: what runs now, as conflux-sidecar tells it. They live in
// plugin/sidecar/ctl and exist where gRPC does (CONFLUXCTL_LIVE).
void add_live_commands(CLI::App& app, const Console& console, Outcome& outcome);

// config check | defaults | schema | explain | reference. `console` and `outcome` must outlive
// `app`.
void add_config_commands(CLI::App& app, const Console& console, Outcome& outcome);

}  // namespace conflux::ctl
