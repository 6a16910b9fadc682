#include "execute/one_image.hpp"

#include <algorithm>

namespace lenet {
namespace {

// Whole registers reach a little past the end of a single image's planes.
constexpr std::size_t kSlack = 64;

bool contiguous(const Planes& p) { return p.row == p.width && p.plane == p.row * p.height; }

}  // namespace

OneImage::OneImage(const Plan& plan, const Kernels& kernels, Scale scale, bool training)
    : plan_(plan), kernels_(kernels), values_(plan.value_pixels() + kSlack) {
  // The kernel that fills tiles says what each byte becomes, so that one image gets the same bits.
  std::uint8_t ramp[256];
  for (int i = 0; i < 256; ++i) ramp[i] = std::uint8_t(i);
  const std::uint8_t* same[kTile];
  std::fill_n(same, kTile, ramp);
  const Buffer tile(256 * kTile);
  kernels_.load_tile(same, 1, 1, 256, scale.paper, scale.step(), {0, 1, 1, 256, 256, 256}, tile.data());
  for (int i = 0; i < 256; ++i) grey_[i] = tile.data()[i * kTile];

  for (const Op& op : plan_.ops()) {
    weight_.push_back(floats_);
    floats_ += op.kind->packed_weights(op);
    bias_.push_back(floats_);
    floats_ += round_up(op.biases);
    states_.push_back(op.kind->one_image_state(op, training));
  }
  if (!training) return;
  gradients_ = Buffer(plan.gradient_pixels() + kSlack);
  draws_ = Buffer(plan.draw_pixels());
}

void OneImage::pack(const float* flat, float* packed) const {
  std::fill_n(packed, floats_, 0.0f);
  for (std::size_t i = 0; i < plan_.ops().size(); ++i) {
    const Op& op = plan_.ops()[i];
    op.kind->pack(op, flat + op.weight, packed + weight_[i]);
    std::copy_n(flat + op.bias, op.biases, packed + bias_[i]);
  }
}

void OneImage::unpack(const float* packed, float* flat) const {
  for (std::size_t i = 0; i < plan_.ops().size(); ++i) {
    const Op& op = plan_.ops()[i];
    op.kind->unpack(op, packed + weight_[i], flat + op.weight);
    std::copy_n(packed + bias_[i], op.biases, flat + op.bias);
  }
}

// Calls visit(offset of the first pixel, pixels) for runs of pixels that lie side by side.
void OneImage::each_row(const Planes& at, auto visit) const {
  if (contiguous(at)) return visit(at.origin, at.pixels());
  for (int m = 0; m < at.maps; ++m)
    for (int y = 0; y < at.height; ++y) visit(at.at(m, y, 0), std::size_t(at.width));
}

void OneImage::load(const std::uint8_t* image, const Planes& placed) {
  float* values = values_.data();
  if (placed.height != height_ || placed.width != width_) {
    each_row(plan_.input(), [&](std::size_t at, std::size_t count) { std::fill_n(values + at, count, grey_[0]); });
    height_ = placed.height, width_ = placed.width;
  }
  for (int m = 0; m < placed.maps; ++m)
    for (int y = 0; y < placed.height; ++y) {
      float* row = values + placed.at(m, y, 0);
      for (int x = 0; x < placed.width; ++x) row[x] = grey_[*image++];
    }
}

void OneImage::draw(const Draws& draws, std::uint32_t sample) { draws.fill(plan_, sample, draws_.data(), 1); }

const float* OneImage::forward(const float* packed) {
  float* values = values_.data();
  const float* draws = draws_.size() ? draws_.data() : nullptr;
  for (std::size_t i = 0; i < plan_.ops().size(); ++i) {
    const Op& op = plan_.ops()[i];
    op.kind->forward_one(op, {kernels_, packed + weight_[i], packed + bias_[i], values, draws, states_[i].get()});
    if (op.activation == Activation::linear) continue;
    each_row(op.out,
             [&](std::size_t at, std::size_t count) { kernels_.single_activate(op.activation, count, values + at); });
  }
  return values + plan_.output().out.origin;
}

void OneImage::backward(const float* packed, const float* output_gradient, float* gradient) {
  float *values = values_.data(), *d = gradients_.data();
  std::copy_n(output_gradient, plan_.output().out.pixels(), d + plan_.output().out_gradient.origin);
  for (std::size_t i = plan_.ops().size(); i-- > 0;) {
    const Op& op = plan_.ops()[i];
    if (op.activation != Activation::linear) {
      std::size_t to = op.out_gradient.origin;  // gradients lie side by side
      each_row(op.out, [&](std::size_t at, std::size_t count) {
        kernels_.single_activate_gradient(op.activation, count, values + at, d + to);
        to += count;
      });
    }
    op.kind->backward_one(op, {kernels_, packed + weight_[i], values, draws_.data(), d, gradient + weight_[i],
                               gradient + bias_[i], states_[i].get()});
  }
}

}  // namespace lenet
