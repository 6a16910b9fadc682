#include "alone.hpp"

#include <algorithm>

namespace lenet {
namespace {

// Whole registers reach a little past the end of a single image's planes.
constexpr std::size_t kSlack = 64;

bool convolves(const Op& op) { return op.kind == Op::Kind::conv || op.kind == Op::Kind::conv_pool; }

Planes padded_rows(int maps, int height, int width) {
  const int row = int(round_up(std::size_t(width)));
  return {0, maps, height, width, row, height * row};
}

// What single_conv copies its input to.
std::size_t shifted_floats(const ConvShape& s) {
  return std::size_t(s.in.maps) * s.kernel_width * (s.out.height + s.kernel_height - 1) * s.out.row;
}

bool contiguous(const Planes& p) { return p.row == p.width && p.plane == p.row * p.height; }

}  // namespace

Alone::Alone(const Plan& plan, const Kernels& kernels, Scale scale, bool training)
    : plan_(plan), kernels_(kernels), values_(plan.value_pixels() + kSlack), convs_(plan.ops().size()) {
  // The kernel that fills tiles says what each byte becomes, so that one image gets the same bits.
  std::uint8_t ramp[256];
  for (int i = 0; i < 256; ++i) ramp[i] = std::uint8_t(i);
  const std::uint8_t* same[kTile];
  std::fill_n(same, kTile, ramp);
  const Buffer tile(256 * kTile);
  kernels_.load_tile(same, 1, 1, 256, scale.paper, scale.step(), {0, 1, 1, 256, 256, 256}, tile.data());
  for (int i = 0; i < 256; ++i) grey_[i] = tile.data()[i * kTile];

  std::size_t back_shifted = 0, back_result = 0;
  for (std::size_t i = 0; i < plan_.ops().size(); ++i) {
    const Op& op = plan_.ops()[i];
    weight_.push_back(floats_);
    floats_ += op.kind == Op::Kind::dense ? op.dense.inputs * round_up(op.dense.outputs) : round_up(op.weights);
    bias_.push_back(floats_);
    floats_ += round_up(op.biases);
    if (!convolves(op)) continue;
    Conv& conv = convs_[i];
    conv.padded = padded_rows(op.conv.out.maps, op.conv.out.height, op.conv.out.width);
    ConvShape shape = op.conv;
    shape.out = conv.padded;
    conv.inner = Buffer(std::size_t(conv.padded.maps) * conv.padded.plane + kSlack);
    conv.shifted = Buffer(shifted_floats(shape));
    if (!training || i == 0) continue;
    // The gradient of the input is a convolution of the output's gradient between zeros, the kernels turned around
    // and the tables seen from the other side.
    const int zeros_y = op.conv.kernel_height - 1, zeros_x = op.conv.kernel_width - 1;
    Planes all{0, conv.padded.maps, conv.padded.height + 2 * zeros_y, conv.padded.width + 2 * zeros_x, 0, 0};
    all.row = all.width, all.plane = all.row * all.height;
    conv.surrounded = Buffer(all.pixels() + kSlack);
    conv.middle = all;
    conv.middle.origin = all.at(0, zeros_y, zeros_x);
    conv.middle.height = conv.padded.height, conv.middle.width = conv.padded.width;
    conv.back = op.conv;
    conv.back.in = all;
    conv.back.in.origin = all.at(0, op.conv.before_height, op.conv.before_width);
    conv.back.out = padded_rows(op.in.maps, op.in.height, op.in.width);
    conv.back.table = {op.conv.table.outputs_begin, op.conv.table.outputs, op.conv.table.inputs_begin,
                       op.conv.table.inputs};
    conv.flipped = Buffer(op.weights);
    back_shifted = std::max(back_shifted, shifted_floats(conv.back));
    back_result = std::max(back_result, std::size_t(conv.back.out.maps) * conv.back.out.plane);
  }
  if (!training) return;
  gradients_ = Buffer(plan.gradient_pixels() + kSlack);
  draws_ = Buffer(plan.draw_pixels());
  back_shifted_ = Buffer(back_shifted);
  back_result_ = Buffer(back_result + kSlack);
}

void Alone::pack(const float* flat, float* packed) const {
  std::fill_n(packed, floats_, 0.0f);
  for (std::size_t i = 0; i < plan_.ops().size(); ++i) {
    const Op& op = plan_.ops()[i];
    std::copy_n(flat + op.bias, op.biases, packed + bias_[i]);
    if (op.kind == Op::Kind::dense) {
      const std::size_t stride = round_up(op.dense.outputs);
      for (int u = 0; u < op.dense.outputs; ++u)
        for (int k = 0; k < op.dense.inputs; ++k)
          packed[weight_[i] + k * stride + u] = flat[op.weight + std::size_t(u) * op.dense.inputs + k];
    } else {
      std::copy_n(flat + op.weight, op.weights, packed + weight_[i]);
    }
  }
}

void Alone::unpack(const float* packed, float* flat) const {
  for (std::size_t i = 0; i < plan_.ops().size(); ++i) {
    const Op& op = plan_.ops()[i];
    std::copy_n(packed + bias_[i], op.biases, flat + op.bias);
    if (op.kind == Op::Kind::dense) {
      const std::size_t stride = round_up(op.dense.outputs);
      for (int u = 0; u < op.dense.outputs; ++u)
        for (int k = 0; k < op.dense.inputs; ++k)
          flat[op.weight + std::size_t(u) * op.dense.inputs + k] = packed[weight_[i] + k * stride + u];
    } else {
      std::copy_n(packed + weight_[i], op.weights, flat + op.weight);
    }
  }
}

// Calls visit(offset of the first pixel, pixels) for runs of pixels that lie side by side.
void Alone::each_row(const Planes& at, auto visit) const {
  if (contiguous(at)) return visit(at.origin, at.pixels());
  for (int m = 0; m < at.maps; ++m)
    for (int y = 0; y < at.height; ++y) visit(at.at(m, y, 0), std::size_t(at.width));
}

void Alone::load(const std::uint8_t* image, const Planes& placed) {
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

void Alone::draw(const Draws& draws, std::uint32_t sample) { draws.fill(plan_, sample, draws_.data(), 1); }

void Alone::convolve(std::size_t i, const float* packed) {
  const Op& op = plan_.ops()[i];
  Conv& conv = convs_[i];
  float *values = values_.data(), *inner = conv.inner.data();
  ConvShape shape = op.conv;
  shape.out = conv.padded;
  kernels_.single_conv(shape, packed + weight_[i], packed + bias_[i], values, inner, conv.shifted.data());
  if (op.kind == Op::Kind::conv_pool)
    return kernels_.single_pool({conv.padded, op.out, PoolKind::max, 2, 2}, inner, nullptr, values);
  for (int m = 0; m < op.out.maps; ++m)
    for (int y = 0; y < op.out.height; ++y)
      std::copy_n(inner + conv.padded.at(m, y, 0), op.out.width, values + op.out.at(m, y, 0));
}

const float* Alone::forward(const float* packed) {
  float* values = values_.data();
  for (std::size_t i = 0; i < plan_.ops().size(); ++i) {
    const Op& op = plan_.ops()[i];
    const float *weight = packed + weight_[i], *bias = packed + bias_[i];
    switch (op.kind) {
      case Op::Kind::conv:
      case Op::Kind::conv_pool: convolve(i, packed); break;
      case Op::Kind::pool:
        kernels_.single_pool(op.pool, values, op.random() && draws_.size() ? draws_.data() + op.draws : nullptr,
                             values);
        break;
      case Op::Kind::deform: kernels_.single_deform(op.pool, weight, values, values); break;
      case Op::Kind::contrast: kernels_.single_contrast(op.contrast, values); break;
      case Op::Kind::subsample: kernels_.single_subsample(op.pool, weight, bias, values, values); break;
      case Op::Kind::dense:
        kernels_.single_dense(op.dense, weight, bias, values + op.in.origin, values + op.out.origin);
        break;
      case Op::Kind::rbf: kernels_.single_rbf(op.dense, op.codes, values + op.in.origin, values + op.out.origin); break;
    }
    if (op.activation == Activation::linear) continue;
    each_row(op.out,
             [&](std::size_t at, std::size_t count) { kernels_.single_activate(op.activation, count, values + at); });
  }
  return values + plan_.output().out.origin;
}

void Alone::convolve_back(std::size_t i, const float* packed, float* gradient) {
  const Op& op = plan_.ops()[i];
  Conv& conv = convs_[i];
  float *inner = conv.inner.data(), *d = gradients_.data();
  if (op.kind == Op::Kind::conv_pool) {
    kernels_.single_unpool({conv.padded, op.out_gradient, PoolKind::max, 2, 2}, d, inner);
  } else {
    for (int m = 0; m < conv.padded.maps; ++m)
      for (int y = 0; y < conv.padded.height; ++y) {
        float* row = inner + conv.padded.at(m, y, 0);
        std::copy_n(d + op.out_gradient.at(m, y, 0), conv.padded.width, row);
        std::fill(row + conv.padded.width, row + conv.padded.row, 0.0f);
      }
  }
  ConvShape shape = op.conv;
  shape.out = conv.padded;
  kernels_.single_conv_gradient(shape, conv.shifted.data(), inner, gradient + weight_[i], gradient + bias_[i]);
  if (i == 0) return;  // its input is the image, whose gradient nobody wants
  for (int m = 0; m < conv.middle.maps; ++m)
    for (int y = 0; y < conv.middle.height; ++y)
      std::copy_n(inner + conv.padded.at(m, y, 0), conv.middle.width, conv.surrounded.data() + conv.middle.at(m, y, 0));
  const int taps = op.conv.kernel_height * op.conv.kernel_width;
  for (int m = 0; m < conv.padded.maps; ++m)
    for (int c = 0; c < op.in.maps; ++c) {
      const float* from = packed + weight_[i] + (std::size_t(m) * op.in.maps + c) * taps;
      std::reverse_copy(from, from + taps, conv.flipped.data() + (std::size_t(c) * conv.padded.maps + m) * taps);
    }
  const Planes& result = conv.back.out;
  kernels_.single_conv(conv.back, conv.flipped.data(), nullptr, conv.surrounded.data(), back_result_.data(),
                       back_shifted_.data());
  for (int m = 0; m < result.maps; ++m)
    for (int y = 0; y < result.height; ++y)
      std::copy_n(back_result_.data() + result.at(m, y, 0), result.width, d + op.in_gradient.at(m, y, 0));
}

void Alone::backward(const float* packed, const float* output_gradient, float* gradient) {
  const float* values = values_.data();
  float* d = gradients_.data();
  std::copy_n(output_gradient, plan_.output().dense.outputs, d + plan_.output().out_gradient.origin);
  for (std::size_t i = plan_.ops().size(); i-- > 0;) {
    const Op& op = plan_.ops()[i];
    const float* weight = packed + weight_[i];
    float *weight_gradient = gradient + weight_[i], *bias_gradient = gradient + bias_[i];
    if (op.activation != Activation::linear) {
      std::size_t to = op.out_gradient.origin;  // gradients lie side by side
      each_row(op.out, [&](std::size_t at, std::size_t count) {
        kernels_.single_activate_gradient(op.activation, count, values + at, d + to);
        to += count;
      });
    }
    float* in_d = i == 0 ? nullptr : d;
    switch (op.kind) {
      case Op::Kind::conv:
      case Op::Kind::conv_pool: convolve_back(i, packed, gradient); break;
      case Op::Kind::pool:
        if (in_d)
          kernels_.single_pool_gradient(op.pool, Order::first, values, op.random() ? draws_.data() + op.draws : nullptr,
                                        op.out_gradient, d, op.in_gradient, in_d);
        break;
      case Op::Kind::deform:
        kernels_.single_deform_gradient(op.pool, Order::first, weight, values, op.out_gradient, d, weight_gradient,
                                        op.in_gradient, in_d, false);
        break;
      case Op::Kind::contrast:
        if (in_d)
          kernels_.single_contrast_gradient(op.contrast, values_.data(), op.out_gradient, d, op.in_gradient, in_d);
        break;
      case Op::Kind::subsample:
        kernels_.single_subsample_gradient(op.pool, Order::first, weight, values, op.out_gradient, d, weight_gradient,
                                           bias_gradient, op.in_gradient, in_d, false);
        break;
      case Op::Kind::dense:
        kernels_.single_dense_gradient(op.dense, weight, values + op.in.origin, d + op.out_gradient.origin,
                                       weight_gradient, bias_gradient, in_d ? in_d + op.in_gradient.origin : nullptr);
        break;
      case Op::Kind::rbf:
        if (in_d)
          kernels_.single_rbf_gradient(op.dense, op.codes, values + op.in.origin, d + op.out_gradient.origin,
                                       in_d + op.in_gradient.origin);
        break;
    }
  }
}

}  // namespace lenet
