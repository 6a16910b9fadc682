// Wide dense layers, whose weights outgrow a core's cache: they are run by ranges of their units over a whole
// minibatch, so that a range's weights are read once, and its gradient is used where it is made.
#pragma once

#include "layers/layer.hpp"

namespace lenet {

class WideLayers {
 public:
  // The wide layers of a plan for minibatches of so many tiles; none if the minibatch is huge, since its values are
  // all kept.
  WideLayers(const Plan& plan, const Kernels& kernels, int tiles);

  bool none() const { return layers_.empty(); }
  int count() const { return int(layers_.size()); }
  std::size_t op(int layer) const { return layers_[layer].op; }
  // Units and inputs in ranges: work for a thread.
  int unit_ranges(int layer) const { return int(layers_[layer].units.size()); }
  int input_ranges(int layer) const { return int(layers_[layer].inputs.size()); }
  int all_unit_ranges() const;
  void prepare(int threads);

  // The outputs of a range of units, for all tiles of the minibatch.
  void forward(int layer, int range, const TilePass& pass) const;
  // The gradients of a range of inputs.
  void backward(int layer, int range, const TilePass& pass) const;
  // From the gradients of a layer's outputs, of some tiles whose first image is `first`: those of its sums; and keeps
  // inputs and gradients, an image a row, for `weight_gradient`.
  void gather(int layer, const TilePass& pass, std::size_t first);

  // The gradient of the weights and biases of a range, counted over all layers, over so many images.
  struct RangeGradient {
    const float *weights, *biases;
    std::size_t weight, bias;  // places in the flat vector of parameters
    std::size_t weight_count, bias_count;
  };
  RangeGradient weight_gradient(int range, int images, Workspace& work, int thread);

 private:
  struct Layer {
    std::size_t op;
    std::vector<Range> units, inputs;
    Buffer in, d;  // its inputs and its units' gradients, an image a row
  };

  const Plan& plan_;
  const Kernels& kernels_;
  std::vector<Layer> layers_;
  std::vector<Buffer> range_gradients_;  // one a thread
};

}  // namespace lenet
