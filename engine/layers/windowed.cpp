// The planning step of all layers with windows. Refuses windows that are larger than the input.
#include "layers/windowed.hpp"

namespace lenet {
namespace {

// How many windows begin in `size` pixels; with `keep`, one more if pixels are left.
int windows(int size, const Layer& layer) {
  const int whole = (size - layer.window) / layer.stride, rest = (size - layer.window) % layer.stride;
  return whole + 1 + (layer.keep && rest > 0 && (whole + 1) * layer.stride < size);
}

}  // namespace

WindowedOperation::WindowedOperation(const PlanStep& step, std::size_t weights, std::size_t biases)
    : Operation(step, weights, biases) {
  step.check_window();
  const Layer& layer = step.layer();
  if (in.height < layer.window || in.width < layer.window) step.refuse("the window is larger than its input");
  place_output(step, in.maps, windows(in.height, layer), windows(in.width, layer));
  shape_ = {in, out, layer.pool, layer.window, layer.stride};
}

}  // namespace lenet
