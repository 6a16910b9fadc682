// One image alone: the plan's operations with lanes along the pixels, so that a single picture does not pay for
// sixteen. Forward for answers; backward too, for trainings that take a step after every image.
#pragma once

#include "run.hpp"

namespace lenet {

class Alone {
 public:
  // `training`: with room for gradients.
  Alone(const Plan& plan, const Kernels& kernels, Scale scale, bool training);

  // Parameters as the kernels here like them: dense layers transposed, [input][units padded to kTile], and every
  // array from a cache line's start, with zeros between. `pack` and `unpack` go from the plan's order and back.
  std::size_t floats() const { return floats_; }
  void pack(const float* flat, float* packed) const;
  void unpack(const float* packed, float* flat) const;

  void load(const std::uint8_t* image, const Planes& placed);
  // For training: what the layers draw for this image.
  void draw(const Draws& draws, std::uint32_t sample);
  // The output layer's values for the image that was loaded.
  const float* forward(const float* packed);
  // After `forward`: the gradient of every packed parameter, from that of the outputs. Overwrites `gradient`.
  void backward(const float* packed, const float* output_gradient, float* gradient);

 private:
  // What a convolution keeps between forward and backward.
  struct Conv {
    Planes padded;      // its output, rows padded to whole registers
    Buffer inner;       // values of `padded`, later their gradient
    Buffer shifted;     // its input as single_conv copies it
    ConvShape back;     // the convolution that turns its gradient into its input's
    Buffer surrounded;  // the gradient between zeros: the input of `back`
    Planes middle;      // where in `surrounded` the gradient lies
    Buffer flipped;     // its weights, turned around: those of `back`
  };
  void convolve(std::size_t i, const float* packed);
  void convolve_back(std::size_t i, const float* packed, float* gradient);
  void each_row(const Planes& at, auto visit) const;

  const Plan& plan_;
  const Kernels& kernels_;
  std::vector<std::size_t> weight_, bias_;  // places in the packed vector, one an operation
  std::size_t floats_ = 0;
  Buffer values_, gradients_, draws_;
  std::vector<Conv> convs_;            // one an operation, empty but for convolutions
  Buffer back_shifted_, back_result_;  // of one convolution's backward pass
  float grey_[256];                    // what a byte becomes
  int height_ = 0, width_ = 0;         // of the image that was loaded
};

}  // namespace lenet
