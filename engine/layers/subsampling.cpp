// The subsampling of LeCun et al. 1998, S2 and S4: the window's sum, times a coefficient, plus a bias, each one a map.
#include "layers/kinds.hpp"

namespace lenet {
namespace {

class Subsampling final : public LayerKind {
 public:
  void check(const PlanStep& step) const override {
    check_window(step);
    check_options(step, false, true);
  }

  Extent plan(const PlanStep& step, Op& op) const override {
    const Extent out = plan_windows(step, op);
    op.weights = op.biases = std::size_t(out.maps);
    return out;
  }

  void place(const PlanStep&, const Extent&, Op& op) const override { op.pool.in = op.in, op.pool.out = op.out; }

  void forward(const Op& op, const TilePass& pass) const override {
    const float *coefficient = pass.weights + op.weight, *bias = pass.weights + op.bias;
    for (int t = pass.first; t < pass.first + pass.count; ++t) {
      float* values = pass.work.tile_values(t);
      pass.kernels.subsample_forward(op.pool, coefficient, bias, values, values);
      pass.activate(op, t);
    }
  }

  void forward_one(const Op& op, const OneImageForward& pass) const override {
    pass.kernels.single_subsample(op.pool, pass.weight, pass.bias, pass.values, pass.values);
  }

  void backward_one(const Op& op, const OneImageBackward& pass) const override {
    pass.kernels.single_subsample_gradient(op.pool, Order::first, pass.weight, pass.values, op.out_gradient,
                                           pass.gradients, pass.weight_gradient, pass.bias_gradient, op.in_gradient,
                                           pass.in_gradients(op), false);
  }

 protected:
  void backward_tile(const Op& op, const TileBackward& tile) const override {
    tile.kernels.subsample_gradient(op.pool, tile.order, tile.weights + op.weight, tile.values, op.out_gradient,
                                    tile.gradients, tile.gradient + op.weight, tile.gradient + op.bias, op.in_gradient,
                                    op.reads_image ? nullptr : tile.gradients, tile.add);
  }
};

}  // namespace

const LayerKind& subsampling() {
  static const Subsampling kind;
  return kind;
}

}  // namespace lenet
