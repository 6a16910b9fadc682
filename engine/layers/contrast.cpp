// Local contrast normalization (Jarrett, Kavukcuoglu, Ranzato and LeCun 2009): the output has the input's size, and
// nothing is trained. It refuses second derivatives.
#include <stdexcept>

#include "layers/kinds.hpp"

namespace lenet {
namespace {

constexpr int kWorkMaps = 7;  // of ContrastShape::work

// An odd number of weights, none negative, the same on both sides, the middle one positive.
bool is_window(int window, const std::vector<float>& weights) {
  if (window % 2 == 0 || weights.size() != std::size_t(window) || !(weights[weights.size() / 2] > 0)) return false;
  for (std::size_t k = 0; k < weights.size(); ++k)
    if (!(weights[k] >= 0 && weights[k] == weights[weights.size() - 1 - k])) return false;
  return true;
}

class Contrast final : public Operation {
 public:
  explicit Contrast(const PlanStep& step) : Operation(step, 0, 0) {
    step.check_window();
    const std::vector<float>& window_weights = step.layer().window_weights;
    if (!is_window(step.layer().window, window_weights))
      step.refuse("an odd window with a weight for each pixel of a row, the same on both sides, expected");
    const Planes work = allocate(step.sizes.value_pixels, kWorkMaps, in.height, in.width);
    place_output(step, in.maps, in.height, in.width);
    shape_ = {in, out, work, step.layer().window, window_weights.data()};
  }

  void forward(const ForwardPass& pass) const override {
    for (int t = 0; t < pass.values.count; ++t) pass.kernels.contrast_forward(shape_, pass.values[t]);
  }

  void backward(const BackwardPass& pass) const override {
    if (!wants_input_gradient()) return;
    for (int t = 0; t < pass.gradients.count; ++t)
      pass.forward.kernels.contrast_gradient(shape_, pass.forward.values[t], out_gradient, pass.gradients[t],
                                             in_gradient, pass.gradients[t]);
  }

  void check_second_derivatives() const override {
    throw std::invalid_argument("second derivatives do not go through contrast normalisation");
  }

  void forward_one_image(const OneImagePass& pass) const override {
    pass.kernels.one_image_contrast(shape_, pass.values);
  }

  void backward_one_image(const OneImagePass& pass) const override {
    if (!wants_input_gradient()) return;
    pass.kernels.one_image_contrast_gradient(shape_, pass.values, out_gradient, pass.gradients, in_gradient,
                                             pass.gradients);
  }

 private:
  ContrastShape shape_;
};

}  // namespace

const LayerKind kContrast{.name = "contrast", .plan = plan_as<Contrast>};

}  // namespace lenet
