// What all kinds of layers have in common: places in buffers, checks of settings, and how errors are worded.
#include "layers/layer.hpp"

#include <algorithm>
#include <climits>
#include <stdexcept>

namespace lenet {

Planes allocate(std::size_t& used, int maps, int height, int width, const Borders& around) {
  const int rows = around.top + height + around.bottom, row = around.left + width + around.right;
  // Kernels count the pixels and floats of a plane in int.
  if (std::size_t(row) * std::size_t(rows) > std::size_t(INT_MAX / kTile) / std::size_t(maps))
    throw std::invalid_argument(std::to_string(maps) + " maps of " + std::to_string(height) + "x" +
                                std::to_string(width) + " are too large");
  const Planes planes{used + std::size_t(around.top) * row + around.left, maps, height, width, row, row * rows};
  used += round_up(std::size_t(maps) * planes.plane);
  return planes;
}

std::optional<Borders> PlanStep::borders(std::size_t ahead, int height, int width) const {
  if (ahead >= layers.size() || !layers[ahead].kind->borders) return std::nullopt;
  return layers[ahead].kind->borders(layers[ahead], height, width);
}

void PlanStep::refuse(const std::string& why, int ahead) const {
  throw std::invalid_argument("layer " + std::to_string(index + ahead) + ": " + why);
}

void PlanStep::check_maps() const {
  if (layer().maps < 1 || layer().maps > INT_MAX / kTile) refuse("a number of maps or units expected");
}

void PlanStep::check_window() const {
  if (layer().window < 1 || layer().stride < 1) refuse("a window and a stride of at least 1 expected");
}

void PlanStep::check_units() const {
  check_maps();
  if (borders(1, 1, 1)) refuse("a convolution with same padding cannot follow a dense layer", 1);
}

Operation::Operation(const PlanStep& step, std::size_t weights, std::size_t biases)
    : layer(step.index),
      activation(step.layer().activation),
      in(step.in),
      in_gradient(step.in_gradient),
      weight(step.parameter),
      weights(weights),
      bias(step.parameter + weights),
      biases(biases) {}

void Operation::place_output(const PlanStep& step, int maps, int height, int width) {
  if (maps < 1 || height < 1 || width < 1) step.refuse("its output is empty");
  const std::optional<Borders> zeros = step.borders(std::size_t(layers), height, width);
  out = allocate(step.sizes.value_pixels, maps, height, width, zeros.value_or(Borders{}));
  out_gradient = allocate(step.sizes.gradient_pixels, maps, height, width);
}

void Operation::draw_for_outputs(const PlanStep& step) {
  first_draw = step.sizes.draw_pixels;
  draws = out.pixels();
  step.sizes.draw_pixels += round_up(draws);
}

void Operation::pack(const float* weight, float* packed) const { std::copy_n(weight, weights, packed); }

void Operation::unpack(const float* packed, float* weight) const { std::copy_n(packed, weights, weight); }

}  // namespace lenet
