// Convolutions, with or without the 2x2 max pooling after them. With it, the convolution's own planes are never
// stored: a byte for each pixel and image remembers which of the four won.
#include "layers/kinds.hpp"

namespace lenet {
namespace {

// Whole registers reach a little past the end of a single image's planes.
constexpr std::size_t kSlack = 64;

// As in TensorFlow: of an odd number of zeros, the extra one goes below and to the right.
Borders same_borders(const Layer& layer) {
  if (!layer.same) return {};
  const int top = (layer.kernel_height - 1) / 2, left = (layer.kernel_width - 1) / 2;
  return {top, left, layer.kernel_height - 1 - top, layer.kernel_width - 1 - left};
}

// Which maps are connected, seen from the output maps and from the input maps.
Table connections(const Layer& layer, int inputs, int outputs, Plan& plan) {
  const auto connected = [&](int m, int c) { return layer.table.empty() || layer.table[std::size_t(m) * inputs + c]; };
  auto &inputs_begin = plan.new_list(), &inputs_of = plan.new_list(), &outputs_begin = plan.new_list(),
       &outputs_of = plan.new_list();
  inputs_begin.push_back(0);
  for (int m = 0; m < outputs; ++m) {
    for (int c = 0; c < inputs; ++c)
      if (connected(m, c)) inputs_of.push_back(c);
    inputs_begin.push_back(int(inputs_of.size()));
  }
  outputs_begin.push_back(0);
  for (int c = 0; c < inputs; ++c) {
    for (int m = 0; m < outputs; ++m)
      if (connected(m, c)) outputs_of.push_back(m);
    outputs_begin.push_back(int(outputs_of.size()));
  }
  return {inputs_begin.data(), inputs_of.data(), outputs_begin.data(), outputs_of.data()};
}

Planes padded_rows(int maps, int height, int width) {
  const int row = int(round_up(std::size_t(width)));
  return {0, maps, height, width, row, height * row};
}

// What single_conv copies its input to.
std::size_t shifted_floats(const ConvShape& s) {
  return std::size_t(s.in.maps) * s.kernel_width * (s.out.height + s.kernel_height - 1) * s.out.row;
}

// What a convolution keeps for one image.
struct ConvolutionState final : OneImageState {
  ConvShape forward;  // its output has rows padded to whole registers
  Buffer inner;       // values of that output, later their gradient
  Buffer shifted;     // its input as single_conv copies it
  // The gradient of the input is a convolution of the output's gradient between zeros, with the kernels turned around
  // and the connections seen from the other side.
  ConvShape back;
  Planes middle;  // where in `surrounded` the gradient lies
  Buffer surrounded, flipped, back_shifted, back_result;

  ConvolutionState(const Op& op, bool training) : forward(op.conv) {
    forward.out = padded_rows(op.conv.out.maps, op.conv.out.height, op.conv.out.width);
    inner = Buffer(std::size_t(forward.out.maps) * forward.out.plane + kSlack);
    shifted = Buffer(shifted_floats(forward));
    if (training && !op.reads_image) plan_back(op);
  }

  void plan_back(const Op& op) {
    const int zeros_y = op.conv.kernel_height - 1, zeros_x = op.conv.kernel_width - 1;
    const Planes& out = forward.out;
    Planes all{0, out.maps, out.height + 2 * zeros_y, out.width + 2 * zeros_x, 0, 0};
    all.row = all.width, all.plane = all.row * all.height;
    surrounded = Buffer(all.pixels() + kSlack);
    middle = all;
    middle.origin = all.at(0, zeros_y, zeros_x);
    middle.height = out.height, middle.width = out.width;
    back = op.conv;
    back.in = all;
    back.in.origin = all.at(0, op.conv.before_height, op.conv.before_width);
    back.out = padded_rows(op.in.maps, op.in.height, op.in.width);
    const Table& table = op.conv.table;
    back.table = {table.outputs_begin, table.outputs, table.inputs_begin, table.inputs};
    flipped = Buffer(op.weights);
    back_shifted = Buffer(shifted_floats(back));
    back_result = Buffer(std::size_t(back.out.maps) * back.out.plane + kSlack);
  }
};

// What both kinds share.
class AnyConvolution : public LayerKind {
 public:
  void check(const PlanStep& step) const override {
    check_maps(step);
    const Layer& layer = step.layer;
    if (layer.kernel_height < 1 || layer.kernel_width < 1 || layer.kernel_height > 1024 || layer.kernel_width > 1024)
      refuse(step.index, "a kernel of 1 to 1024 pixels expected");
    check_options(step, false, false);
  }

  Borders borders(const Layer& layer) const override { return same_borders(layer); }

  Extent plan(const PlanStep& step, Op& op) const override {
    const Layer& layer = step.layer;
    op.weights = std::size_t(layer.maps) * step.in.maps * layer.kernel_height * layer.kernel_width;
    op.biases = std::size_t(layer.maps);
    const int less_height = layer.same ? 0 : layer.kernel_height - 1,
              less_width = layer.same ? 0 : layer.kernel_width - 1;
    return {layer.maps, step.in.height - less_height, step.in.width - less_width};
  }

