// Dense layers: every unit is a weighted sum of all inputs, plus a bias. They run over all tiles at once, so that each
// weight is read once. A wide one can be run by ranges of its units (training/wide_layers.hpp).
#include "layers/kinds.hpp"

namespace lenet {
namespace {

class Dense final : public Operation {
 public:
  explicit Dense(const PlanStep& step)
      : Operation(step, step.in.pixels() * std::size_t(step.layer().maps), std::size_t(step.layer().maps)) {
    step.check_units();
    shape_ = {int(in.pixels()), step.layer().maps};
    place_output(step, shape_.outputs, 1, 1);
  }

  void forward(const ForwardPass& pass) const override {
    pass.kernels.dense_forward(shape_, {0, shape_.outputs}, pass.weights + weight, pass.weights + bias,
                               planes_of(pass.values, in), planes_of(pass.values, out));
  }

  void backward(const BackwardPass& pass) const override {
    const Kernels& kernels = pass.forward.kernels;
    const Tiles d = planes_of(pass.gradients, out_gradient);
    kernels.dense_weight_gradient(shape_, planes_of(pass.inputs, in), d, pass.gradient + weight, pass.gradient + bias,
                                  pass.scratch);
    if (wants_input_gradient())
      kernels.dense_input_gradient(shape_, {0, shape_.inputs}, pass.factors + weight, d,
                                   planes_of(pass.gradients, in_gradient));
  }

  // Inputs and gradients as rows, one row an image.
  std::size_t scratch_floats(int tiles) const override {
    return std::size_t(tiles) * kTile * (round_up(std::size_t(shape_.inputs)) + padded_units());
  }

  void forward_one_image(const OneImagePass& pass) const override {
    pass.kernels.one_image_dense(shape_, pass.weight, pass.bias, pass.values + in.origin, pass.values + out.origin);
  }

  void backward_one_image(const OneImagePass& pass) const override {
    float* in_d = wants_input_gradient() ? pass.gradients + in_gradient.origin : nullptr;
    pass.kernels.one_image_dense_gradient(shape_, pass.weight, pass.values + in.origin,
                                          pass.gradients + out_gradient.origin, pass.weight_gradient,
                                          pass.bias_gradient, in_d);
  }

  // Packed weights are transposed, [input][padded units], so that lanes run along units.
  std::size_t packed_weights() const override { return std::size_t(shape_.inputs) * padded_units(); }
  void pack(const float* weight, float* packed) const override {
    for (int u = 0; u < shape_.outputs; ++u)
      for (int i = 0; i < shape_.inputs; ++i) packed[i * padded_units() + u] = *weight++;
  }
  void unpack(const float* packed, float* weight) const override {
    for (int u = 0; u < shape_.outputs; ++u)
      for (int i = 0; i < shape_.inputs; ++i) *weight++ = packed[i * padded_units() + u];
  }

  int classes() const override { return shape_.outputs; }
  const DenseShape* dense() const override { return &shape_; }

 private:
  std::size_t padded_units() const { return round_up(std::size_t(shape_.outputs)); }

  DenseShape shape_;
};

}  // namespace

const LayerKind kDense{.name = "dense", .plan = plan_as<Dense>};

}  // namespace lenet
