#include "run.hpp"

namespace lenet {

Workspace::Workspace(const Plan& plan, int tiles, bool training)
    : values_(plan.value_pixels() * kTile * tiles), value_stride_(plan.value_pixels() * kTile), tiles_(tiles) {
  if (!training) return;
  gradient_stride_ = plan.gradient_pixels() * kTile;
  gradients_ = Buffer(gradient_stride_ * tiles);
  inner_ = Buffer(plan.inner_pixels() * kTile);
  scratch_ = Buffer(plan.scratch_floats(tiles));
  winner_stride_ = plan.winner_bytes();
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

void forward(const Plan& plan, const Kernels& k, const float* weights, Workspace& work, int tiles) {
  for (const Op& op : plan.ops()) {
    const float *weight = weights + op.weight, *bias = weights + op.bias;
    const Tiles in = work.values(op.in, tiles), out = work.values(op.out, tiles);
    switch (op.kind) {
      case Op::Kind::dense: k.dense_forward(op.dense, weight, bias, in, out); break;
      case Op::Kind::rbf: k.rbf_forward(op.dense, op.codes, in, out); break;
      default: break;
    }
    for (int t = 0; t < tiles; ++t) {
      float* values = work.tile_values(t);
      switch (op.kind) {
        case Op::Kind::conv: k.conv_forward(op.conv, op.activation, weight, bias, values, values); continue;
        case Op::Kind::conv_pool: {
          std::uint8_t* winners = work.winners(t);
          k.conv_pool_forward(op.conv, op.activation, weight, bias, values, op.out, values,
                              winners ? winners + op.winners : nullptr);
          continue;
        }
        case Op::Kind::pool: k.pool_forward(op.pool, values, values); break;
        case Op::Kind::subsample: k.subsample_forward(op.pool, weight, bias, values, values); break;
        default: break;
      }
      k.activate(op.activation, op.out, values);
    }
  }
}

void backward(const Plan& plan, const Kernels& k, const float* weights, Workspace& work, int tiles, float* gradient) {
  const auto& ops = plan.ops();
  for (std::size_t i = ops.size(); i-- > 0;) {
    const Op& op = ops[i];
    const bool first = i == 0;  // its input is the image, whose gradient nobody wants
    const float* weight = weights + op.weight;
    float *weight_gradient = gradient + op.weight, *bias_gradient = gradient + op.bias;
    for (int t = 0; t < tiles; ++t)
      k.activate_gradient(op.activation, op.out, work.tile_values(t), op.out_gradient, work.tile_gradients(t));
    const Tiles in = work.values(op.in, tiles), d = work.gradients(op.out_gradient, tiles),
                in_d = work.gradients(op.in_gradient, tiles);
    switch (op.kind) {
      case Op::Kind::dense:
        k.dense_weight_gradient(op.dense, in, d, weight_gradient, bias_gradient, work.scratch());
        if (!first) k.dense_input_gradient(op.dense, weight, d, in_d);
        continue;
      case Op::Kind::rbf:
        if (!first) k.rbf_input_gradient(op.dense, op.codes, in, d, in_d);
        continue;
      default: break;
    }
    for (int t = 0; t < tiles; ++t) {
      const float* values = work.tile_values(t);
      float *gradients = work.tile_gradients(t), *in_gradients = first ? nullptr : gradients;
      switch (op.kind) {
        case Op::Kind::conv:
        case Op::Kind::conv_pool: {
          k.bias_gradient(op.out_gradient, gradients, bias_gradient, t > 0);
          const std::uint8_t* winners = op.kind == Op::Kind::conv_pool ? work.winners(t) + op.winners : nullptr;
          if (t == 0) std::fill_n(weight_gradient, op.weights, 0.0f);
          if (winners)
            k.conv_pool_weight_gradient(op.conv, values, op.out_gradient, gradients, winners, weight_gradient,
                                        work.scratch(), t > 0);
          else
            k.conv_weight_gradient(op.conv, values, op.out_gradient, gradients, weight_gradient, work.scratch(), t > 0);
          if (first) break;
          if (winners) k.unpool(op.out_gradient, gradients, winners, op.inner, work.inner());
          else k.between_zeros(op.out_gradient, gradients, op.inner, work.inner());
          k.conv_input_gradient(op.conv, weight, op.inner, work.inner(), op.in_gradient, gradients);
          break;
        }
        case Op::Kind::pool:
          if (!first) k.pool_gradient(op.pool, values, op.out_gradient, gradients, op.in_gradient, gradients);
          break;
        case Op::Kind::subsample:
          k.subsample_gradient(op.pool, weight, values, op.out_gradient, gradients, weight_gradient, bias_gradient,
                               op.in_gradient, in_gradients, t > 0);
          break;
        default: break;
      }
    }
  }
}

}  // namespace lenet
