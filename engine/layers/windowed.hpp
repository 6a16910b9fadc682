// What pooling of all kinds and subsampling have in common: windows that begin every `stride` pixels, and one output
// map for each input map.
#pragma once

#include "layers/layer.hpp"

namespace lenet {

class WindowedOperation : public Operation {
 protected:
  WindowedOperation(const PlanStep& step, std::size_t weights, std::size_t biases);

  PoolShape shape_;
};

}  // namespace lenet
