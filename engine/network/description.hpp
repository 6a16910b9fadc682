// A network as it is asked for: the input's shape and a list of layers.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/contract.hpp"

namespace lenet {

struct Layer {
  enum class Kind { conv, subsample, pool, deform, contrast, dense, rbf } kind;
  int maps = 0;  // conv: output maps; dense, rbf: units
  int kernel_height = 1, kernel_width = 1;
  bool same = false;                // conv: zeros around, so that the size stays
  std::vector<std::uint8_t> table;  // conv: [output map][input map], 1 = connected; empty: all
  PoolKind pool = PoolKind::max;
  int window = 2, stride = 2;
  bool keep = false;  // pool: windows that reach past the end are kept, not ignored
  // All pooling: windows begin in each of so many first columns, and the layers after it answer for each of these
  // branches. At most one layer has more than one, and only in networks that answer, not in such as are trained.
  int offsets = 1;
  Activation activation = Activation::linear;
  std::vector<float> codes;           // rbf: [unit][input]
  std::vector<float> window_weights;  // contrast: a row of its window
};

struct Description {
  int maps, height, width;  // of the input
  std::vector<Layer> layers;
};

// Grey levels: what a network is given for paper (byte 0) and for ink (byte 255).
struct Scale {
  float paper, ink;
  float step() const { return (ink - paper) / 255.0f; }
};

// Byte images in a row in memory, [image][map][row][column].
struct Images {
  const std::uint8_t* data;
  std::size_t count;
  int maps, height, width;
  std::size_t bytes() const { return std::size_t(maps) * height * width; }
  const std::uint8_t* operator[](std::size_t i) const { return data + i * bytes(); }
};

}  // namespace lenet
