// Running a plan: forward and backward over some tiles of images, in one thread, in a workspace of its own.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>

#include "plan.hpp"

namespace lenet {

// Floats at the start of a cache line, zero at first.
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

// Grey levels: what a network is given for paper (byte 0) and for ink (byte 255).
struct Scale {
  float paper, ink;
  float step() const { return (ink - paper) / 255.0f; }
};

// Byte images in a row in memory, [image][map][row][column].
struct Images {
  const std::uint8_t* data;
  std::size_t count;
  int maps, height, width;
  std::size_t bytes() const { return std::size_t(maps) * height * width; }
  const std::uint8_t* operator[](std::size_t i) const { return data + i * bytes(); }
};

// What the operations read and write for some tiles of images: values, and for training their gradients.
class Workspace {
 public:
  Workspace(const Plan& plan, int tiles, bool training);

  // Values of operation outputs etc., as views of `count` tiles from the `first` on.
  Tiles values(const Planes& at, int first, int count) {
    return {tile_values(first) + at.origin * kTile, value_stride_, count};
  }
  Tiles gradients(const Planes& at, int first, int count) {
    return {tile_gradients(first) + at.origin * kTile, gradient_stride_, count};
  }
  float* tile_values(int t) { return values_.data() + std::size_t(t) * value_stride_; }
  float* tile_gradients(int t) { return gradients_.data() + std::size_t(t) * gradient_stride_; }
  std::uint8_t* winners(int t) { return winners_ ? winners_.get() + std::size_t(t) * winner_stride_ : nullptr; }
  // Numbers from [0, 1) for stochastic pooling; null where nothing is random.
  float* draws(int t) { return draws_.size() ? draws_.data() + std::size_t(t) * draw_stride_ : nullptr; }

  // Paper around images smaller than the input, where it is not there already.
  void prepare(const Plan& plan, const Planes& placed, float paper);

 private:
  Buffer values_, gradients_, draws_;
  std::unique_ptr<std::uint8_t[]> winners_;
  std::size_t value_stride_, gradient_stride_ = 0, winner_stride_ = 0, draw_stride_ = 0;
  int tiles_;
  int placed_height_ = 0, placed_width_ = 0;
  float paper_ = 0.0f;
};

// What backward passes need besides, one for each thread.
struct Scratch {
  Scratch(const Plan& plan, int tiles)
      : inner(plan.inner_pixels() * kTile),
        floats(plan.scratch_floats(tiles)),
        targets(std::size_t(plan.classes()) * kTile) {}
  Buffer inner, floats, targets;
};

// What is drawn for a training's step: a function of the seed, the step, the sample, and the place.
struct Draws {
  std::uint64_t seed;
  std::uint32_t step;
  // out[pixel * stride], for every output of the plan's random operations.
  void fill(const Plan& plan, std::uint32_t sample, float* out, int stride) const;
};

// The outputs of the span's operations, for `count` tiles from the `first` on.
void forward(const Plan& plan, const Kernels& k, const float* weights, Workspace& work, int first, int count,
             Span span);
// The gradients of the span's weights (written, not added) and of all that lies before, from that of its last output.
void backward(const Plan& plan, const Kernels& k, const float* weights, Workspace& work, Scratch& scratch, int first,
              int count, Span span, float* gradient);
// The same for second derivatives, of one tile, as LeCun et al. 1998 propagate them: the chain rule with weights,
// values and slopes squared. `squares` are the weights' squares, `squared` has room for the values of a tile.
void backward_twice(const Plan& plan, const Kernels& k, const float* weights, const float* squares, Workspace& work,
                    Scratch& scratch, float* squared, Span span, float* curvature);

}  // namespace lenet