  std::size_t scratch_floats(const Op& op, int) const override {  // at most five maps' kernels at a time
    return std::size_t(5) * op.conv.kernel_height * op.conv.kernel_width * kTile;
  }

  std::unique_ptr<OneImageState> one_image_state(const Op& op, bool training) const override {
    return std::make_unique<ConvolutionState>(op, training);
  }

  void forward_one(const Op& op, const OneImageForward& pass) const override {
    ConvolutionState& state = static_cast<ConvolutionState&>(*pass.state);
    pass.kernels.single_conv(state.forward, pass.weight, pass.bias, pass.values, state.inner.data(),
                             state.shifted.data());
    finish_one(op, pass, state);
  }

  void backward_one(const Op& op, const OneImageBackward& pass) const override {
    ConvolutionState& state = static_cast<ConvolutionState&>(*pass.state);
    inner_gradient_one(op, pass, state);
    pass.kernels.single_conv_gradient(state.forward, state.shifted.data(), state.inner.data(), pass.weight_gradient,
                                      pass.bias_gradient);
    if (!op.reads_image) input_gradient_one(op, pass, state);
  }

 protected:
  // Sets the convolution's shape; `own` is the size of its output before any pooling, `pooled` the pooling's window.
  static void place_convolution(const PlanStep& step, const Extent& own, Op& op, const Planes& out, int pooled) {
    const Borders borders = same_borders(step.layer);
    op.conv.in = op.in;
    op.conv.in.origin -= std::size_t(borders.top) * op.in.row + borders.left;
    op.conv.out = out;
    op.conv.kernel_height = step.layer.kernel_height, op.conv.kernel_width = step.layer.kernel_width;
    op.conv.before_height = borders.top, op.conv.before_width = borders.left;
    op.conv.table = connections(step.layer, op.in.maps, own.maps, step.plan);
    // The gradient of the convolution's own planes, its rows between zeros (gather_row in convolution_gradient.inl).
    // A last column that no pooling window covers has no gradient: one more column of zeros.
    std::size_t inner = 0;
    const int zeros = step.layer.kernel_width - 1 + own.width - pooled * op.out.width;
    op.inner = allocate(inner, own.maps, pooled * op.out.height, pooled * op.out.width, {0, zeros, 0, zeros});
    step.memory.inner = std::max(step.memory.inner, inner);
  }

  // Takes the output from state.inner.
  virtual void finish_one(const Op& op, const OneImageForward& pass, ConvolutionState& state) const = 0;
  // Puts the gradient of the convolution's own planes into state.inner, zeros in the padding of its rows.
  virtual void inner_gradient_one(const Op& op, const OneImageBackward& pass, ConvolutionState& state) const = 0;

 private:
  static void input_gradient_one(const Op& op, const OneImageBackward& pass, ConvolutionState& state) {
    const Planes &out = state.forward.out, &middle = state.middle;
    for (int m = 0; m < middle.maps; ++m)
      for (int y = 0; y < middle.height; ++y)
        std::copy_n(state.inner.data() + out.at(m, y, 0), middle.width, state.surrounded.data() + middle.at(m, y, 0));
    const int taps = op.conv.kernel_height * op.conv.kernel_width;
    for (int m = 0; m < out.maps; ++m)
      for (int c = 0; c < op.in.maps; ++c) {
        const float* from = pass.weight + (std::size_t(m) * op.in.maps + c) * taps;
        std::reverse_copy(from, from + taps, state.flipped.data() + (std::size_t(c) * out.maps + m) * taps);
      }
    pass.kernels.single_conv(state.back, state.flipped.data(), nullptr, state.surrounded.data(),
                             state.back_result.data(), state.back_shifted.data());
    const Planes& result = state.back.out;
    for (int m = 0; m < result.maps; ++m)
      for (int y = 0; y < result.height; ++y)
        std::copy_n(state.back_result.data() + result.at(m, y, 0), result.width,
                    pass.gradients + op.in_gradient.at(m, y, 0));
  }
};

class PooledConvolution final : public AnyConvolution {
 public:
  void place(const PlanStep& step, const Extent& own, Op& op) const override {
    place_convolution(step, own, op, {0, own.maps, own.height, own.width, 0, 0}, 2);
    op.winners = step.memory.winner_bytes;
    step.memory.winner_bytes += op.out.pixels() * kTile;
  }

  void forward(const Op& op, const TilePass& pass) const override {
    for (int t = pass.first; t < pass.first + pass.count; ++t) {
      float* values = pass.work.tile_values(t);
      std::uint8_t* winners = pass.work.winners(t);
      pass.kernels.conv_pool_forward(op.conv, op.activation, pass.weights + op.weight, pass.weights + op.bias, values,
                                     op.out, values, winners ? winners + op.winners : nullptr);
    }
  }

