#include "training/wide_layers.hpp"

#include <algorithm>

namespace lenet {
namespace {

// Weights (floats) that make a dense layer wide: with its gradient and the activations they fill a core's L2 cache.
constexpr std::size_t kWideWeights = 1 << 17;
// The minibatch's values are all kept, so it must not be huge.
constexpr int kMostTiles = 64;
// Weights in a range: half a megabyte.
constexpr std::size_t kRangeWeights = 1 << 17;
// Units, or inputs, that kernels hold in registers at a time.
constexpr int kRegisterBlock = 12;

// Cuts `total` into ranges of about equal size, of whole register blocks; each of them has `weights` weights.
std::vector<Range> cut(int total, int weights) {
  const int most = std::max(1, int(kRangeWeights / std::size_t(weights)) / kRegisterBlock) * kRegisterBlock;
  const int count = (total + most - 1) / most;
  const int size = ((total + count - 1) / count + kRegisterBlock - 1) / kRegisterBlock * kRegisterBlock;
  std::vector<Range> ranges;
  for (int begin = 0; begin < total; begin += size) ranges.push_back({begin, std::min(total, begin + size)});
  return ranges;
}

}  // namespace

WideLayers::WideLayers(const Plan& plan, int tiles) {
  if (tiles > kMostTiles) return;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const DenseShape* shape = plan[i].dense();
    if (!shape || plan[i].weights < kWideWeights) continue;
    Layer layer{i, *shape, cut(shape->outputs, shape->inputs), cut(shape->inputs, shape->outputs), {}, {}};
    layer.in = Buffer(std::size_t(tiles) * kTile * layer.in_row());
    layer.d = Buffer(std::size_t(tiles) * kTile * layer.d_row());
    layers_.push_back(std::move(layer));
  }
}

int WideLayers::update_items() const {
  int all = 0;
  for (int layer = 0; layer < count(); ++layer) all += forward_items(layer);
  return all;
}

void WideLayers::prepare(int threads) {
  std::size_t most = 0;
  for (const Layer& layer : layers_)
    for (const Range& units : layer.units)
      most = std::max(most, std::size_t(units.size()) * (std::size_t(layer.shape.inputs) + 1));
  while (int(gradients_.size()) < threads) gradients_.emplace_back(most);
}

void WideLayers::forward(int layer, int item, const TileRun& run) const {
  const Layer& wide = layers_[std::size_t(layer)];
  const Operation& operation = run.plan[wide.operation];
  const Range units = wide.units[std::size_t(item)];
  const Tiles values = run.work.values(run.tiles);
  run.kernels.dense_forward(wide.shape, units, run.weights + operation.weight, run.weights + operation.bias,
                            planes_of(values, operation.in), planes_of(values, operation.out));
  Planes part = operation.out;
  part.origin = operation.out.at(units.begin, 0, 0), part.maps = units.size();
  for (int t = 0; t < values.count; ++t) run.kernels.activate(operation.activation, part, values[t]);
}

void WideLayers::keep(int layer, const TileRun& run) {
  Layer& wide = layers_[std::size_t(layer)];
  const Operation& operation = run.plan[wide.operation];
  const Tiles values = run.work.values(run.tiles), gradients = run.work.gradients(run.tiles);
  for (int t = 0; t < values.count; ++t)
    run.kernels.activate_gradient(operation.activation, operation.out, values[t], operation.out_gradient, gradients[t]);
  const std::size_t first = std::size_t(run.tiles.first) * kTile;
  run.kernels.tiles_to_rows(planes_of(values, operation.in), wide.shape.inputs, wide.in.data() + first * wide.in_row(),
                            wide.in_row());
  run.kernels.tiles_to_rows(planes_of(gradients, operation.out_gradient), wide.shape.outputs,
                            wide.d.data() + first * wide.d_row(), wide.d_row());
}

void WideLayers::backward(int layer, int item, const TileRun& run) const {
  const Layer& wide = layers_[std::size_t(layer)];
  const Operation& operation = run.plan[wide.operation];
  const Tiles gradients = run.work.gradients(run.tiles);
  run.kernels.dense_input_gradient(wide.shape, wide.inputs[std::size_t(item)], run.weights + operation.weight,
                                   planes_of(gradients, operation.out_gradient),
                                   planes_of(gradients, operation.in_gradient));
}

void WideLayers::update(int item, int images, const TileRun& run, const Step& step, int thread) {
  int layer = 0;
  for (; item >= forward_items(layer); ++layer) item -= forward_items(layer);
  const Layer& wide = layers_[std::size_t(layer)];
  const Operation& operation = run.plan[wide.operation];
  const Range units = wide.units[std::size_t(item)];
  const std::size_t inputs = std::size_t(wide.shape.inputs), first = std::size_t(units.begin),
                    count = std::size_t(units.size());
  const float* for_weights = gradients_[std::size_t(thread)].data();
  const float* for_biases = for_weights + inputs * count;
  run.kernels.wide_weight_gradient(wide.shape, units, images, wide.in.data(), wide.d.data(),
                                   planes_of(run.work.gradients(run.tiles), operation.out_gradient),
                                   gradients_[std::size_t(thread)].data(),
                                   gradients_[std::size_t(thread)].data() + inputs * count);
  step.use(operation.weight + inputs * first, inputs * count, {&for_weights, 1});
  step.use(operation.bias + first, count, {&for_biases, 1});
}

}  // namespace lenet
