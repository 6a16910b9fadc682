// The memory of one thread's passes over some tiles of images: values, gradients, winners and draws.
#pragma once

#include <memory>

#include "base/buffer.hpp"
#include "network/plan.hpp"

namespace lenet {

// What the operations read and write for some tiles of images: values, and for training their gradients.
class Workspace {
 public:
  Workspace(const Plan& plan, int tiles, bool training);

  // Values of operation outputs etc., as views of `count` tiles starting with `first`.
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

  // Fills the input around images smaller than it with paper, where it is not there already.
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

}  // namespace lenet
