// Wide dense layers: those whose weights alone would fill a core's L2 cache. Each is run by ranges of its units over
// the whole minibatch, so that a range's weights are read once for all tiles; and the gradient of a range is used where
// it is computed, so that it is never stored. The caller has its threads meet before and after each of these functions'
// items, which may run in any order, on any thread.
#pragma once

#include <vector>

#include "training/trainer.hpp"

namespace lenet {

class WideLayers {
 public:
  // The wide layers of a plan that is trained with minibatches of so many tiles; none if the minibatches are so large
  // that keeping all their values would cost more than it saves.
  WideLayers(const Plan& plan, int tiles);

  int count() const { return int(layers_.size()); }
  std::size_t operation(int layer) const { return layers_[std::size_t(layer)].operation; }
  int forward_items(int layer) const { return int(layers_[std::size_t(layer)].units.size()); }
  int backward_items(int layer) const { return int(layers_[std::size_t(layer)].inputs.size()); }
  int update_items() const;
  void prepare(int threads);

  // Runs are over the minibatch's tiles, except that of `keep`.
  // The outputs of a range of the layer's units.
  void forward(int layer, int item, const TileRun& run) const;
  // After the gradient of the layer's output is there, for some of the tiles: takes it through the activation, and
  // keeps it and the layer's inputs for `update`.
  void keep(int layer, const TileRun& run);
  // The gradient of a range of the layer's inputs.
  void backward(int layer, int item, const TileRun& run) const;
  // The gradient of a range's weights and biases, and the step that uses it. Items go through all layers.
  void update(int item, int images, const TileRun& run, const Step& step, int thread);

 private:
  struct Layer {
    std::size_t operation;
    DenseShape shape;
    std::vector<Range> units, inputs;
    Buffer in, d;  // its inputs and its units' gradients, a row an image
    std::size_t in_row() const { return round_up(std::size_t(shape.inputs)); }
    std::size_t d_row() const { return round_up(std::size_t(shape.outputs)); }
  };

  std::vector<Layer> layers_;
  std::vector<Buffer> gradients_;  // one a thread: of a range's weights and biases
};

}  // namespace lenet
