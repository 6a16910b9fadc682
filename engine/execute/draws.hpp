// The random numbers that operations draw in training. Each is a function of the seed, the step, the sample, and its
// place in the network: no thread and no other image of the minibatch changes it.
#pragma once

#include <cstdint>

#include "network/plan.hpp"

namespace lenet {

struct Draws {
  std::uint64_t seed;
  std::uint32_t step;
  // out[place * stride], for all that the plan's operations draw for one sample: numbers from [0, 1).
  void fill(const Plan& plan, std::uint32_t sample, float* out, int stride) const;
};

}  // namespace lenet
