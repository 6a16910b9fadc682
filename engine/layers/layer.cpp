#include "layers/layer.hpp"

#include <climits>

#include "layers/kinds.hpp"

namespace lenet {

const LayerKind& kind_of(const Layer& layer) {
  // In the order of Layer::Kind.
  static const LayerKind* const kinds[] = {&convolution(), &subsampling(), &pooling(), &deformation_pooling(),
                                           &contrast(),    &dense(),       &rbf()};
  return *kinds[int(layer.kind)];
}

const LayerKind& dense_kind() { return dense(); }

void refuse(std::size_t layer, const std::string& why) {
  throw std::invalid_argument("layer " + std::to_string(layer) + ": " + why);
}

void LayerKind::check_maps(const PlanStep& step) {
  if (step.layer.maps < 1 || step.layer.maps > INT_MAX / kTile)
    refuse(step.index, "a number of maps or units expected");
}

void LayerKind::check_window(const PlanStep& step) {
  if (step.layer.window < 1 || step.layer.stride < 1)
    refuse(step.index, "a window and a stride of at least 1 expected");
}

void LayerKind::check_options(const PlanStep& step, bool keeps_borders, bool begins_in_columns) {
  const Layer& layer = step.layer;
  if (layer.keep && !keeps_borders) refuse(step.index, "only pooling keeps borders");
  if (layer.offsets < 1 || (layer.offsets > 1 && !begins_in_columns))
    refuse(step.index, "only pooling begins in several columns");
  if (!layer.table.empty() && layer.table.size() != std::size_t(layer.maps) * step.in.maps)
    refuse(step.index, "a table of another size");
}

void LayerKind::backward(const Op& op, const BackwardPass& pass) const {
  Workspace& work = pass.work;
  for (int t = pass.first; t < pass.first + pass.count; ++t)
    backward_tile(op,
                  {pass.kernels, Order::first, pass.weights, work.tile_values(t), work.tile_values(t), work.winners(t),
                   work.draws(t), work.tile_gradients(t), pass.scratch, pass.gradient, t > pass.first});
}

void LayerKind::backward_second(const Op& op, const SecondPass& pass) const {
  Workspace& work = pass.work;
  backward_tile(op, {pass.kernels, Order::second, pass.squared_weights, work.tile_values(0), pass.squared_values,
                     work.winners(0), work.draws(0), work.tile_gradients(0), pass.scratch, pass.curvature, false});
}

int windows(int size, int window, int stride, bool keep) {
  const int whole = (size - window) / stride, rest = (size - window) % stride;
  return whole + 1 + (keep && rest > 0 && (whole + 1) * stride < size);
}

Extent plan_windows(const PlanStep& step, Op& op) {
  const Layer& layer = step.layer;
  if (step.in.height < layer.window || step.in.width < layer.window)
    refuse(step.index, "the window is larger than its input");
  op.pool.kind = layer.pool, op.pool.window = layer.window, op.pool.stride = layer.stride;
  return {step.in.maps, windows(step.in.height, layer.window, layer.stride, layer.keep),
          windows(step.in.width, layer.window, layer.stride, layer.keep)};
}

}  // namespace lenet
