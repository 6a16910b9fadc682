// Pooling over windows: the maximum, the mean, the root of the sum of squares, or one pixel drawn with a probability
// proportional to its value (Zeiler and Fergus 2013). A 2x2 max pooling that follows a convolution is usually fused
// with it (convolution.cpp).
#include "layers/kinds.hpp"
#include "layers/windowed.hpp"

namespace lenet {
namespace {

class Pooling final : public WindowedOperation {
 public:
  explicit Pooling(const PlanStep& step) : WindowedOperation(step, 0, 0) {
    if (shape_.kind == PoolKind::stochastic) draw_for_outputs(step);
  }

  void forward(const ForwardPass& pass) const override {
    for (int t = 0; t < pass.values.count; ++t)
      pass.kernels.pool_forward(shape_, pass.values[t], draws_of(pass.draws[t], kTile), pass.values[t]);
  }

  void backward(const BackwardPass& pass) const override {
    if (!wants_input_gradient()) return;
    const ForwardPass& forward = pass.forward;
    for (int t = 0; t < forward.values.count; ++t)
      forward.kernels.pool_gradient(shape_, pass.order, forward.values[t], draws_of(forward.draws[t], kTile),
                                    out_gradient, pass.gradients[t], in_gradient, pass.gradients[t]);
  }

  void forward_one_image(const OneImagePass& pass) const override {
    pass.kernels.one_image_pool(shape_, pass.values, draws_of(pass.draws, 1), pass.values);
  }

  void backward_one_image(const OneImagePass& pass) const override {
    if (!wants_input_gradient()) return;
    pass.kernels.one_image_pool_gradient(shape_, Order::first, pass.values, draws_of(pass.draws, 1), out_gradient,
                                         pass.gradients, in_gradient, pass.gradients);
  }
};

}  // namespace

const LayerKind kPooling{.name = "pool", .plan = plan_as<Pooling>, .takes_keep = true, .takes_offsets = true};

}  // namespace lenet
