#include "execute/one_image.hpp"

#include <algorithm>

#include "execute/tiles.hpp"

namespace lenet {
namespace {

// Fills `gray` with what each byte becomes. The kernel that loads tiles says so, so that one image gets the same bits.
void fill_gray(const Kernels& kernels, Scale scale, float (&gray)[256]) {
  std::uint8_t ramp[256];
  for (int i = 0; i < 256; ++i) ramp[i] = std::uint8_t(i);
  const std::uint8_t* images[kTile];
  std::fill_n(images, kTile, ramp);
  const Buffer tile(256 * kTile);
  load_tile(kernels, images, scale, {0, 1, 1, 256, 256, 256}, tile.data());
  for (int i = 0; i < 256; ++i) gray[i] = tile.data()[i * kTile];
}

}  // namespace

OneImage::OneImage(const Plan& plan, const Kernels& kernels, Scale scale, bool training)
    : plan_(plan), kernels_(kernels), values_(plan.sizes().value_pixels + kOneImageSlack) {
  fill_gray(kernels_, scale, gray_);
  std::size_t state = 0, scratch = 0;
  for (std::size_t i = 0; i < plan_.size(); ++i) {
    const Operation& operation = plan_[i];
    const OneImageFloats needs = operation.one_image_floats(training);
    const std::size_t bias = floats_ + round_up(operation.packed_weights());
    places_.push_back({floats_, bias, state});
    floats_ = bias + round_up(operation.biases);
    state += round_up(needs.state);
    scratch = std::max(scratch, needs.scratch);
  }
  states_ = Buffer(state);
  if (!training) return;
  gradients_ = Buffer(plan_.sizes().gradient_pixels + kOneImageSlack);
  draws_ = Buffer(plan_.sizes().draw_pixels);
  scratch_ = Buffer(scratch);
}

void OneImage::pack(const float* flat, float* packed) const {
  std::fill_n(packed, floats_, 0.0f);
  for (std::size_t i = 0; i < plan_.size(); ++i) {
    plan_[i].pack(flat + plan_[i].weight, packed + places_[i].weight);
    std::copy_n(flat + plan_[i].bias, plan_[i].biases, packed + places_[i].bias);
  }
}

void OneImage::unpack(const float* packed, float* flat) const {
  for (std::size_t i = 0; i < plan_.size(); ++i) {
    plan_[i].unpack(packed + places_[i].weight, flat + plan_[i].weight);
    std::copy_n(packed + places_[i].bias, plan_[i].biases, flat + plan_[i].bias);
  }
}

// Calls visit(offset of the first pixel, pixels) for runs of pixels that lie side by side.
void OneImage::each_run(const Planes& at, auto visit) const {
  if (at.row == at.width && at.plane == at.row * at.height) return visit(at.origin, at.pixels());
  for (int m = 0; m < at.maps; ++m)
    for (int y = 0; y < at.height; ++y) visit(at.at(m, y, 0), std::size_t(at.width));
}

void OneImage::load(const std::uint8_t* image, const Planes& placed) {
  float* values = values_.data();
  if (placed.height != height_ || placed.width != width_) {
    each_run(plan_.input(), [&](std::size_t at, std::size_t count) { std::fill_n(values + at, count, gray_[0]); });
    height_ = placed.height, width_ = placed.width;
  }
  for (int m = 0; m < placed.maps; ++m)
    for (int y = 0; y < placed.height; ++y) {
      float* row = values + placed.at(m, y, 0);
      for (int x = 0; x < placed.width; ++x) row[x] = gray_[*image++];
    }
}

void OneImage::draw(const Draws& draws, std::uint32_t sample) { draws.fill(plan_, sample, draws_.data(), 1); }

OneImagePass OneImage::pass(std::size_t i, const float* packed) const {
  return {.kernels = kernels_,
          .weight = packed + places_[i].weight,
          .bias = packed + places_[i].bias,
          .values = values_.data(),
          .draws = draws_.data(),
          .state = states_.data() + places_[i].state};
}

const float* OneImage::forward(const float* packed) {
  float* values = values_.data();
  for (std::size_t i = 0; i < plan_.size(); ++i) {
    const Operation& operation = plan_[i];
    operation.forward_one_image(pass(i, packed));
    if (operation.activation == Activation::linear) continue;
    each_run(operation.out, [&](std::size_t at, std::size_t count) {
      kernels_.one_image_activate(operation.activation, count, values + at);
    });
  }
  return values + plan_.output().out.origin;
}

void OneImage::backward(const float* packed, const float* output_gradient, float* gradient) {
  const float* values = values_.data();
  float* gradients = gradients_.data();
  const Operation& output = plan_.output();
  std::copy_n(output_gradient, output.out.pixels(), gradients + output.out_gradient.origin);
  for (std::size_t i = plan_.size(); i-- > 0;) {
    const Operation& operation = plan_[i];
    if (operation.activation != Activation::linear) {
      std::size_t to = operation.out_gradient.origin;  // gradients lie side by side
      each_run(operation.out, [&](std::size_t at, std::size_t count) {
        kernels_.one_image_activate_gradient(operation.activation, count, values + at, gradients + to);
        to += count;
      });
    }
    OneImagePass backward = pass(i, packed);
    backward.gradients = gradients;
    backward.weight_gradient = gradient + places_[i].weight;
    backward.bias_gradient = gradient + places_[i].bias;
    backward.scratch = scratch_.data();
    operation.backward_one_image(backward);
  }
}

}  // namespace lenet
