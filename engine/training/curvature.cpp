// The second derivatives of the loss, from which the 1998 paper's method sets the learning rate of every weight.
#include <algorithm>

#include "execute/tiles.hpp"
#include "training/trainer.hpp"

namespace lenet {

void Trainer::curvature(const Selection& selection, float* out) {
  const Op& output = plan_.output();
  for (const Op& op : plan_.ops())
    if (!op.kind->has_second_derivatives())
      throw std::invalid_argument("second derivatives do not go through contrast normalisation");
  place(selection.samples.images);
  Workspace work(plan_, 1, true);
  work.prepare(plan_, placed_, scale_.paper);
  Scratch scratch(plan_, 1);
  const Buffer squares(plan_.parameters()), part(plan_.parameters()), squared(plan_.value_pixels() * kTile);
  for (std::size_t i = 0; i < squares.size(); ++i) squares.data()[i] = weights_.data()[i] * weights_.data()[i];
  const SecondPass pass{kernels_, weights_.data(), squares.data(), work, scratch, squared.data(), part.data()};
  std::fill_n(out, squares.size(), 0.0f);
  for (std::size_t first = 0; first < selection.count; first += kTile) {
    load(selection, steps + 1, {work, first, 0, 1}, 0);
    Span span = plan_.all();
    forward(plan_, span, {kernels_, weights_.data(), work, 0, 1});
    alignas(64) float part_of_mean[kTile];
    for (std::size_t l = 0; l < kTile; ++l)
      part_of_mean[l] = first + l < selection.count ? 1.0f / float(selection.count) : 0.0f;
    kernels_.loss_curvature(options_.loss, work.values(output.out, 0, 1)[0], part_of_mean,
                            work.gradients(output.out_gradient, 0, 1)[0]);
    if (output.kind->loss_second(output, pass, part_of_mean)) --span.end;
    backward_second(plan_, span, pass);
    for (std::size_t i = 0; i < part.size(); ++i) out[i] += part.data()[i];
  }
}

}  // namespace lenet
