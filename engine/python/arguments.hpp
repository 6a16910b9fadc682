// Python's dictionaries, as lenet.engine makes them, turned into the engine's descriptions. An unknown choice is
// refused with std::invalid_argument, which Python gets as ValueError.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <span>
#include <stdexcept>

#include "layers/kinds.hpp"
#include "training/trainer.hpp"

namespace lenet {

namespace nb = nanobind;

// Which of the names it is.
inline std::size_t index_of(const std::string& name, std::span<const char* const> names) {
  std::size_t i = 0;
  std::string all;
  for (const char* n : names) {
    if (name == n) return i;
    ++i;
    all += std::string(all.empty() ? "" : ", ") + n;
  }
  throw std::invalid_argument("'" + name + "' is none of: " + all);
}

// The names are in the order of the enumeration.
template <class E>
E enumerated(const std::string& name, std::initializer_list<const char*> names) {
  return E(index_of(name, {names.begin(), names.size()}));
}

template <class T>
T take(const nb::dict& d, const char* key) {
  return nb::cast<T>(d[key]);
}
template <class T>
T take(const nb::dict& d, const char* key, T otherwise) {
  return d.contains(key) ? nb::cast<T>(d[key]) : otherwise;
}

inline const LayerKind* kind_of(const std::string& name) {
  std::vector<const char*> names;
  for (const LayerKind* kind : kLayerKinds) names.push_back(kind->name);
  return kLayerKinds[index_of(name, names)];
}

inline Layer layer_of(const nb::dict& d) {
  Layer layer{};
  layer.kind = kind_of(take<std::string>(d, "kind"));
  layer.maps = take<int>(d, "maps", 0);
  layer.kernel_height = take<int>(d, "kernel_height", 1);
  layer.kernel_width = take<int>(d, "kernel_width", 1);
  layer.same = take<bool>(d, "same", false);
  layer.table = take<std::vector<std::uint8_t>>(d, "table", {});
  layer.codes = take<std::vector<float>>(d, "codes", {});
  layer.pool = enumerated<PoolKind>(take<std::string>(d, "pool", "max"), {"max", "mean", "l2", "stochastic"});
  layer.keep = take<bool>(d, "keep", false);
  layer.window_weights = take<std::vector<float>>(d, "window_weights", {});
  layer.window = take<int>(d, "window", 2);
  layer.stride = take<int>(d, "stride", 1);
  layer.rate = take<float>(d, "rate", 0.0f);
  layer.offsets = take<int>(d, "offsets", 1);
  layer.activation = enumerated<Activation>(take<std::string>(d, "activation", "linear"),
                                            {"linear", "tanh", "scaled_tanh", "sigmoid", "relu", "leaky_relu", "elu"});
  return layer;
}

inline Description description_of(const std::tuple<int, int, int>& input, const std::vector<nb::dict>& layers) {
  Description description{std::get<0>(input), std::get<1>(input), std::get<2>(input), {}};
  for (const nb::dict& d : layers) description.layers.push_back(layer_of(d));
  return description;
}

inline LossShape loss_of(const nb::dict& d) {
  LossShape loss{};
  loss.kind = enumerated<LossShape::Kind>(take<std::string>(d, "kind"), {"cross_entropy", "map", "mean_squared"});
  loss.smoothing = take<float>(d, "smoothing", 0.0f);
  loss.rubbish = take<float>(d, "rubbish", 0.0f);
  return loss;
}

inline OptimizerShape optimizer_of(const nb::dict& d) {
  OptimizerShape optimizer{};
  optimizer.kind = enumerated<OptimizerShape::Kind>(take<std::string>(d, "kind"), {"sgd", "adam", "levenberg"});
  optimizer.momentum = take<float>(d, "momentum", 0.0f);
  optimizer.nesterov = take<bool>(d, "nesterov", false);
  optimizer.beta1 = take<float>(d, "beta1", 0.9f);
  optimizer.beta2 = take<float>(d, "beta2", 0.999f);
  optimizer.epsilon = take<float>(d, "epsilon", 1e-8f);
  optimizer.weight_decay = take<float>(d, "weight_decay", 0.0f);
  optimizer.decoupled = take<bool>(d, "decoupled", false);
  return optimizer;
}

inline Distortion distortion_of(const nb::dict& d) {
  Distortion distortion{};
  const std::pair<const char*, float Distortion::*> kinds[] = {
      {"shift", &Distortion::shift},       {"scale", &Distortion::scale},         {"squeeze", &Distortion::squeeze},
      {"rotation", &Distortion::rotation}, {"shear", &Distortion::shear},         {"elastic", &Distortion::elastic},
      {"spacing", &Distortion::spacing},   {"thickness", &Distortion::thickness}, {"cut", &Distortion::cut},
      {"lines", &Distortion::lines},       {"faint", &Distortion::faint},         {"blur", &Distortion::blur},
      {"noise", &Distortion::noise}};
  for (const auto& [name, member] : kinds) distortion.*member = take<float>(d, name, distortion.*member);
  return distortion;
}

using Pair = std::tuple<float, float>;
inline Scale scale_of(const Pair& scale) { return {std::get<0>(scale), std::get<1>(scale)}; }

}  // namespace lenet
