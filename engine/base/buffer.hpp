// A fixed number of floats, aligned to a cache line as the kernels' loads need it.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>

namespace lenet {

// Zeros at first. Moves, does not copy.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t floats) : size_(floats) {
    if (!floats) return;
    void* memory = std::aligned_alloc(64, (floats * sizeof(float) + 63) / 64 * 64);
    if (!memory) throw std::bad_alloc();
    data_.reset(static_cast<float*>(memory));
    std::fill_n(data_.get(), floats, 0.0f);
  }
  float* data() const { return data_.get(); }
  std::size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(float* p) const { std::free(p); }
  };
  std::unique_ptr<float[], Free> data_;
  std::size_t size_ = 0;
};

}  // namespace lenet
