// A network as data: the size of its input, and a list of layers with their settings. Nothing is checked here; a
// layer's kind checks the settings it reads when the plan is made.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/contract.hpp"

namespace lenet {

struct LayerKind;  // layers/layer.hpp

// The settings of all kinds; each kind reads those that concern it.
struct Layer {
  const LayerKind* kind = nullptr;
  int maps = 0;  // convolution: output maps; dense, radial basis functions: units
  int kernel_height = 1, kernel_width = 1;
  bool same = false;                // convolution: zeros around the input, so that the size stays
  std::vector<std::uint8_t> table;  // convolution: [output map][input map], 1 = connected; empty: all
  PoolKind pool = PoolKind::max;
  int window = 2;
  int stride = 1;     // convolution, and all with windows: pixels between their beginnings
  float rate = 0.0f;  // dropout: the probability that a value is dropped
  bool keep = false;  // pooling: windows that reach past the end are kept, not ignored
  // All pooling: windows begin in each of so many first columns, and the layers after it score each of these branches.
  // At most one layer has more than one, and only in networks for inference.
  int offsets = 1;
  Activation activation = Activation::linear;
  std::vector<float> codes;           // radial basis functions: [unit][input]
  std::vector<float> window_weights;  // contrast normalization: a row of its window
};

struct Description {
  int maps, height, width;  // of the input
  std::vector<Layer> layers;
};

}  // namespace lenet
