// One image: the plan's operations with lanes along the pixels, so that one image does not pay for sixteen. Forward
// for answers; backward too, for trainings that take a step after every image.
#pragma once

#include "layers/layer.hpp"

namespace lenet {

class OneImage {
 public:
  // `training`: with memory for gradients.
  OneImage(const Plan& plan, const Kernels& kernels, Scale scale, bool training);

  // Parameters as the kernels for one image take them: dense layers transposed, [input][units padded to kTile], and
  // every array at the start of a cache line, with zeros between. `pack` and `unpack` convert from the plan's order
  // and back.
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
  void each_row(const Planes& at, auto visit) const;

  const Plan& plan_;
  const Kernels& kernels_;
  std::vector<std::size_t> weight_, bias_;  // places in the packed vector, one an operation
  std::size_t floats_ = 0;
  Buffer values_, gradients_, draws_;
  std::vector<std::unique_ptr<OneImageState>> states_;  // one an operation
  float grey_[256];                                     // the grey level of each byte
  int height_ = 0, width_ = 0;                          // of the image that was loaded
};

}  // namespace lenet
