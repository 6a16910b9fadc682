// Local contrast normalisation (Jarrett, Kavukcuoglu, Ranzato and LeCun 2009), without parameters. It has no second
// derivatives here.
#include "layers/kinds.hpp"

namespace lenet {
namespace {

class Contrast final : public LayerKind {
 public:
  void check(const PlanStep& step) const override {
    check_window(step);
    check_options(step, false, false);
    const Layer& layer = step.layer;
    const auto& w = layer.window_weights;
    bool valid = layer.window % 2 == 1 && w.size() == std::size_t(layer.window) && w[w.size() / 2] > 0;
    for (std::size_t k = 0; valid && k < w.size(); ++k) valid = w[k] >= 0 && w[k] == w[w.size() - 1 - k];
    if (!valid)
      refuse(step.index, "an odd window with a weight for each pixel of a row, the same on both sides, expected");
  }

  Extent plan(const PlanStep& step, Op& op) const override {
    op.contrast.window = step.layer.window, op.contrast.weights = step.layer.window_weights.data();
    op.contrast.in = step.in;
    op.contrast.work = allocate(step.memory.values, 7, step.in.height, step.in.width);
    return {step.in.maps, step.in.height, step.in.width};
  }

  void place(const PlanStep&, const Extent&, Op& op) const override { op.contrast.out = op.out; }

  bool has_second_derivatives() const override { return false; }

  void forward(const Op& op, const TilePass& pass) const override {
    for (int t = pass.first; t < pass.first + pass.count; ++t) {
      pass.kernels.contrast_forward(op.contrast, pass.work.tile_values(t));
      pass.activate(op, t);
    }
  }

  void forward_one(const Op& op, const OneImageForward& pass) const override {
    pass.kernels.single_contrast(op.contrast, pass.values);
  }

  void backward_one(const Op& op, const OneImageBackward& pass) const override {
    if (!op.reads_image)
      pass.kernels.single_contrast_gradient(op.contrast, pass.values, op.out_gradient, pass.gradients, op.in_gradient,
                                            pass.gradients);
  }

 protected:
  void backward_tile(const Op& op, const TileBackward& tile) const override {
    if (!op.reads_image)
      tile.kernels.contrast_gradient(op.contrast, tile.values, op.out_gradient, tile.gradients, op.in_gradient,
                                     tile.gradients);
  }
};

}  // namespace

const LayerKind& contrast() {
  static const Contrast kind;
  return kind;
}

}  // namespace lenet
