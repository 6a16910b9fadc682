// Convolutions, with any connection table between input and output maps, with and without zeros around the input. A
// 2x2 max pooling that follows is fused with them where it may be: then the convolution's output is never stored. One
// whose kernel covers its whole input is planned as a dense layer with the same weights. One with a stride has simple
// kernels of its own, and is never fused.
#include <algorithm>
#include <vector>

#include "layers/kinds.hpp"

namespace lenet {
namespace {

constexpr int kMaxKernel = 1024;  // pixels a side

// ---- planning ----------------------------------------------------------------------------------

// The outputs along `size` pixels, of a kernel of so many; 0 if it does not fit.
int outputs_along(int size, int kernel, const Layer& layer) {
  const int stride = std::max(1, layer.stride);  // `check` refuses others, but the layer below asks first
  if (layer.same) return (size + stride - 1) / stride;
  return size < kernel ? 0 : (size - kernel) / stride + 1;
}

// As in TensorFlow: as many zeros as the outputs need; of an odd number, the extra one goes below and to the right.
std::optional<Borders> padding(const Layer& layer, int height, int width) {
  if (!layer.same) return std::nullopt;
  const auto zeros = [&](int size, int kernel) {
    return std::max(0, (outputs_along(size, kernel, layer) - 1) * layer.stride + kernel - size);
  };
  const int rows = zeros(height, layer.kernel_height), columns = zeros(width, layer.kernel_width);
  return Borders{rows / 2, columns / 2, rows - rows / 2, columns - columns / 2};
}

struct Size {
  int height, width;
};
Size output_size(const PlanStep& step) {
  const Layer& layer = step.layer();
  return {outputs_along(step.in.height, layer.kernel_height, layer),
          outputs_along(step.in.width, layer.kernel_width, layer)};
}

std::size_t weights_of(const PlanStep& step) {
  const Layer& layer = step.layer();
  return std::size_t(layer.maps) * step.in.maps * layer.kernel_height * layer.kernel_width;
}

// Of a convolution with this output.
ConvShape shape_of(const PlanStep& step, const Planes& out, const Table& table) {
  const Layer& layer = step.layer();
  const Borders zeros = padding(layer, step.in.height, step.in.width).value_or(Borders{});
  Planes in = step.in;
  in.origin -= std::size_t(zeros.top) * in.row + std::size_t(zeros.left);
  return {in, out, layer.kernel_height, layer.kernel_width, zeros.top, zeros.left, table, layer.stride};
}

void check(const PlanStep& step) {
  const Layer& layer = step.layer();
  step.check_maps();
  if (std::min(layer.kernel_height, layer.kernel_width) < 1 ||
      std::max(layer.kernel_height, layer.kernel_width) > kMaxKernel)
    step.refuse("a kernel of 1 to 1024 pixels expected");
  if (layer.stride < 1) step.refuse("a stride of at least 1 expected");
  if (!layer.table.empty() && layer.table.size() != std::size_t(layer.maps) * std::size_t(step.in.maps))
    step.refuse("a table of another size");
}

bool covers_input(const PlanStep& step) {
  const Layer& layer = step.layer();
  return layer.table.empty() && !layer.same && !step.borders(1, 1, 1) && layer.kernel_height == step.in.height &&
         layer.kernel_width == step.in.width;
}

bool can_fuse_pooling(const PlanStep& step) {
  const Layer* next = step.next();
  if (!step.fuse || !next || next->kind != &kPooling) return false;
  const auto [height, width] = output_size(step);
  const bool ignores_border = !next->keep || (height % 2 == 0 && width % 2 == 0);
  // Every activation is monotone, so it commutes with a maximum.
  const bool one_activation = next->activation == Activation::linear || step.layer().activation == Activation::linear;
  return next->pool == PoolKind::max && next->window == 2 && next->stride == 2 && next->offsets == 1 && height >= 2 &&
         width >= 2 && ignores_border && one_activation;
}

// The lists behind a Table.
struct Connections {
  std::vector<int> inputs_begin{0}, inputs, outputs_begin{0}, outputs;

