// A plan run over some tiles of sixteen images, by one thread. It knows operations, and no layer kinds.
#pragma once

#include "network/workspace.hpp"

namespace lenet {

struct TileRun {
  const Plan& plan;
  const Kernels& kernels;
  const float* weights;  // in the plan's order
  Workspace& work;
  TileRange tiles;
};

// Loads sixteen images of the size of `placed`, which says where in a tile they go.
inline void load_tile(const Kernels& kernels, const std::uint8_t* const images[kTile], Scale scale,
                      const Planes& placed, float* tile) {
  kernels.load_tile(images, placed.maps, placed.height, placed.width, scale.paper, scale.step(), placed, tile);
}

// The outputs of the span's operations.
void forward(const TileRun& run, Span span);
// After `forward`: the gradients of the span's weights (written, not added) and of all values before, from the gradient
// of the span's last output. `scratch` has the plan's scratch_floats for the run's tiles.
void backward(const TileRun& run, Span span, float* scratch, float* gradient);

// What second derivatives need besides: the squares of all weights and, as scratch memory, of a tile's values; and the
// weight of each image in the mean.
struct Squares {
  const float* weights;
  float* values;
  const float* image_weight;  // [kTile]
};
// The same as `backward` for second derivatives, of one tile, through all operations.
void backward_second(const TileRun& run, const Squares& squares, float* scratch, float* second);

}  // namespace lenet
