// Deformation-constrained pooling (Ouyang et al. 2015): the largest of a window's pixels less a penalty that grows with
// their distance from the window's middle. The penalty's four coefficients a map are trained.
#include "layers/kinds.hpp"
#include "layers/windowed.hpp"

namespace lenet {
namespace {

class DeformationPooling final : public WindowedOperation {
 public:
  explicit DeformationPooling(const PlanStep& step) : WindowedOperation(step, 4 * std::size_t(step.in.maps), 0) {}

  void forward(const ForwardPass& pass) const override {
    for (int t = 0; t < pass.values.count; ++t)
      pass.kernels.deform_forward(shape_, pass.weights + weight, pass.values[t], pass.values[t]);
  }

  // The penalty decides which pixel wins, so for second derivatives, too, the kernel gets it as it is.
  void backward(const BackwardPass& pass) const override {
    const ForwardPass& forward = pass.forward;
    for (int t = 0; t < forward.values.count; ++t)
      forward.kernels.deform_gradient(shape_, pass.order, forward.weights + weight, forward.values[t], out_gradient,
                                      pass.gradients[t], pass.gradient + weight, in_gradient,
                                      wants_input_gradient() ? pass.gradients[t] : nullptr, t > 0);
  }

  void forward_one_image(const OneImagePass& pass) const override {
    pass.kernels.one_image_deform(shape_, pass.weight, pass.values, pass.values);
  }

  void backward_one_image(const OneImagePass& pass) const override {
    pass.kernels.one_image_deform_gradient(shape_, Order::first, pass.weight, pass.values, out_gradient, pass.gradients,
                                           pass.weight_gradient, in_gradient,
                                           wants_input_gradient() ? pass.gradients : nullptr, false);
  }
};

}  // namespace

const LayerKind kDeformationPooling{.name = "deform", .plan = plan_as<DeformationPooling>, .takes_offsets = true};

}  // namespace lenet
