#include "network/plan.hpp"

#include <algorithm>
#include <climits>

#include "layers/layer.hpp"

namespace lenet {
namespace {

Borders borders_of(const Layer* layer) { return layer ? kind_of(*layer).borders(*layer) : Borders{}; }

}  // namespace

Planes allocate(std::size_t& used, int maps, int height, int width, Borders around) {
  // Kernels count pixels and floats of a plane in int.
  const int row = around.left + width + around.right, rows = around.top + height + around.bottom;
  if (std::size_t(row) * std::size_t(rows) > std::size_t(INT_MAX / kTile) / std::size_t(maps))
    throw std::invalid_argument(std::to_string(maps) + " maps of " + std::to_string(height) + "x" +
                                std::to_string(width) + " are too large");
  Planes p;
  p.maps = maps, p.height = height, p.width = width;
  p.row = row;
  p.plane = row * rows;
  p.origin = used + std::size_t(around.top) * p.row + around.left;
  used += round_up(std::size_t(maps) * p.plane);
  return p;
}

Plan::Plan(const Description& description, bool fuse) : description_(description) {
  const auto& layers = description_.layers;
  if (layers.empty()) throw std::invalid_argument("a network needs at least one layer");
  if (description_.maps < 1 || description_.height < 1 || description_.width < 1)
    throw std::invalid_argument("an input of at least one map, row and column expected");
  input_ = allocate(memory_.values, description_.maps, description_.height, description_.width, borders_of(&layers[0]));
  add(0, input_, 0, fuse);
  add_branches(fuse);
}

void Plan::add_branches(bool fuse) {
  const auto& layers = description_.layers;
  const auto branches = [](const Layer& layer) { return layer.offsets > 1; };
  const auto split = std::find_if(layers.begin(), layers.end(), branches);
  if (split == layers.end()) return;
  const std::size_t at = std::size_t(split - layers.begin());
  if (std::any_of(split + 1, layers.end(), branches)) refuse(at, "only one layer begins in several columns");
  const Op first_branch = *std::find_if(ops_.begin(), ops_.end(), [&](const Op& op) { return op.layer == int(at); });
  for (int offset = 1; offset < split->offsets; ++offset) {
    Planes in = first_branch.in;
    in.origin += std::size_t(offset), in.width -= offset;
    add(at, in, first_branch.weight, fuse);
  }
}

void Plan::add(std::size_t first, Planes value, std::size_t parameter, bool fuse) {
  const auto& layers = description_.layers;
  Planes gradient{};  // the image's gradient is not computed: its place stays empty
  for (std::size_t i = first; i < layers.size(); ++i) {
    const Layer* next = i + 1 < layers.size() ? &layers[i + 1] : nullptr;
    const PlanStep step{i, layers[i], next, value, *this, memory_};
    kind_of(layers[i]).check(step);
    Op op{};
    op.kind = &kind_of(layers[i]).planned_as(step);
    op.layer = op.last_layer = int(i);
    op.reads_image = ops_.empty();
    op.activation = layers[i].activation;
    op.in = value, op.in_gradient = gradient;
    Extent out = op.kind->plan(step, op);
    if (out.maps < 1 || out.height < 1 || out.width < 1) refuse(i, "its output is empty");
    op.weight = parameter, op.bias = parameter + op.weights;
    parameter += op.weights + op.biases;
    const Extent before_fusing = out;
    if (fuse && next && op.kind->fuse(step, op, out)) {
      op.last_layer = int(++i);
      next = i + 1 < layers.size() ? &layers[i + 1] : nullptr;
    }
    op.out = allocate(memory_.values, out.maps, out.height, out.width, borders_of(next));
    op.out_gradient = allocate(memory_.gradients, out.maps, out.height, out.width);
    op.kind->place(step, before_fusing, op);
    value = op.out, gradient = op.out_gradient;
    ops_.push_back(op);
  }
  if (!ends_.empty() && parameter != parameters_) refuse(first, "its branches are not alike");
  parameters_ = parameter;
  ends_.push_back(ops_.size() - 1);
}

bool Plan::has_classes() const { return !branched() && output().kind->has_classes(); }

int Plan::classes() const {
  if (branched()) throw std::invalid_argument("a network in branches has scores, but no answer");
  if (!has_classes())
    throw std::invalid_argument("the last layer is neither dense nor radial basis functions: no classes to score");
  return output().dense.outputs;
}

float Plan::sign() const { return output().kind->sign(); }

std::vector<std::size_t> Plan::answers() const {
  std::vector<std::size_t> places;
  for (const std::size_t end : ends_) {
    const Planes& out = ops_[end].out;
    for (int m = 0; m < out.maps; ++m)
      for (int y = 0; y < out.height; ++y)
        for (int x = 0; x < out.width; ++x) places.push_back(out.at(m, y, x) * kTile);
  }
  return places;
}

std::size_t Plan::scratch_floats(int tiles) const {
  std::size_t most = 0;
  for (const Op& op : ops_) most = std::max(most, op.kind->scratch_floats(op, tiles));
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
