// Pooling without parameters: the window's maximum, mean, root of the sum of squares, or a pixel drawn in proportion
// to its value (Zeiler and Fergus 2013).
#include "layers/kinds.hpp"

namespace lenet {
namespace {

class Pooling final : public LayerKind {
 public:
  void check(const PlanStep& step) const override {
    check_window(step);
    check_options(step, true, true);
  }

  Extent plan(const PlanStep& step, Op& op) const override {
    const Extent out = plan_windows(step, op);
    if (draws(op)) {
      op.draws = step.memory.draws;
      step.memory.draws += round_up(std::size_t(out.maps) * out.height * out.width);
    }
    return out;
  }

  void place(const PlanStep&, const Extent&, Op& op) const override { op.pool.in = op.in, op.pool.out = op.out; }

  bool draws(const Op& op) const override { return op.pool.kind == PoolKind::stochastic; }

  void forward(const Op& op, const TilePass& pass) const override {
    for (int t = pass.first; t < pass.first + pass.count; ++t) {
      float* values = pass.work.tile_values(t);
      const float* drawn = draws(op) && pass.work.draws(t) ? pass.work.draws(t) + op.draws * kTile : nullptr;
      pass.kernels.pool_forward(op.pool, values, drawn, values);
      pass.activate(op, t);
    }
  }

  void forward_one(const Op& op, const OneImageForward& pass) const override {
    const float* drawn = draws(op) && pass.draws ? pass.draws + op.draws : nullptr;
    pass.kernels.single_pool(op.pool, pass.values, drawn, pass.values);
  }

  void backward_one(const Op& op, const OneImageBackward& pass) const override {
    if (op.reads_image) return;
    const float* drawn = draws(op) ? pass.draws + op.draws : nullptr;
    pass.kernels.single_pool_gradient(op.pool, Order::first, pass.values, drawn, op.out_gradient, pass.gradients,
                                      op.in_gradient, pass.gradients);
  }

 protected:
  void backward_tile(const Op& op, const TileBackward& tile) const override {
    if (op.reads_image) return;
    const float* drawn = draws(op) ? tile.draws + op.draws * kTile : nullptr;
    tile.kernels.pool_gradient(op.pool, tile.order, tile.values, drawn, op.out_gradient, tile.gradients, op.in_gradient,
                               tile.gradients);
  }
};

}  // namespace

const LayerKind& pooling() {
  static const Pooling kind;
  return kind;
}

}  // namespace lenet
