// A plan run over one image, with lanes along the pixels, so that a single image does not pay for sixteen: forward for
// inference, backward too for trainings that take a step after every image. It knows operations, and no layer kinds.
#pragma once

#include <vector>

#include "execute/draws.hpp"
#include "network/workspace.hpp"

namespace lenet {

class OneImage {
 public:
  // `training`: with memory for gradients.
  OneImage(const Plan& plan, const Kernels& kernels, Scale scale, bool training);

  // Parameters as the kernels for one image want them: every array starts a cache line, with zeros between. `pack` and
  // `unpack` convert from the plan's order and back.
  std::size_t floats() const { return floats_; }
  void pack(const float* flat, float* packed) const;
  void unpack(const float* packed, float* flat) const;

  void load(const std::uint8_t* image, const Planes& placed);
  // For training: what the operations draw for this image.
  void draw(const Draws& draws, std::uint32_t sample);
  // The output layer's values for the image that was loaded.
  const float* forward(const float* packed);
  // After `forward`: the gradient of every packed parameter, from that of the outputs.
  void backward(const float* packed, const float* output_gradient, float* gradient);

 private:
  // Where an operation's arrays begin.
  struct Places {
    std::size_t weight, bias;  // in packed parameters
    std::size_t state;         // in `states_`
  };
  OneImagePass pass(std::size_t i, const float* packed) const;
  void each_run(const Planes& at, auto visit) const;

  const Plan& plan_;
  const Kernels& kernels_;
  std::vector<Places> places_;  // one an operation
  std::size_t floats_ = 0;
  Buffer values_, gradients_, draws_, states_, scratch_;
  float gray_[256];             // what a byte becomes
  int height_ = 0, width_ = 0;  // of the image that was loaded
};

}  // namespace lenet
