// Numbers as people read them. Pure functions.
#pragma once

#include <conflux/metrics/v1/metrics.pb.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace conflux::ctl {

// What one sequenced cell carries at most. Goodput is cells times this.
// Spec: tor-spec "Relay cells": PAYLOAD_LEN - 11.
inline constexpr double kBytesPerCell = 498;

// Decimal, as links are sold: "0 B", "950 B", "1.2 kB", "12.4 MB". At most 8 characters.
std::string in_rate_units(double bytes);
// Binary, as memory is: "0 B", "6.1 KiB", "64 MiB". At most 10 characters.
std::string in_memory_units(std::uint64_t bytes);
// The two largest units: "42 s", "3 min", "2 h 05 min", "3 d 4 h".
std::string in_words(std::chrono::seconds duration);
// "1.9x". "-" for 0: there is no answer yet.
std::string as_ratio(double ratio);
// "3fa1c2d4".
std::string tunnel_name(std::uint32_t display_id);
// A metric's value: whole numbers without a point, others with up to six digits.
std::string number(double value);

std::string_view word_for(metrics::v1::Region::Health health);
std::string_view word_for(metrics::v1::Tunnel::State state);
std::string_view word_for(metrics::v1::Leg::State state);
std::string_view word_for(metrics::v1::MetricDescription::Kind kind);
// "<1m", "<10m", "<1h", ">1h".
std::string_view word_for(metrics::v1::Tunnel::Age age);

double seconds_of(const google::protobuf::Timestamp& time);
double seconds_of(const google::protobuf::Duration& duration);
// Milliseconds; nothing measured is 0.
std::uint32_t rtt_of(const metrics::v1::Leg& leg);

// Whatever a stranger sent, as something that cannot steer a terminal: control characters become
// '?'.
std::string printable(std::string_view text);

}  // namespace conflux::ctl
