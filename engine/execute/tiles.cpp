#include "execute/tiles.hpp"

namespace lenet {

void forward(const Plan& plan, Span span, const TilePass& pass) {
  for (std::size_t i = span.begin; i < span.end; ++i) {
    const Op& op = plan.ops()[i];
    op.kind->forward(op, pass);
  }
}

void backward(const Plan& plan, Span span, const BackwardPass& pass) {
  for (std::size_t i = span.end; i-- > span.begin;) {
    const Op& op = plan.ops()[i];
    for (int t = pass.first; t < pass.first + pass.count; ++t)
      pass.kernels.activate_gradient(op.activation, op.out, pass.work.tile_values(t), op.out_gradient,
                                     pass.work.tile_gradients(t));
    op.kind->backward(op, pass);
  }
}

void backward_second(const Plan& plan, Span span, const SecondPass& pass) {
  float *values = pass.work.tile_values(0), *d = pass.work.tile_gradients(0);
  for (std::size_t i = 0; i < plan.value_pixels() * kTile; ++i) pass.squared_values[i] = values[i] * values[i];
  for (std::size_t i = span.end; i-- > span.begin;) {
    const Op& op = plan.ops()[i];
    // The slope is squared.
    for (int twice = 0; twice < 2; ++twice)
      pass.kernels.activate_gradient(op.activation, op.out, values, op.out_gradient, d);
    op.kind->backward_second(op, pass);
  }
}

}  // namespace lenet
