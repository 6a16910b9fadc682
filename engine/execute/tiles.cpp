#include "run.hpp"

#include "random.hpp"

namespace lenet {

Workspace::Workspace(const Plan& plan, int tiles, bool training)
    : values_(plan.value_pixels() * kTile * tiles), value_stride_(plan.value_pixels() * kTile), tiles_(tiles) {
  if (!training) return;
  gradient_stride_ = plan.gradient_pixels() * kTile;
  gradients_ = Buffer(gradient_stride_ * tiles);
  winner_stride_ = plan.winner_bytes();
  draw_stride_ = plan.draw_pixels() * kTile;
  draws_ = Buffer(draw_stride_ * tiles);
  if (winner_stride_) winners_ = std::make_unique<std::uint8_t[]>(winner_stride_ * tiles);
}

void Workspace::prepare(const Plan& plan, const Planes& placed, float paper) {
  if (placed.height == placed_height_ && placed.width == placed_width_ && paper == paper_) return;
  placed_height_ = placed.height, placed_width_ = placed.width, paper_ = paper;
  const Planes& all = plan.input();
  for (int t = 0; t < tiles_; ++t)
    for (int m = 0; m < all.maps; ++m)
      for (int y = 0; y < all.height; ++y)
        std::fill_n(tile_values(t) + all.at(m, y, 0) * kTile, std::size_t(all.width) * kTile, paper);
}

void Draws::fill(const Plan& plan, std::uint32_t sample, float* out, int stride) const {
  for (std::size_t i = 0; i < plan.ops().size(); ++i) {
    const Op& op = plan.ops()[i];
    if (!op.random()) continue;
    const std::size_t pixels = op.out.pixels();
    for (std::size_t p = 0; p < pixels; p += 4) {
      const std::uint32_t stream = std::uint32_t(Stream::pooling) + (std::uint32_t(i) << 8);
      const Block block =
          philox({std::uint32_t(p / 4), sample, stream, step}, std::uint32_t(seed), std::uint32_t(seed >> 32));
      for (std::size_t k = p; k < std::min(pixels, p + 4); ++k)
        out[(op.draws + k) * std::size_t(stride)] = float(block[k - p] >> 9) * 0x1p-23f;
    }
  }
}

void forward(const Plan& plan, const Kernels& k, const float* weights, Workspace& work, int first, int count,
             Span span) {
  for (std::size_t i = span.begin; i < span.end; ++i) {
    const Op& op = plan.ops()[i];
    const float *weight = weights + op.weight, *bias = weights + op.bias;
    const Tiles in = work.values(op.in, first, count), out = work.values(op.out, first, count);
    switch (op.kind) {
      case Op::Kind::dense: k.dense_forward(op.dense, {0, op.dense.outputs}, weight, bias, in, out); break;
      case Op::Kind::rbf: k.rbf_forward(op.dense, op.codes, in, out); break;
      default: break;
    }
    for (int t = first; t < first + count; ++t) {
      float* values = work.tile_values(t);
      switch (op.kind) {
        case Op::Kind::conv: k.conv_forward(op.conv, op.activation, weight, bias, values, values); continue;
        case Op::Kind::conv_pool: {
          std::uint8_t* winners = work.winners(t);
          k.conv_pool_forward(op.conv, op.activation, weight, bias, values, op.out, values,
                              winners ? winners + op.winners : nullptr);
          continue;
        }
        case Op::Kind::pool:
          k.pool_forward(op.pool, values, op.random() && work.draws(t) ? work.draws(t) + op.draws * kTile : nullptr,
                         values);
          break;
        case Op::Kind::deform: k.deform_forward(op.pool, weight, values, values); break;
        case Op::Kind::contrast: k.contrast_forward(op.contrast, values); break;
        case Op::Kind::subsample: k.subsample_forward(op.pool, weight, bias, values, values); break;
        default: break;
      }
      k.activate(op.activation, op.out, values);
    }
  }
}

namespace {

// One operation of one tile, but for dense layers and radial basis functions. `inputs`: the tile's values, squared
// where second derivatives are wanted and the operation is linear in them; `add`: to the gradient that is there.
void step_back(const Plan& plan, const Kernels& k, std::size_t i, Order order, const float* weights, float* values,
               const float* inputs, const std::uint8_t* winners, const float* draws, float* gradients, Scratch& scratch,
               float* gradient, bool add) {
  const Op& op = plan.ops()[i];
  const bool first = i == 0;  // its input is the image, whose gradient nobody wants
  const float* weight = weights + op.weight;
  float *weight_gradient = gradient + op.weight, *bias_gradient = gradient + op.bias;
  switch (op.kind) {
    case Op::Kind::conv:
    case Op::Kind::conv_pool: {
      k.bias_gradient(op.out_gradient, gradients, bias_gradient, add);
      if (!add) std::fill_n(weight_gradient, op.weights, 0.0f);
      if (op.kind == Op::Kind::conv_pool)
        k.conv_pool_weight_gradient(op.conv, inputs, op.out_gradient, gradients, winners + op.winners, weight_gradient,
                                    scratch.floats.data(), add);
      else
        k.conv_weight_gradient(op.conv, inputs, op.out_gradient, gradients, weight_gradient, scratch.floats.data(),
                               add);
      if (first) break;
      if (op.kind == Op::Kind::conv_pool)
        k.unpool(op.out_gradient, gradients, winners + op.winners, op.inner, scratch.inner.data());
      else k.between_zeros(op.out_gradient, gradients, op.inner, scratch.inner.data());
      k.conv_input_gradient(op.conv, weight, op.inner, scratch.inner.data(), op.in_gradient, gradients);
      break;
    }
    case Op::Kind::pool:
      if (!first)
        k.pool_gradient(op.pool, order, values, op.random() ? draws + op.draws * kTile : nullptr, op.out_gradient,
                        gradients, op.in_gradient, gradients);
      break;
    case Op::Kind::deform:
      k.deform_gradient(op.pool, order, weight, values, op.out_gradient, gradients, weight_gradient, op.in_gradient,
                        first ? nullptr : gradients, add);
      break;
    case Op::Kind::contrast:
      if (!first) k.contrast_gradient(op.contrast, values, op.out_gradient, gradients, op.in_gradient, gradients);
      break;
    case Op::Kind::subsample:
      k.subsample_gradient(op.pool, order, weight, values, op.out_gradient, gradients, weight_gradient, bias_gradient,
                           op.in_gradient, first ? nullptr : gradients, add);
      break;
    default: break;
  }
}

}  // namespace

void backward(const Plan& plan, const Kernels& k, const float* weights, Workspace& work, Scratch& scratch, int first,
              int count, Span span, float* gradient) {
  for (std::size_t i = span.end; i-- > span.begin;) {
    const Op& op = plan.ops()[i];
    for (int t = first; t < first + count; ++t)
      k.activate_gradient(op.activation, op.out, work.tile_values(t), op.out_gradient, work.tile_gradients(t));
    const Tiles in = work.values(op.in, first, count), d = work.gradients(op.out_gradient, first, count),
                in_d = work.gradients(op.in_gradient, first, count);
    if (op.kind == Op::Kind::dense) {
      k.dense_weight_gradient(op.dense, in, d, gradient + op.weight, gradient + op.bias, scratch.floats.data());
      if (i > 0) k.dense_input_gradient(op.dense, {0, op.dense.inputs}, weights + op.weight, d, in_d);
    } else if (op.kind == Op::Kind::rbf) {
      if (i > 0) k.rbf_input_gradient(op.dense, op.codes, in, d, in_d);
    } else {
      for (int t = first; t < first + count; ++t)
        step_back(plan, k, i, Order::first, weights, work.tile_values(t), work.tile_values(t), work.winners(t),
                  work.draws(t), work.tile_gradients(t), scratch, gradient, t > first);
    }
  }
}

void backward_twice(const Plan& plan, const Kernels& k, const float* weights, const float* squares, Workspace& work,
                    Scratch& scratch, float* squared, Span span, float* curvature) {
  float *values = work.tile_values(0), *d = work.tile_gradients(0);
  for (std::size_t i = 0; i < plan.value_pixels() * kTile; ++i) squared[i] = values[i] * values[i];
  for (std::size_t i = span.end; i-- > span.begin;) {
    const Op& op = plan.ops()[i];
    for (int twice = 0; twice < 2; ++twice) k.activate_gradient(op.activation, op.out, values, op.out_gradient, d);
    if (op.kind != Op::Kind::dense) {
      // Who wins under a penalty is decided by the penalty itself.
      const float* own = op.kind == Op::Kind::deform ? weights : squares;
      step_back(plan, k, i, Order::second, own, values, squared, work.winners(0), work.draws(0), d, scratch, curvature,
                false);
      continue;
    }
    const Tiles in{squared + op.in.origin * kTile, 0, 1}, out = work.gradients(op.out_gradient, 0, 1);
    k.dense_weight_gradient(op.dense, in, out, curvature + op.weight, curvature + op.bias, scratch.floats.data());
    if (i > 0)
      k.dense_input_gradient(op.dense, {0, op.dense.inputs}, squares + op.weight, out,
                             work.gradients(op.in_gradient, 0, 1));
  }
}

}  // namespace lenet
