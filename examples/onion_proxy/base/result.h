// Outcome of an operation on outside input: a value, or words for a log line that say what was
// expected. Nothing in the proxy throws across an asynchronous handler.
#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace onion_proxy {

// `message` is a full sentence fragment without a trailing stop, fit for a log or a terminal.
struct Error {
  std::string message;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }

  T& value() & { return (assert(ok()), *std::get_if<0>(&state_)); }
  const T& value() const& { return (assert(ok()), *std::get_if<0>(&state_)); }
  T&& value() && { return (assert(ok()), std::move(*std::get_if<0>(&state_))); }

  const std::string& error() const {
    assert(!ok());
    return std::get_if<1>(&state_)->message;
  }

 private:
  std::variant<T, Error> state_;
};

// A result without a value: success, or the reason of the refusal.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error.message)), ok_(false) {}

  bool ok() const { return ok_; }
  const std::string& error() const { return error_; }

 private:
  std::string error_;
  bool ok_ = true;
};

}  // namespace onion_proxy
