// Dense layers: units that see every value of the layer before. They run over all tiles of a pass at once, so that the
// weights are read once. A convolution whose kernel covers its input runs as a dense layer.
#include "layers/kinds.hpp"

namespace lenet {
namespace {

class Dense final : public LayerKind {
 public:
  void check(const PlanStep& step) const override {
    check_maps(step);
    check_options(step, false, false);
  }

  Extent plan(const PlanStep& step, Op& op) const override {
    if (step.next && step.next->kind == Layer::Kind::conv && step.next->same)
      refuse(step.index + 1, "a convolution with same padding cannot follow a dense layer");
    const std::size_t inputs = step.in.pixels();
    op.dense = {int(inputs), step.layer.maps};
    op.weights = inputs * std::size_t(step.layer.maps);
    op.biases = std::size_t(step.layer.maps);
    return {step.layer.maps, 1, 1};
  }

  std::size_t scratch_floats(const Op& op, int tiles) const override {
    return std::size_t(tiles) * kTile * (round_up(op.dense.inputs) + round_up(op.dense.outputs));
  }

  bool has_classes() const override { return true; }

  void forward(const Op& op, const TilePass& pass) const override {
    pass.kernels.dense_forward(op.dense, {0, op.dense.outputs}, pass.weights + op.weight, pass.weights + op.bias,
                               pass.work.values(op.in, pass.first, pass.count),
                               pass.work.values(op.out, pass.first, pass.count));
    for (int t = pass.first; t < pass.first + pass.count; ++t) pass.activate(op, t);
  }

  void backward(const Op& op, const BackwardPass& pass) const override {
    const Tiles d = pass.work.gradients(op.out_gradient, pass.first, pass.count);
    pass.kernels.dense_weight_gradient(op.dense, pass.work.values(op.in, pass.first, pass.count), d,
                                       pass.gradient + op.weight, pass.gradient + op.bias, pass.scratch.floats.data());
    if (!op.reads_image)
      pass.kernels.dense_input_gradient(op.dense, {0, op.dense.inputs}, pass.weights + op.weight, d,
                                        pass.work.gradients(op.in_gradient, pass.first, pass.count));
  }

  void backward_second(const Op& op, const SecondPass& pass) const override {
    const Tiles in{pass.squared_values + op.in.origin * kTile, 0, 1};
    const Tiles d = pass.work.gradients(op.out_gradient, 0, 1);
    pass.kernels.dense_weight_gradient(op.dense, in, d, pass.curvature + op.weight, pass.curvature + op.bias,
                                       pass.scratch.floats.data());
    if (!op.reads_image)
      pass.kernels.dense_input_gradient(op.dense, {0, op.dense.inputs}, pass.squared_weights + op.weight, d,
                                        pass.work.gradients(op.in_gradient, 0, 1));
  }

  // Transposed, [input][units padded to kTile].
  std::size_t packed_weights(const Op& op) const override {
    return std::size_t(op.dense.inputs) * round_up(op.dense.outputs);
  }
  void pack(const Op& op, const float* flat, float* packed) const override {
    const std::size_t stride = round_up(op.dense.outputs);
    for (int u = 0; u < op.dense.outputs; ++u)
      for (int k = 0; k < op.dense.inputs; ++k)
        packed[std::size_t(k) * stride + u] = flat[std::size_t(u) * op.dense.inputs + k];
  }
  void unpack(const Op& op, const float* packed, float* flat) const override {
    const std::size_t stride = round_up(op.dense.outputs);
    for (int u = 0; u < op.dense.outputs; ++u)
      for (int k = 0; k < op.dense.inputs; ++k)
        flat[std::size_t(u) * op.dense.inputs + k] = packed[std::size_t(k) * stride + u];
  }

  void forward_one(const Op& op, const OneImageForward& pass) const override {
    pass.kernels.single_dense(op.dense, pass.weight, pass.bias, pass.values + op.in.origin,
                              pass.values + op.out.origin);
  }

  void backward_one(const Op& op, const OneImageBackward& pass) const override {
    pass.kernels.single_dense_gradient(
        op.dense, pass.weight, pass.values + op.in.origin, pass.gradients + op.out_gradient.origin,
        pass.weight_gradient, pass.bias_gradient, op.reads_image ? nullptr : pass.gradients + op.in_gradient.origin);
  }
};

}  // namespace

const LayerKind& dense() {
  static const Dense kind;
  return kind;
}

}  // namespace lenet
