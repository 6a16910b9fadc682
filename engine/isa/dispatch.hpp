// Which instruction sets this build has and this processor runs.
#pragma once

#include <string>
#include <vector>

#include "kernels/contract.hpp"

namespace lenet {

// Names, the fastest first.
std::vector<std::string> supported_isas();
// The kernels of that name; empty: LENET_ISA if set, else the fastest. Throws std::invalid_argument for a
// name that is unknown or that this processor cannot run, naming those it can.
const Kernels& kernels(const std::string& name);

}  // namespace lenet
