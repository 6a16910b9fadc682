#include "execute/tiles.hpp"

namespace lenet {
namespace {

ForwardPass forward_pass(const TileRun& run) {
  return {run.kernels, run.weights, run.work.values(run.tiles), run.work.draws(run.tiles), run.work.winners(run.tiles)};
}

// Turns the gradient of an operation's output into that before its activation.
void through_activation(const BackwardPass& pass, const Operation& operation) {
  const int times = pass.order == Order::first ? 1 : 2;  // second derivatives multiply by the slope's square
  for (int t = 0; t < pass.gradients.count; ++t)
    for (int i = 0; i < times; ++i)
      pass.forward.kernels.activate_gradient(operation.activation, operation.out, pass.forward.values[t],
                                             operation.out_gradient, pass.gradients[t]);
}

void backward(const Plan& plan, Span span, const BackwardPass& pass) {
  for (std::size_t i = span.end; i-- > span.begin;) {
    through_activation(pass, plan[i]);
    plan[i].backward(pass);
  }
}

}  // namespace

void forward(const TileRun& run, Span span) {
  const ForwardPass pass = forward_pass(run);
  for (std::size_t i = span.begin; i < span.end; ++i) {
    const Operation& operation = run.plan[i];
    operation.forward(pass);
    if (operation.activates()) continue;
    for (int t = 0; t < pass.values.count; ++t)
      run.kernels.activate(operation.activation, operation.out, pass.values[t]);
  }
}

void backward(const TileRun& run, Span span, float* scratch, float* gradient) {
  const ForwardPass forward = forward_pass(run);
  backward(run.plan, span,
           {.forward = forward,
            .order = Order::first,
            .factors = run.weights,
            .inputs = forward.values,
            .gradients = run.work.gradients(run.tiles),
            .gradient = gradient,
            .scratch = scratch,
            .image_weight = nullptr});
}

void backward_second(const TileRun& run, const Squares& squares, float* scratch, float* second) {
  const ForwardPass forward = forward_pass(run);
  const float* values = forward.values[0];
  for (std::size_t i = 0; i < run.plan.sizes().value_pixels * kTile; ++i) squares.values[i] = values[i] * values[i];
  backward(run.plan, run.plan.all(),
           {.forward = forward,
            .order = Order::second,
            .factors = squares.weights,
            .inputs = {squares.values, 0, 1},
            .gradients = run.work.gradients(run.tiles),
            .gradient = second,
            .scratch = scratch,
            .image_weight = squares.image_weight});
}

}  // namespace lenet
