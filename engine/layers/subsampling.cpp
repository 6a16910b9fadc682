// Subsampling as in LeCun et al. 1998 (S2, S4): the sum over a window, times a trainable coefficient, plus a trainable
// bias, each one per map.
#include "layers/kinds.hpp"
#include "layers/windowed.hpp"

namespace lenet {
namespace {

class Subsampling final : public WindowedOperation {
 public:
  explicit Subsampling(const PlanStep& step)
      : WindowedOperation(step, std::size_t(step.in.maps), std::size_t(step.in.maps)) {}

  void forward(const ForwardPass& pass) const override {
    for (int t = 0; t < pass.values.count; ++t)
      pass.kernels.subsample_forward(shape_, pass.weights + weight, pass.weights + bias, pass.values[t],
                                     pass.values[t]);
  }

  // For second derivatives the kernel squares the sums over windows, so it gets the values as they are.
  void backward(const BackwardPass& pass) const override {
    const ForwardPass& forward = pass.forward;
    for (int t = 0; t < forward.values.count; ++t)
      forward.kernels.subsample_gradient(shape_, pass.order, pass.factors + weight, forward.values[t], out_gradient,
                                         pass.gradients[t], pass.gradient + weight, pass.gradient + bias, in_gradient,
                                         wants_input_gradient() ? pass.gradients[t] : nullptr, t > 0);
  }

  void forward_one_image(const OneImagePass& pass) const override {
    pass.kernels.one_image_subsample(shape_, pass.weight, pass.bias, pass.values, pass.values);
  }

  void backward_one_image(const OneImagePass& pass) const override {
    pass.kernels.one_image_subsample_gradient(shape_, Order::first, pass.weight, pass.values, out_gradient,
                                              pass.gradients, pass.weight_gradient, pass.bias_gradient, in_gradient,
                                              wants_input_gradient() ? pass.gradients : nullptr, false);
  }
};

}  // namespace

const LayerKind kSubsampling{.name = "subsample", .plan = plan_as<Subsampling>, .takes_offsets = true};

}  // namespace lenet
