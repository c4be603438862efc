// Bytes that are read into one end and taken from the other, without a copy in between.
#pragma once

#include <cassert>

#include "examples/onion_proxy/base/wire.h"

namespace onion_proxy {

/// A buffer between a socket and who parses: `prepare` room, read into it, `commit`, look at
/// `bytes`, `consume`. Only `prepare` moves anything, so a read may be under way while bytes that
/// came before are looked at and consumed. Keeps its memory: twice what waits and the room at most.
class ByteQueue {
 public:
  /// Room for `size` bytes behind those that wait; follow with `commit` of what was read.
  MutableByteView prepare(size_t size) {
    if (begin_ == end_) {
      begin_ = end_ = 0;
    } else if (end_ + size > buffer_.size() && begin_ >= end_ - begin_) {
      // Never more than has been consumed since the last time: at most one move for each byte.
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (end_ + size > buffer_.size()) buffer_.resize(end_ + size);
    return MutableByteView(buffer_).subspan(end_, size);
  }

  void commit(size_t size) {
    assert(end_ + size <= buffer_.size());
    end_ += size;
  }

  size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  MutableByteView bytes() { return MutableByteView(buffer_).subspan(begin_, size()); }
  ByteView bytes() const { return ByteView(buffer_).subspan(begin_, size()); }

  void consume(size_t count) {
    assert(count <= size());
    begin_ += count;
  }

 private:
  Bytes buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace onion_proxy
