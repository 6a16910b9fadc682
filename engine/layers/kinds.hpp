// The kinds of layers, one object each.
#pragma once

#include "layers/layer.hpp"

namespace lenet {

const LayerKind& convolution();
const LayerKind& subsampling();
const LayerKind& pooling();
const LayerKind& deformation_pooling();
const LayerKind& contrast();
const LayerKind& dense();
const LayerKind& rbf();

}  // namespace lenet
