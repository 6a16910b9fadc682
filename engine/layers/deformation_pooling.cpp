// Deformation-constrained pooling (Ouyang et al. 2015): the largest of the window's pixels less a penalty that grows
// with their distance from its middle, by four coefficients a map.
#include "layers/kinds.hpp"

namespace lenet {
namespace {

class DeformationPooling final : public LayerKind {
 public:
  void check(const PlanStep& step) const override {
    check_window(step);
    check_options(step, false, true);
  }

  Extent plan(const PlanStep& step, Op& op) const override {
    const Extent out = plan_windows(step, op);
    op.weights = 4 * std::size_t(out.maps);
    return out;
  }

  void place(const PlanStep&, const Extent&, Op& op) const override { op.pool.in = op.in, op.pool.out = op.out; }

  void forward(const Op& op, const TilePass& pass) const override {
    for (int t = pass.first; t < pass.first + pass.count; ++t) {
      float* values = pass.work.tile_values(t);
      pass.kernels.deform_forward(op.pool, pass.weights + op.weight, values, values);
      pass.activate(op, t);
    }
  }

  void backward_second(const Op& op, const SecondPass& pass) const override {
    Workspace& work = pass.work;
    // The winner is decided by the penalty itself, so the weights are not squared.
    backward_tile(op, {pass.kernels, Order::second, pass.weights, work.tile_values(0), pass.squared_values,
                       work.winners(0), work.draws(0), work.tile_gradients(0), pass.scratch, pass.curvature, false});
  }

  void forward_one(const Op& op, const OneImageForward& pass) const override {
    pass.kernels.single_deform(op.pool, pass.weight, pass.values, pass.values);
  }

  void backward_one(const Op& op, const OneImageBackward& pass) const override {
    pass.kernels.single_deform_gradient(op.pool, Order::first, pass.weight, pass.values, op.out_gradient,
                                        pass.gradients, pass.weight_gradient, op.in_gradient, pass.in_gradients(op),
                                        false);
  }

 protected:
  void backward_tile(const Op& op, const TileBackward& tile) const override {
    tile.kernels.deform_gradient(op.pool, tile.order, tile.weights + op.weight, tile.values, op.out_gradient,
                                 tile.gradients, tile.gradient + op.weight, op.in_gradient,
                                 op.reads_image ? nullptr : tile.gradients, tile.add);
  }
};

}  // namespace

const LayerKind& deformation_pooling() {
  static const DeformationPooling kind;
  return kind;
}

}  // namespace lenet
