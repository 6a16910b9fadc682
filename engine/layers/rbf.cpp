// Radial basis functions, the output layer of LeCun et al. 1998: a unit is the squared distance of the inputs from its
// code, which is fixed (eq. (7)). A small output is a good one.
#include "layers/kinds.hpp"

namespace lenet {
namespace {

class Rbf final : public Operation {
 public:
  explicit Rbf(const PlanStep& step) : Operation(step, 0, 0), codes_(step.layer().codes.data()) {
    step.check_units();
    shape_ = {int(in.pixels()), step.layer().maps};
    if (step.layer().codes.size() != in.pixels() * std::size_t(shape_.outputs)) step.refuse("codes of another size");
    place_output(step, shape_.outputs, 1, 1);
  }

  void forward(const ForwardPass& pass) const override {
    pass.kernels.rbf_forward(shape_, codes_, planes_of(pass.values, in), planes_of(pass.values, out));
  }

  void backward(const BackwardPass& pass) const override {
    if (!wants_input_gradient()) return;
    const Kernels& kernels = pass.forward.kernels;
    const Tiles values = planes_of(pass.forward.values, in);
    const Tiles d = planes_of(pass.gradients, out_gradient), in_d = planes_of(pass.gradients, in_gradient);
    if (pass.order == Order::first) return kernels.rbf_input_gradient(shape_, codes_, values, d, in_d);
    for (int t = 0; t < d.count; ++t)
      kernels.rbf_second_derivatives(shape_, codes_, values[t], d[t], pass.image_weight, in_d[t]);
  }

  void forward_one_image(const OneImagePass& pass) const override {
    pass.kernels.one_image_rbf(shape_, codes_, pass.values + in.origin, pass.values + out.origin);
  }

  void backward_one_image(const OneImagePass& pass) const override {
    if (!wants_input_gradient()) return;
    pass.kernels.one_image_rbf_gradient(shape_, codes_, pass.values + in.origin, pass.gradients + out_gradient.origin,
                                        pass.gradients + in_gradient.origin);
  }

  int classes() const override { return shape_.outputs; }
  float sign() const override { return -1.0f; }

 private:
  DenseShape shape_;
  const float* codes_;
};

}  // namespace

const LayerKind kRbf{.name = "rbf", .plan = plan_as<Rbf>};

}  // namespace lenet
