#include "training/wide_layers.hpp"

#include <algorithm>

namespace lenet {
namespace {

// A dense layer with at least so many weights (floats) is wide: with its gradient and the activations they fill a
// core's L2 cache.
constexpr std::size_t kWideWeights = 1 << 17;
constexpr int kMaxTiles = 64;
// Weights in a range: half a megabyte.
constexpr std::size_t kRangeWeights = 1 << 17;

// Ranges of about equal size, of whole register blocks.
std::vector<Range> ranges_of(int total, int other) {
  const int most = std::max(1, int(kRangeWeights / std::size_t(other)) / 12) * 12;
  const int count = (total + most - 1) / most, size = ((total + count - 1) / count + 11) / 12 * 12;
  std::vector<Range> ranges;
  for (int begin = 0; begin < total; begin += size) ranges.push_back({begin, std::min(total, begin + size)});
  return ranges;
}

}  // namespace

WideLayers::WideLayers(const Plan& plan, const Kernels& kernels, int tiles) : plan_(plan), kernels_(kernels) {
  for (std::size_t i = 0; i < plan.ops().size() && tiles <= kMaxTiles; ++i) {
    const Op& op = plan.ops()[i];
    if (op.kind != &dense_kind() || op.weights < kWideWeights) continue;
    const std::size_t rows = std::size_t(tiles) * kTile;
    layers_.push_back({i, ranges_of(op.dense.outputs, op.dense.inputs), ranges_of(op.dense.inputs, op.dense.outputs),
                       Buffer(rows * round_up(op.dense.inputs)), Buffer(rows * round_up(op.dense.outputs))});
  }
}

int WideLayers::all_unit_ranges() const {
  int all = 0;
  for (int layer = 0; layer < count(); ++layer) all += unit_ranges(layer);
  return all;
}

void WideLayers::prepare(int threads) {
  std::size_t most = 0;
  for (const Layer& layer : layers_) {
    const std::size_t inputs = std::size_t(plan_.ops()[layer.op].dense.inputs);
    for (const Range& r : layer.units) most = std::max(most, std::size_t(r.size()) * (inputs + 1));
  }
  while (int(range_gradients_.size()) < threads) range_gradients_.emplace_back(most);
}

void WideLayers::forward(int layer, int range, const TilePass& pass) const {
  const Op& op = plan_.ops()[layers_[layer].op];
  const Range units = layers_[layer].units[range];
  kernels_.dense_forward(op.dense, units, pass.weights + op.weight, pass.weights + op.bias,
                         pass.work.values(op.in, 0, pass.count), pass.work.values(op.out, 0, pass.count));
  Planes part = op.out;
  part.origin = op.out.at(units.begin, 0, 0), part.maps = units.size();
  for (int t = 0; t < pass.count; ++t) kernels_.activate(op.activation, part, pass.work.tile_values(t));
}

void WideLayers::backward(int layer, int range, const TilePass& pass) const {
  const Op& op = plan_.ops()[layers_[layer].op];
  kernels_.dense_input_gradient(op.dense, layers_[layer].inputs[range], pass.weights + op.weight,
                                pass.work.gradients(op.out_gradient, 0, pass.count),
                                pass.work.gradients(op.in_gradient, 0, pass.count));
}

void WideLayers::gather(int layer, const TilePass& pass, std::size_t first) {
  Layer& wide = layers_[layer];
  const Op& op = plan_.ops()[wide.op];
  for (int t = pass.first; t < pass.first + pass.count; ++t)
    kernels_.activate_gradient(op.activation, op.out, pass.work.tile_values(t), op.out_gradient,
                               pass.work.tile_gradients(t));
  const std::size_t in_stride = round_up(op.dense.inputs), d_stride = round_up(op.dense.outputs);
  kernels_.to_images(pass.work.values(op.in, pass.first, pass.count), op.dense.inputs,
                     wide.in.data() + first * in_stride, in_stride);
  kernels_.to_images(pass.work.gradients(op.out_gradient, pass.first, pass.count), op.dense.outputs,
                     wide.d.data() + first * d_stride, d_stride);
}

WideLayers::RangeGradient WideLayers::weight_gradient(int range, int images, Workspace& work, int thread) {
  const Layer* layer = layers_.data();
  for (; range >= int(layer->units.size()); ++layer) range -= int(layer->units.size());
  const Op& op = plan_.ops()[layer->op];
  const Range units = layer->units[range];
  const std::size_t inputs = std::size_t(op.dense.inputs), weights = inputs * std::size_t(units.size());
  float *for_weights = range_gradients_[thread].data(), *for_biases = for_weights + weights;
  const int tiles = (images + kTile - 1) / kTile;
  kernels_.wide_weight_gradient(op.dense, units, images, layer->in.data(), layer->d.data(),
                                work.gradients(op.out_gradient, 0, tiles), for_weights, for_biases);
  return {for_weights,
          for_biases,
          op.weight + inputs * std::size_t(units.begin),
          op.bias + std::size_t(units.begin),
          weights,
          std::size_t(units.size())};
}

}  // namespace lenet
