#include "plugin/sidecar/ctl/top/rate.h"

#include <algorithm>

namespace conflux::top {
namespace {

// Points that lie nearer together than this part of the window are one.
constexpr double kSpacing = 1.0 / 8;

}  // namespace

void Rate::observe(double at, double value) {
  if (!points_.empty() && (value < points_.back().value || at < points_.back().at)) points_.clear();
  if (!points_.empty() && points_.back().at == at) return;
  const bool near = points_.size() >= 2 && at - points_[points_.size() - 2].at < kSpacing * window_;
  if (near) points_.pop_back();
  points_.push_back({at, value});
  while (points_.size() > 2 && points_[1].at <= at - window_) points_.pop_front();
}

double Rate::per_second() const {
  if (points_.size() < 2) return 0;
  return (points_.back().value - points_.front().value) / (points_.back().at - points_.front().at);
}

void History::push(double value) {
  if (values_.size() >= limit_) values_.erase(values_.begin());
  values_.push_back(static_cast<float>(value));
}

float History::largest(std::size_t count) const {
  const std::size_t shown = std::min(count, values_.size());
  const auto first = values_.end() - static_cast<std::ptrdiff_t>(shown);
  return shown == 0 ? 0 : *std::max_element(first, values_.end());
}

}  // namespace conflux::top