 protected:
  void backward_tile(const Op& op, const TileBackward& tile) const override {
    float *weight = tile.gradient + op.weight, *inner = tile.scratch.inner.data();
    tile.kernels.bias_gradient(op.out_gradient, tile.gradients, tile.gradient + op.bias, tile.add);
    if (!tile.add) std::fill_n(weight, op.weights, 0.0f);
    tile.kernels.conv_pool_weight_gradient(op.conv, tile.inputs, op.out_gradient, tile.gradients,
                                           tile.winners + op.winners, weight, tile.scratch.floats.data(), tile.add);
    if (op.reads_image) return;
    tile.kernels.unpool(op.out_gradient, tile.gradients, tile.winners + op.winners, op.inner, inner);
    tile.kernels.conv_input_gradient(op.conv, tile.weights + op.weight, op.inner, inner, op.in_gradient,
                                     tile.gradients);
  }

  void finish_one(const Op& op, const OneImageForward& pass, ConvolutionState& state) const override {
    pass.kernels.single_pool({state.forward.out, op.out, PoolKind::max, 2, 2}, state.inner.data(), nullptr,
                             pass.values);
  }

  void inner_gradient_one(const Op& op, const OneImageBackward& pass, ConvolutionState& state) const override {
    pass.kernels.single_unpool({state.forward.out, op.out_gradient, PoolKind::max, 2, 2}, pass.gradients,
                               state.inner.data());
  }
};

const PooledConvolution pooled_convolution{};

class Convolution final : public AnyConvolution {
 public:
  const LayerKind& planned_as(const PlanStep& step) const override {
    const Layer& layer = step.layer;
    const bool next_has_borders = step.next && step.next->kind == Layer::Kind::conv && step.next->same;
    const bool covers = layer.table.empty() && !layer.same && !next_has_borders &&
                        layer.kernel_height == step.in.height && layer.kernel_width == step.in.width;
    return covers ? dense() : *this;
  }

  bool fuse(const PlanStep& step, Op& op, Extent& out) const override {
    const Layer& next = *step.next;
    if (next.kind != Layer::Kind::pool || next.pool != PoolKind::max || next.window != 2 || next.stride != 2 ||
        next.offsets != 1 || out.height < 2 || out.width < 2 || (next.keep && (out.height % 2 || out.width % 2)))
      return false;
    // Every activation is monotone, so it commutes with a maximum; but there is only one.
    if (next.activation != Activation::linear && op.activation != Activation::linear) return false;
    op.kind = &pooled_convolution;
    if (op.activation == Activation::linear) op.activation = next.activation;
    out.height /= 2, out.width /= 2;
    return true;
  }

  void place(const PlanStep& step, const Extent& own, Op& op) const override {
    place_convolution(step, own, op, op.out, 1);
  }

  void forward(const Op& op, const TilePass& pass) const override {
    for (int t = pass.first; t < pass.first + pass.count; ++t) {
      float* values = pass.work.tile_values(t);
      pass.kernels.conv_forward(op.conv, op.activation, pass.weights + op.weight, pass.weights + op.bias, values,
                                values);
    }
  }

 protected:
  void backward_tile(const Op& op, const TileBackward& tile) const override {
    float *weight = tile.gradient + op.weight, *inner = tile.scratch.inner.data();
    tile.kernels.bias_gradient(op.out_gradient, tile.gradients, tile.gradient + op.bias, tile.add);
    if (!tile.add) std::fill_n(weight, op.weights, 0.0f);
    tile.kernels.conv_weight_gradient(op.conv, tile.inputs, op.out_gradient, tile.gradients, weight,
                                      tile.scratch.floats.data(), tile.add);
    if (op.reads_image) return;
    tile.kernels.between_zeros(op.out_gradient, tile.gradients, op.inner, inner);
    tile.kernels.conv_input_gradient(op.conv, tile.weights + op.weight, op.inner, inner, op.in_gradient,
                                     tile.gradients);
  }

  void finish_one(const Op& op, const OneImageForward& pass, ConvolutionState& state) const override {
    const Planes& padded = state.forward.out;
    for (int m = 0; m < op.out.maps; ++m)
      for (int y = 0; y < op.out.height; ++y)
        std::copy_n(state.inner.data() + padded.at(m, y, 0), op.out.width, pass.values + op.out.at(m, y, 0));
  }

  void inner_gradient_one(const Op& op, const OneImageBackward& pass, ConvolutionState& state) const override {
    const Planes& padded = state.forward.out;
    for (int m = 0; m < padded.maps; ++m)
      for (int y = 0; y < padded.height; ++y) {
        float* row = state.inner.data() + padded.at(m, y, 0);
        std::copy_n(pass.gradients + op.out_gradient.at(m, y, 0), padded.width, row);
        std::fill(row + padded.width, row + padded.row, 0.0f);
      }
  }
};

}  // namespace

const LayerKind& convolution() {
  static const Convolution kind;
  return kind;
}

}  // namespace lenet
