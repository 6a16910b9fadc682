#include "plan.hpp"

#include <algorithm>
#include <climits>

namespace lenet {
namespace {

// Planes with zeros around; takes its room from `used`. Widths above/left and below/right of the picture.
Planes allocate(std::size_t& used, int maps, int height, int width, int top = 0, int left = 0, int bottom = 0,
                int right = 0) {
  // Kernels count pixels and floats of a plane in int.
  const std::size_t pixels = std::size_t(left + width + right) * std::size_t(top + height + bottom);
  if (pixels > std::size_t(INT_MAX / kTile) / std::size_t(maps))
    throw std::invalid_argument(std::to_string(maps) + " maps of " + std::to_string(height) + "x" +
                                std::to_string(width) + " are too large");
  Planes p;
  p.maps = maps, p.height = height, p.width = width;
  p.row = left + width + right;
  p.plane = p.row * (top + height + bottom);
  p.origin = used + std::size_t(top) * p.row + left;
  used += round_up(std::size_t(maps) * p.plane);
  return p;
}

struct Borders {
  int top = 0, left = 0, bottom = 0, right = 0;
};
// As in TensorFlow: of an odd number of zeros, the extra one goes below and to the right.
Borders borders(const Layer& layer) {
  if (layer.kind != Layer::Kind::conv || !layer.same) return {};
  const int top = (layer.kernel_height - 1) / 2, left = (layer.kernel_width - 1) / 2;
  return {top, left, layer.kernel_height - 1 - top, layer.kernel_width - 1 - left};
}

[[noreturn]] void refuse(std::size_t layer, const std::string& why) {
  throw std::invalid_argument("layer " + std::to_string(layer) + ": " + why);
}

// How many windows of `window` pixels, `stride` apart, lie in `size`; with `keep`, one more if pixels are left.
int windows(int size, int window, int stride, bool keep) {
  const int whole = (size - window) / stride, rest = (size - window) % stride;
  return whole + 1 + (keep && rest > 0 && (whole + 1) * stride < size);
}

void check(std::size_t i, const Layer& layer, const Planes& in) {
  using Kind = Layer::Kind;
  const bool windowed = layer.kind == Kind::pool || layer.kind == Kind::subsample || layer.kind == Kind::deform ||
                        layer.kind == Kind::contrast;
  if (windowed && (layer.window < 1 || layer.stride < 1)) refuse(i, "a window and a stride of at least 1 expected");
  if (!windowed && (layer.maps < 1 || layer.maps > INT_MAX / kTile)) refuse(i, "a number of maps or units expected");
  if (layer.kind == Kind::conv &&
      (layer.kernel_height < 1 || layer.kernel_width < 1 || layer.kernel_height > 1024 || layer.kernel_width > 1024))
    refuse(i, "a kernel of 1 to 1024 pixels expected");
  if (layer.keep && layer.kind != Kind::pool) refuse(i, "only pooling keeps borders");
  if (layer.offsets < 1 || (layer.offsets > 1 && (!windowed || layer.kind == Kind::contrast)))
    refuse(i, "only pooling begins in several columns");
  if (layer.kind == Kind::contrast) {
    const auto& w = layer.window_weights;
    bool fine = layer.window % 2 == 1 && w.size() == std::size_t(layer.window) && w[w.size() / 2] > 0;
    for (std::size_t k = 0; fine && k < w.size(); ++k) fine = w[k] >= 0 && w[k] == w[w.size() - 1 - k];
    if (!fine) refuse(i, "an odd window with a weight for each pixel of a row, the same on both sides, expected");
  }
  if (!layer.table.empty() && layer.table.size() != std::size_t(layer.maps) * in.maps)
    refuse(i, "a table of another size");
}

}  // namespace

void Plan::add_tables(const Layer& layer, ConvShape& conv) {
  const int inputs = conv.in.maps, outputs = conv.out.maps;
  const auto joined = [&](int m, int c) { return layer.table.empty() || layer.table[std::size_t(m) * inputs + c]; };
  const auto list = [&] { return lists_.emplace_back(std::make_unique<std::vector<int>>()).get(); };
  auto *inputs_begin = list(), *inputs_of = list(), *outputs_begin = list(), *outputs_of = list();
  inputs_begin->push_back(0);
  for (int m = 0; m < outputs; ++m) {
    for (int c = 0; c < inputs; ++c)
      if (joined(m, c)) inputs_of->push_back(c);
    inputs_begin->push_back(int(inputs_of->size()));
  }
  outputs_begin->push_back(0);
  for (int c = 0; c < inputs; ++c) {
    for (int m = 0; m < outputs; ++m)
      if (joined(m, c)) outputs_of->push_back(m);
    outputs_begin->push_back(int(outputs_of->size()));
  }
  conv.table = {inputs_begin->data(), inputs_of->data(), outputs_begin->data(), outputs_of->data()};
}

Plan::Plan(const Description& description, bool fuse) : description_(description) {
  const auto& layers = description_.layers;
  if (layers.empty()) throw std::invalid_argument("a network needs at least one layer");
  if (description_.maps < 1 || description_.height < 1 || description_.width < 1)
    throw std::invalid_argument("an input of at least one map, row and column expected");
  const Borders first = borders(layers[0]);
  input_ = allocate(value_pixels_, description_.maps, description_.height, description_.width, first.top, first.left,
                    first.bottom, first.right);
  const auto split = std::find_if(layers.begin(), layers.end(), [](const Layer& layer) { return layer.offsets > 1; });
  add(0, input_, 0, fuse);
  if (split == layers.end()) return;
  const std::size_t at = std::size_t(split - layers.begin());
  if (std::any_of(split + 1, layers.end(), [](const Layer& layer) { return layer.offsets > 1; }))
    refuse(at, "only one layer begins in several columns");
  const Op first_branch = *std::find_if(ops_.begin(), ops_.end(), [&](const Op& op) { return op.layer == int(at); });
  for (int offset = 1; offset < split->offsets; ++offset) {
    Planes in = first_branch.in;
    in.origin += std::size_t(offset), in.width -= offset;
    add(at, in, first_branch.weight, fuse);
  }
}

void Plan::add(std::size_t first, Planes value, std::size_t parameter, bool fuse) {
  const auto& layers = description_.layers;
  Planes gradient{};  // nobody wants the input's gradient: its place stays empty
  for (std::size_t i = first; i < layers.size(); ++i) {
    const Layer& layer = layers[i];
    Op op{};
    op.layer = op.last_layer = int(i);
    op.activation = layer.activation;
    op.in = value, op.in_gradient = gradient;
    int maps = layer.maps, height = 1, width = 1;
    const std::size_t fan_in = value.pixels();
    check(i, layer, value);
    const bool bordered = i + 1 < layers.size() && layers[i + 1].kind == Layer::Kind::conv && layers[i + 1].same;
    const bool covers = layer.kind == Layer::Kind::conv && layer.table.empty() && !layer.same && !bordered &&
                        layer.kernel_height == value.height && layer.kernel_width == value.width;
    if (layer.kind == Layer::Kind::dense || layer.kind == Layer::Kind::rbf || covers) {
      // A convolution whose kernel covers its input is a dense layer with the same weights.
      if (bordered) refuse(i + 1, "a convolution with same padding cannot follow a dense layer");
      op.kind = layer.kind == Layer::Kind::rbf ? Op::Kind::rbf : Op::Kind::dense;
      op.dense = {int(fan_in), layer.maps};
      op.weights = op.kind == Op::Kind::rbf ? 0 : fan_in * layer.maps;
      op.biases = op.kind == Op::Kind::rbf ? 0 : layer.maps;
      op.codes = layer.codes.data();
      if (op.kind == Op::Kind::rbf && layer.codes.size() != fan_in * layer.maps) refuse(i, "codes of another size");
    } else if (layer.kind == Layer::Kind::conv) {
      height = layer.same ? value.height : value.height - layer.kernel_height + 1;
      width = layer.same ? value.width : value.width - layer.kernel_width + 1;
      op.kind = Op::Kind::conv;
      op.weights = std::size_t(maps) * value.maps * layer.kernel_height * layer.kernel_width;
      op.biases = maps;
    } else if (layer.kind == Layer::Kind::contrast) {
      maps = value.maps, height = value.height, width = value.width;
      op.kind = Op::Kind::contrast;
      op.contrast.window = layer.window, op.contrast.weights = layer.window_weights.data();
      op.contrast.in = value;
      op.contrast.work = allocate(value_pixels_, 7, height, width);
    } else {
      maps = value.maps;
      if (value.height < layer.window || value.width < layer.window) refuse(i, "the window is larger than its input");
      height = windows(value.height, layer.window, layer.stride, layer.keep);
      width = windows(value.width, layer.window, layer.stride, layer.keep);
      op.kind = layer.kind == Layer::Kind::pool     ? Op::Kind::pool
                : layer.kind == Layer::Kind::deform ? Op::Kind::deform
                                                    : Op::Kind::subsample;
      op.pool.kind = layer.pool, op.pool.window = layer.window, op.pool.stride = layer.stride;
      op.weights = op.kind == Op::Kind::deform ? 4 * maps : op.kind == Op::Kind::subsample ? maps : 0;
      op.biases = op.kind == Op::Kind::subsample ? maps : 0;
      if (op.random()) {
        op.draws = draw_pixels_;
        draw_pixels_ += round_up(std::size_t(maps) * height * width);
      }
    }
    if (maps < 1 || height < 1 || width < 1) refuse(i, "its output is empty");
    op.weight = parameter, op.bias = parameter + op.weights;
    parameter += op.weights + op.biases;

    const Planes conv_out{0, maps, height, width, 0, 0};
    if (op.kind == Op::Kind::conv && fuse && i + 1 < layers.size()) {
      const Layer& next = layers[i + 1];
      if (next.kind == Layer::Kind::pool && next.pool == PoolKind::max && next.window == 2 && next.stride == 2 &&
          next.offsets == 1 && height >= 2 && width >= 2 &&
          !(next.keep && (height % 2 || width % 2)) &&  // every activation is monotone, so it commutes with a maximum
          (next.activation == Activation::linear || layer.activation == Activation::linear)) {
        op.kind = Op::Kind::conv_pool;
        op.last_layer = int(++i);
        if (op.activation == Activation::linear) op.activation = next.activation;
        height /= 2, width /= 2;
      }
    }
    const Borders around = i + 1 < layers.size() ? borders(layers[i + 1]) : Borders{};
    op.out = allocate(value_pixels_, maps, height, width, around.top, around.left, around.bottom, around.right);
    op.out_gradient = allocate(gradient_pixels_, maps, height, width);
    if (op.kind == Op::Kind::conv || op.kind == Op::Kind::conv_pool) {
      const Borders own = borders(layer);
      op.conv.in = op.in;
      op.conv.in.origin -= std::size_t(own.top) * op.in.row + own.left;
      op.conv.out = op.kind == Op::Kind::conv ? op.out : conv_out;
      op.conv.kernel_height = layer.kernel_height, op.conv.kernel_width = layer.kernel_width;
      op.conv.before_height = own.top, op.conv.before_width = own.left;
      add_tables(layer, op.conv);
      // The gradient of the convolution's own planes, its rows between zeros (gather_row in conv_gradient.inl).
      std::size_t inner = 0;
      const int pooled = op.kind == Op::Kind::conv_pool ? 2 : 1;
      // A last column that no pooling window covers has no gradient: one more column of zeros.
      const int wide = layer.kernel_width - 1 + conv_out.width - pooled * width;
      op.inner = allocate(inner, maps, pooled * height, pooled * width, 0, wide, 0, wide);
      inner_pixels_ = std::max(inner_pixels_, inner);
      if (op.kind == Op::Kind::conv_pool) {
        op.winners = winner_bytes_;
        winner_bytes_ += std::size_t(maps) * height * width * kTile;
      }
    }
    op.pool.in = op.in, op.pool.out = op.out, op.contrast.out = op.out;
    value = op.out, gradient = op.out_gradient;
    ops_.push_back(op);
  }
  if (!ends_.empty() && parameter != parameters_) refuse(first, "its branches are not alike");
  parameters_ = parameter;
  ends_.push_back(ops_.size() - 1);
}

int Plan::classes() const {
  if (branched()) throw std::invalid_argument("a network in branches has scores, but no answer");
  const Op::Kind last = output().kind;
  if (last != Op::Kind::dense && last != Op::Kind::rbf)
    throw std::invalid_argument("the last layer is neither dense nor radial basis functions: no classes to score");
  return output().dense.outputs;
}

std::vector<std::size_t> Plan::answers() const {
  std::vector<std::size_t> found;
  for (const std::size_t end : ends_) {
    const Planes& out = ops_[end].out;
    for (int m = 0; m < out.maps; ++m)
      for (int y = 0; y < out.height; ++y)
        for (int x = 0; x < out.width; ++x) found.push_back(out.at(m, y, x) * kTile);
  }
  return found;
}

std::size_t Plan::scratch_floats(int tiles) const {
  std::size_t most = 0;
  for (const Op& op : ops_) {
    if (op.kind == Op::Kind::dense)
      most = std::max(most, std::size_t(tiles) * kTile * (round_up(op.dense.inputs) + round_up(op.dense.outputs)));
    if (op.kind == Op::Kind::conv || op.kind == Op::Kind::conv_pool)  // at most five maps' kernels at a time
      most = std::max(most, std::size_t(5) * op.conv.kernel_height * op.conv.kernel_width * kTile);
  }
  return most;
}

Planes Plan::placed(int maps, int height, int width) const {
  if (maps != input_.maps)
    throw std::invalid_argument("images of " + std::to_string(maps) + " maps; the network's input has " +
                                std::to_string(input_.maps));
  if (height > input_.height || width > input_.width || height < 1 || width < 1)
    throw std::invalid_argument("an image of " + std::to_string(height) + "x" + std::to_string(width) +
                                " does not fit the network's input of " + std::to_string(input_.height) + "x" +
                                std::to_string(input_.width));
  Planes p = input_;
  p.origin = input_.at(0, (input_.height - height) / 2, (input_.width - width) / 2);
  p.height = height, p.width = width;
  return p;
}

}  // namespace lenet
