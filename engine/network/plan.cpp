#include "network/plan.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace lenet {
namespace {

bool has_offsets(const Layer& layer) { return layer.offsets > 1; }

void check_settings(const PlanStep& step) {
  const Layer& layer = step.layer();
  if (layer.keep && !layer.kind->takes_keep) step.refuse("only pooling keeps borders");
  if (layer.offsets < 1 || (has_offsets(layer) && !layer.kind->takes_offsets))
    step.refuse("only pooling begins in several columns");
}

}  // namespace

Plan::Plan(const Description& description, bool fuse) : description_(description) {
  const auto& layers = description_.layers;
  if (layers.empty()) throw std::invalid_argument("a network needs at least one layer");
  if (description_.maps < 1 || description_.height < 1 || description_.width < 1)
    throw std::invalid_argument("an input of at least one map, row and column expected");
  const PlanStep first{layers, 0, fuse, {}, {}, 0, sizes_};
  input_ = allocate(sizes_.value_pixels, description_.maps, description_.height, description_.width,
                    first.borders(0, description_.height, description_.width).value_or(Borders{}));
  add(0, input_, 0, fuse);
  add_branches(fuse);
}

void Plan::add(std::size_t first, Planes value, std::size_t parameter, bool fuse) {
  const std::span<const Layer> layers = description_.layers;
  Planes gradient{};  // nobody wants that of the input
  for (std::size_t i = first; i < layers.size();) {
    const PlanStep step{layers.subspan(i), int(i), fuse, value, gradient, parameter, sizes_};
    check_settings(step);
    const Operation& operation = *operations_.emplace_back(step.layer().kind->plan(step));
    parameter += operation.weights + operation.biases;
    value = operation.out, gradient = operation.out_gradient;
    i += std::size_t(operation.layers);
  }
  if (!ends_.empty() && parameter != parameters_)
    throw std::invalid_argument("layer " + std::to_string(first) + ": its branches are not alike");
  parameters_ = parameter;
  ends_.push_back(operations_.size() - 1);
}

void Plan::add_branches(bool fuse) {
  const auto& layers = description_.layers;
  const auto split = std::find_if(layers.begin(), layers.end(), has_offsets);
  if (split == layers.end()) return;
  const std::size_t layer = std::size_t(split - layers.begin());
  if (std::any_of(split + 1, layers.end(), has_offsets))
    throw std::invalid_argument("layer " + std::to_string(layer) + ": only one layer begins in several columns");
  const auto first = std::find_if(operations_.begin(), operations_.end(),
                                  [&](const auto& operation) { return operation->layer == int(layer); });
  const Planes in = (*first)->in;
  const std::size_t parameter = (*first)->weight;
  for (int offset = 1; offset < split->offsets; ++offset) {
    Planes branch = in;
    branch.origin += std::size_t(offset), branch.width -= offset;
    add(layer, branch, parameter, fuse);
  }
}

int Plan::classes() const {
  if (branched()) throw std::invalid_argument("a network in branches has scores, but no answer");
  if (output().classes() == 0)
    throw std::invalid_argument("the last layer is neither dense nor radial basis functions: no classes to score");
  return output().classes();
}

std::vector<std::size_t> Plan::answers() const {
  std::vector<std::size_t> places;
  for (const std::size_t end : ends_) {
    const Planes& out = operations_[end]->out;
    for (int m = 0; m < out.maps; ++m)
      for (int y = 0; y < out.height; ++y)
        for (int x = 0; x < out.width; ++x) places.push_back(out.at(m, y, x) * kTile);
  }
  return places;
}

std::size_t Plan::scratch_floats(int tiles) const {
  std::size_t most = 0;
  for (const auto& operation : operations_) most = std::max(most, operation->scratch_floats(tiles));
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
