// Passes over some tiles of images, in one thread, in a workspace of its own: loops over operations.
#pragma once

#include "layers/layer.hpp"

namespace lenet {

// The outputs of the span's operations.
void forward(const Plan& plan, Span span, const TilePass& pass);
// The gradients of the span's weights (written, not added) and of all values before it, from that of its last output.
void backward(const Plan& plan, Span span, const BackwardPass& pass);
// The same for second derivatives, of one tile.
void backward_second(const Plan& plan, Span span, const SecondPass& pass);

}  // namespace lenet
