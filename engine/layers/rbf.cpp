// Euclidean radial basis functions on fixed codes, eq. (7) of LeCun et al. 1998: an output is a squared distance, and
// the smallest one is the answer. The codes are not trained.
#include "layers/kinds.hpp"

namespace lenet {
namespace {

class Rbf final : public LayerKind {
 public:
  void check(const PlanStep& step) const override {
    check_maps(step);
    check_options(step, false, false);
  }

  Extent plan(const PlanStep& step, Op& op) const override {
    if (step.next && step.next->kind == Layer::Kind::conv && step.next->same)
      refuse(step.index + 1, "a convolution with same padding cannot follow a dense layer");
    const std::size_t inputs = step.in.pixels();
    if (step.layer.codes.size() != inputs * std::size_t(step.layer.maps)) refuse(step.index, "codes of another size");
    op.dense = {int(inputs), step.layer.maps};
    op.codes = step.layer.codes.data();
    return {step.layer.maps, 1, 1};
  }

  bool has_classes() const override { return true; }
  float sign() const override { return -1.0f; }

  void forward(const Op& op, const TilePass& pass) const override {
    pass.kernels.rbf_forward(op.dense, op.codes, pass.work.values(op.in, pass.first, pass.count),
                             pass.work.values(op.out, pass.first, pass.count));
    for (int t = pass.first; t < pass.first + pass.count; ++t) pass.activate(op, t);
  }

  void backward(const Op& op, const BackwardPass& pass) const override {
    if (op.reads_image) return;
    pass.kernels.rbf_input_gradient(op.dense, op.codes, pass.work.values(op.in, pass.first, pass.count),
                                    pass.work.gradients(op.out_gradient, pass.first, pass.count),
                                    pass.work.gradients(op.in_gradient, pass.first, pass.count));
  }

  bool loss_second(const Op& op, const SecondPass& pass, const float* share) const override {
    if (!op.reads_image)
      pass.kernels.rbf_curvature(op.dense, op.codes, pass.work.values(op.in, 0, 1)[0],
                                 pass.work.gradients(op.out_gradient, 0, 1)[0], share,
                                 pass.work.gradients(op.in_gradient, 0, 1)[0]);
    return true;
  }

  void forward_one(const Op& op, const OneImageForward& pass) const override {
    pass.kernels.single_rbf(op.dense, op.codes, pass.values + op.in.origin, pass.values + op.out.origin);
  }

  void backward_one(const Op& op, const OneImageBackward& pass) const override {
    if (!op.reads_image)
      pass.kernels.single_rbf_gradient(op.dense, op.codes, pass.values + op.in.origin,
                                       pass.gradients + op.out_gradient.origin, pass.gradients + op.in_gradient.origin);
  }
};

}  // namespace

const LayerKind& rbf() {
  static const Rbf kind;
  return kind;
}

}  // namespace lenet
