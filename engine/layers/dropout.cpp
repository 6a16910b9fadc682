// Dropout (Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov 2014): in training, each value is 0 with a
// probability, its rate, and else divided by 1 - rate. Outside of training the values pass as they are, and plans for
// inference leave the layer out.
#include "layers/kinds.hpp"

namespace lenet {
namespace {

class Dropout final : public Operation {
 public:
  explicit Dropout(const PlanStep& step) : Operation(step, 0, 0) {
    const float rate = step.layer().rate;
    if (!(rate >= 0.0f && rate < 1.0f)) step.refuse("a rate of at least 0 and below 1 expected");
    place_output(step, in.maps, in.height, in.width);
    shape_ = {in, out, rate, 1.0f / (1.0f - rate)};
    draw_for_outputs(step);
  }

  void forward(const ForwardPass& pass) const override {
    for (int t = 0; t < pass.values.count; ++t)
      pass.kernels.dropout_forward(shape_, pass.values[t], draws_of(pass.draws[t], kTile), pass.values[t]);
  }

  void backward(const BackwardPass& pass) const override {
    if (!wants_input_gradient()) return;
    for (int t = 0; t < pass.gradients.count; ++t)
      pass.forward.kernels.dropout_gradient(shape_, pass.order, draws_of(pass.forward.draws[t], kTile), out_gradient,
                                            pass.gradients[t], in_gradient, pass.gradients[t]);
  }

  void forward_one_image(const OneImagePass& pass) const override {
    pass.kernels.one_image_dropout(shape_, pass.values, draws_of(pass.draws, 1), pass.values);
  }

  void backward_one_image(const OneImagePass& pass) const override {
    if (!wants_input_gradient()) return;
    pass.kernels.one_image_dropout_gradient(shape_, Order::first, draws_of(pass.draws, 1), out_gradient, pass.gradients,
                                            in_gradient, pass.gradients);
  }

 private:
  DropoutShape shape_;
};

}  // namespace

const LayerKind kDropout{.name = "dropout", .plan = plan_as<Dropout>, .in_training_only = true};

}  // namespace lenet