  Connections(const Layer& layer, int input_maps) {
    const auto connected = [&](int m, int c) {
      return layer.table.empty() || layer.table[std::size_t(m) * std::size_t(input_maps) + std::size_t(c)];
    };
    for (int m = 0; m < layer.maps; ++m) {
      for (int c = 0; c < input_maps; ++c)
        if (connected(m, c)) inputs.push_back(c);
      inputs_begin.push_back(int(inputs.size()));
    }
    for (int c = 0; c < input_maps; ++c) {
      for (int m = 0; m < layer.maps; ++m)
        if (connected(m, c)) outputs.push_back(m);
      outputs_begin.push_back(int(outputs.size()));
    }
  }
  Table table() const { return {inputs_begin.data(), inputs.data(), outputs_begin.data(), outputs.data()}; }
};

// ---- one image ---------------------------------------------------------------------------------

Planes rows_padded(int maps, int height, int width) {
  const int row = int(round_up(std::size_t(width)));
  return {0, maps, height, width, row, height * row};
}

std::size_t floats_of(const Planes& planes) { return std::size_t(planes.maps) * std::size_t(planes.plane); }

// What one_image_conv copies its input to.
std::size_t shifted_floats(const ConvShape& s) {
  return std::size_t(s.in.maps) * s.kernel_width * (s.out.height + s.kernel_height - 1) * s.out.row;
}

// Copies planes of equal size.
void copy_planes(const Planes& from_at, const float* from, const Planes& to_at, float* to) {
  for (int m = 0; m < from_at.maps; ++m)
    for (int y = 0; y < from_at.height; ++y)
      std::copy_n(from + from_at.at(m, y, 0), from_at.width, to + to_at.at(m, y, 0));
}

// How a convolution runs over one image, with rows padded to whole registers. The gradient of its input is another
// convolution, of its output's gradient between zeros, with the kernels turned around and the connection table seen
// from the other side.
struct OneImageConvolution {
  ConvShape forward, backward;
  Planes middle;  // where, between the zeros, the output's gradient lies
  // Places in the operation's state: the output, later its gradient; the input as one_image_conv copies it; and for
  // `backward` the gradient between zeros and the kernels turned around.
  std::size_t inner = 0, shifted, surrounded, turned, end;

  OneImageConvolution() = default;
  OneImageConvolution(const ConvShape& tile, const Planes& in, std::size_t weights) : forward(tile), backward(tile) {
    forward.out = rows_padded(tile.out.maps, tile.out.height, tile.out.width);
    const int zeros_y = tile.kernel_height - 1, zeros_x = tile.kernel_width - 1;
    std::size_t pixels = 0;
    middle = allocate(pixels, tile.out.maps, tile.out.height, tile.out.width, {zeros_y, zeros_x, zeros_y, zeros_x});
    backward.in = middle;
    backward.in.origin = middle.origin - std::size_t(zeros_y - tile.before_height) * middle.row -
                         std::size_t(zeros_x - tile.before_width);
    backward.out = rows_padded(in.maps, in.height, in.width);
    backward.table = {tile.table.outputs_begin, tile.table.outputs, tile.table.inputs_begin, tile.table.inputs};

    shifted = inner + round_up(floats_of(forward.out) + kOneImageSlack);
    surrounded = shifted + round_up(shifted_floats(forward));
    turned = surrounded + round_up(pixels + kOneImageSlack);
    end = turned + round_up(weights);
  }
};

// ---- operations --------------------------------------------------------------------------------

// What convolutions with and without pooling have in common. `pooled` is the width of the fused pooling's window, or 1.
class AnyConvolution : public Operation {
 public:
  bool activates() const final { return true; }

  void backward(const BackwardPass& pass) const final {
    const Kernels& kernels = pass.forward.kernels;
    float *inner = pass.scratch, *taps = pass.scratch + inner_pixels_ * kTile;
    std::fill_n(pass.gradient + weight, weights, 0.0f);  // connections that the table lacks keep the zeros
    for (int t = 0; t < pass.gradients.count; ++t) {
      float* gradients = pass.gradients[t];
      kernels.conv_bias_gradient(out_gradient, gradients, pass.gradient + bias, t > 0);
      weight_gradient(pass, t, taps);
      if (!wants_input_gradient()) continue;
      spread_gradient(pass, t, inner);
      kernels.conv_input_gradient(shape_, pass.factors + weight, inner_, inner, in_gradient, gradients);
    }
  }

  // The gradient of the convolution's output, and the taps' sums that conv_weight_gradient needs.
  std::size_t scratch_floats(int) const final {
    return (inner_pixels_ + std::size_t(kMostGradientMaps * shape_.kernel_height * shape_.kernel_width)) * kTile;
  }

  void forward_one_image(const OneImagePass& pass) const final {
    float* inner = pass.state + one_image_.inner;
    pass.kernels.one_image_conv(one_image_.forward, pass.weight, pass.bias, pass.values, inner,
                                pass.state + one_image_.shifted);
    finish_one_image(pass, one_image_.forward.out, inner);
  }

