// The second derivatives that set the learning rates of LeCun et al. 1998 (appendix C), over tiles, for both trainers.
#include <algorithm>

#include "training/trainer.hpp"

namespace lenet {

void Trainer::curvature(const Samples& samples, std::span<const std::uint32_t> order, float* out) {
  for (std::size_t i = 0; i < plan_.size(); ++i) plan_[i].check_second_derivatives();
  place(samples.images);
  Workspace work(plan_, 1, true);
  work.prepare(plan_, placed_, settings_.scale.paper);
  const std::size_t parameters = plan_.parameters();
  const Buffer scratch(plan_.scratch_floats(1)), squared_weights(parameters), part(parameters);
  const Buffer squared_values(plan_.sizes().value_pixels * kTile);
  const float* weights = parameters_.weights.data();
  for (std::size_t i = 0; i < parameters; ++i) squared_weights.data()[i] = weights[i] * weights[i];
  alignas(64) float image_weight[kTile];
  const TileRun run{plan_, kernels_, weights, work, {0, 1}};
  const Squares squares{squared_weights.data(), squared_values.data(), image_weight};
  const Tiles outputs = planes_of(work.values(run.tiles), plan_.output().out);
  const Tiles second = planes_of(work.gradients(run.tiles), plan_.output().out_gradient);

  std::fill_n(out, parameters, 0.0f);
  for (std::size_t first = 0; first < order.size(); first += kTile) {
    load({samples, order, 0, parameters_.steps + 1}, first, work, run.tiles, 0);
    forward(run, plan_.all());
    for (std::size_t l = 0; l < kTile; ++l) image_weight[l] = first + l < order.size() ? 1.0f / float(order.size()) : 0;
    kernels_.loss_second_derivatives(settings_.loss, outputs[0], image_weight, second[0]);
    backward_second(run, squares, scratch.data(), part.data());
    for (std::size_t i = 0; i < parameters; ++i) out[i] += part.data()[i];
  }
}

}  // namespace lenet
