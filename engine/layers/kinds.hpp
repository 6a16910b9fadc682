// The table of layer kinds. A new kind is a file in this folder and its name here, twice.
#pragma once

#include "layers/layer.hpp"

namespace lenet {

extern const LayerKind kConvolution, kSubsampling, kPooling, kDeformationPooling, kContrast, kDropout, kDense, kRbf;

inline constexpr const LayerKind* kLayerKinds[] = {&kConvolution, &kSubsampling, &kPooling, &kDeformationPooling,
                                                   &kContrast,    &kDropout,     &kDense,   &kRbf};

}  // namespace lenet