  void backward_one_image(const OneImagePass& pass) const final {
    float* inner = pass.state + one_image_.inner;
    begin_one_image_backward(pass, one_image_.forward.out, inner);
    pass.kernels.one_image_conv_gradient(one_image_.forward, pass.state + one_image_.shifted, inner,
                                         pass.weight_gradient, pass.bias_gradient);
    if (!wants_input_gradient()) return;
    float *surrounded = pass.state + one_image_.surrounded, *turned = pass.state + one_image_.turned;
    copy_planes(one_image_.forward.out, inner, one_image_.middle, surrounded);
    turn_kernels(pass.weight, turned);
    const ConvShape& back = one_image_.backward;
    float *result = pass.scratch, *shifted = pass.scratch + round_up(floats_of(back.out) + kOneImageSlack);
    pass.kernels.one_image_conv(back, turned, nullptr, surrounded, result, shifted);
    copy_planes(back.out, result, in_gradient, pass.gradients);
  }

  OneImageFloats one_image_floats(bool training) const final {
    if (!training || !wants_input_gradient()) return {one_image_.surrounded, 0};
    const ConvShape& back = one_image_.backward;
    return {one_image_.end, round_up(floats_of(back.out) + kOneImageSlack) + shifted_floats(back)};
  }

 protected:
  AnyConvolution(const PlanStep& step, int pooled)
      : Operation(step, weights_of(step), std::size_t(step.layer().maps)), connections_(step.layer(), step.in.maps) {
    const Layer& layer = step.layer();
    const auto [height, width] = output_size(step);
    if (pooled > 1) {
      layers = 2;
      if (activation == Activation::linear) activation = step.next()->activation;
    }
    place_output(step, layer.maps, height / pooled, width / pooled);

    shape_ = shape_of(step, out, connections_.table());
    if (pooled > 1) shape_.out = {0, layer.maps, height, width, 0, 0};
    one_image_ = {shape_, in, weights};
    if (!wants_input_gradient()) return;
    // conv_input_gradient reads kernel_width - 1 zeros on either side of the gradient's rows, and one more where no
    // pooling window covers the last column, which has no gradient.
    const int beside = layer.kernel_width - 1 + width - pooled * out.width;
    inner_ = allocate(inner_pixels_, layer.maps, pooled * out.height, pooled * out.width, {0, beside, 0, beside});
  }

  ConvShape shape_;
  Planes inner_{};  // the gradient of the convolution's output, in the scratch memory

 private:
  // Tile t's part of the weights' gradient; `taps` is scratch memory.
  virtual void weight_gradient(const BackwardPass& pass, int t, float* taps) const = 0;
  // Tile t's gradient of the convolution's output, between zeros.
  virtual void spread_gradient(const BackwardPass& pass, int t, float* inner) const = 0;
  // From the convolution's output to this operation's; and from the gradient of the latter to that of the former.
  virtual void finish_one_image(const OneImagePass& pass, const Planes& inner_at, const float* inner) const = 0;
  virtual void begin_one_image_backward(const OneImagePass& pass, const Planes& inner_at, float* inner) const = 0;

  void turn_kernels(const float* weight, float* turned) const {
    const int taps = shape_.kernel_height * shape_.kernel_width, outputs = shape_.out.maps, inputs = shape_.in.maps;
    for (int m = 0; m < outputs; ++m)
      for (int c = 0; c < inputs; ++c, weight += taps)
        std::reverse_copy(weight, weight + taps, turned + (std::size_t(c) * outputs + m) * taps);
  }

  Connections connections_;
  std::size_t inner_pixels_ = 0;
  OneImageConvolution one_image_;
};

class Convolution final : public AnyConvolution {
 public:
  explicit Convolution(const PlanStep& step) : AnyConvolution(step, 1) {}

  void forward(const ForwardPass& pass) const override {
    for (int t = 0; t < pass.values.count; ++t)
      pass.kernels.conv_forward(shape_, activation, pass.weights + weight, pass.weights + bias, pass.values[t],
                                pass.values[t]);
  }

 private:
  void weight_gradient(const BackwardPass& pass, int t, float* taps) const override {
    pass.forward.kernels.conv_weight_gradient(shape_, pass.inputs[t], out_gradient, pass.gradients[t],
                                              pass.gradient + weight, taps, t > 0);
  }

  void spread_gradient(const BackwardPass& pass, int t, float* inner) const override {
    pass.forward.kernels.copy_between_zeros(out_gradient, pass.gradients[t], inner_, inner);
  }

  void finish_one_image(const OneImagePass& pass, const Planes& inner_at, const float* inner) const override {
    copy_planes(inner_at, inner, out, pass.values);
  }

  void begin_one_image_backward(const OneImagePass& pass, const Planes& inner_at, float* inner) const override {
    copy_planes(out_gradient, pass.gradients, inner_at, inner);
    for (int m = 0; m < inner_at.maps; ++m)
      for (int y = 0; y < inner_at.height; ++y)
        std::fill(inner + inner_at.at(m, y, inner_at.width), inner + inner_at.at(m, y, inner_at.row), 0.0f);
  }
};

// With the 2x2 max pooling that follows. A byte for each pooled pixel remembers which of its four pixels won.
class PooledConvolution final : public AnyConvolution {
 public:
  explicit PooledConvolution(const PlanStep& step) : AnyConvolution(step, 2), first_winner_(step.sizes.winner_bytes) {
    step.sizes.winner_bytes += out.pixels() * kTile;
  }

  void forward(const ForwardPass& pass) const override {
    for (int t = 0; t < pass.values.count; ++t) {
      std::uint8_t* winners = pass.winners[t];
      pass.kernels.conv_pool_forward(shape_, activation, pass.weights + weight, pass.weights + bias, pass.values[t],
                                     out, pass.values[t], winners ? winners + first_winner_ : nullptr);
    }
  }

 private:
  void weight_gradient(const BackwardPass& pass, int t, float* taps) const override {
    pass.forward.kernels.conv_pool_weight_gradient(shape_, pass.inputs[t], out_gradient, pass.gradients[t],
                                                   pass.forward.winners[t] + first_winner_, pass.gradient + weight,
                                                   taps, t > 0);
  }

  void spread_gradient(const BackwardPass& pass, int t, float* inner) const override {
    pass.forward.kernels.unpool(out_gradient, pass.gradients[t], pass.forward.winners[t] + first_winner_, inner_,
                                inner);
  }

  void finish_one_image(const OneImagePass& pass, const Planes& inner_at, const float* inner) const override {
    pass.kernels.one_image_pool({inner_at, out, PoolKind::max, 2, 2}, inner, nullptr, pass.values);
  }

  void begin_one_image_backward(const OneImagePass& pass, const Planes& inner_at, float* inner) const override {
    pass.kernels.one_image_unpool({inner_at, out_gradient, PoolKind::max, 2, 2}, pass.gradients, inner);
  }

  std::size_t first_winner_;
};

class StridedConvolution final : public Operation {
 public:
  explicit StridedConvolution(const PlanStep& step)
      : Operation(step, weights_of(step), std::size_t(step.layer().maps)), connections_(step.layer(), step.in.maps) {
    const auto [height, width] = output_size(step);
    place_output(step, step.layer().maps, height, width);
    shape_ = shape_of(step, out, connections_.table());
  }

  void forward(const ForwardPass& pass) const override {
    for (int t = 0; t < pass.values.count; ++t)
      pass.kernels.strided_conv_forward(shape_, pass.weights + weight, pass.weights + bias, pass.values[t],
                                        pass.values[t]);
  }

  void backward(const BackwardPass& pass) const override {
    const Kernels& kernels = pass.forward.kernels;
    std::fill_n(pass.gradient + weight, weights, 0.0f);  // connections that the table lacks keep the zeros
    for (int t = 0; t < pass.gradients.count; ++t) {
      float* gradients = pass.gradients[t];
      kernels.strided_conv_gradient(shape_, pass.inputs[t], out_gradient, gradients, pass.gradient + weight,
                                    pass.gradient + bias, t > 0);
      if (wants_input_gradient())
        kernels.strided_conv_input_gradient(shape_, pass.factors + weight, out_gradient, gradients, in_gradient,
                                            gradients);
    }
  }

  void forward_one_image(const OneImagePass& pass) const override {
    pass.kernels.one_image_strided_conv(shape_, pass.weight, pass.bias, pass.values, pass.values);
  }

  void backward_one_image(const OneImagePass& pass) const override {
    pass.kernels.one_image_strided_conv_gradient(shape_, pass.values, out_gradient, pass.gradients,
                                                 pass.weight_gradient, pass.bias_gradient, false);
    if (wants_input_gradient())
      pass.kernels.one_image_strided_conv_input_gradient(shape_, pass.weight, out_gradient, pass.gradients, in_gradient,
                                                         pass.gradients);
  }

 private:
  Connections connections_;
  ConvShape shape_;
};

std::unique_ptr<Operation> plan(const PlanStep& step) {
  check(step);
  if (covers_input(step)) return kDense.plan(step);
  if (step.layer().stride > 1) return std::make_unique<StridedConvolution>(step);
  if (can_fuse_pooling(step)) return std::make_unique<PooledConvolution>(step);
  return std::make_unique<Convolution>(step);
}

}  // namespace

const LayerKind kConvolution{.name = "conv", .plan = plan, .borders = padding};

}  // namespace lenet
