// A network as the engine runs it: layers turned into operations, and every operation's place in one buffer.
// Values, winners and gradients are views of that buffer; nothing is allocated while running. What a kind of layer
// needs is said in its file in layers/.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "network/description.hpp"

namespace lenet {

class LayerKind;

// Operations [begin, end) of a plan.
struct Span {
  std::size_t begin, end;
};

struct Op {
  const LayerKind* kind;
  int layer;         // the layer whose weights these are
  int last_layer;    // the layer whose output this is: the pooling, if a convolution runs with it
  bool reads_image;  // its input is the image, whose gradient is not computed
  Activation activation;
  std::size_t weight = 0, bias = 0;  // places in the flat vector of parameters
  std::size_t weights = 0, biases = 0;
  ConvShape conv{};
  PoolShape pool{};
  ContrastShape contrast{};
  DenseShape dense{};
  const float* codes = nullptr;
  Planes in, out;                    // values, in a tile
  Planes in_gradient, out_gradient;  // their gradients
  Planes inner;                      // convolutions: their own gradient before pooling, in the scratch
  std::size_t winners = 0;           // convolution with pooling: offset in the tile's bytes
  std::size_t draws = 0;             // stochastic pooling: offset in the tile's draws, in pixels
};

// Memory that a plan asks for, in pixels (kTile floats in a tile, one in a single image) and bytes.
struct PlanMemory {
  std::size_t values = 0, gradients = 0, inner = 0, winner_bytes = 0, draws = 0;
};

// Zeros around a picture, in pixels.
struct Borders {
  int top = 0, left = 0, bottom = 0, right = 0;
};

// Planes with zeros around; takes its place from `used`. Throws if they are too large.
Planes allocate(std::size_t& used, int maps, int height, int width, Borders around = {});

class Plan {
 public:
  // `fuse`: run a convolution and the 2x2 max pooling after it as one operation; not for traces.
  Plan(const Description& description, bool fuse);
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  const std::vector<Op>& ops() const { return ops_; }
  const Op& output() const { return ops_.back(); }
  bool branched() const { return ends_.size() > 1; }
  Span all() const { return {0, ops_.size()}; }
  const Planes& input() const { return input_; }
  // Whether the last layer gives one value for each class.
  bool has_classes() const;
  // How many; throws if it does not: such a network has scores, but no answer.
  int classes() const;
  // Where each value of the last layer lies in a tile, map by map and row by row: one for each class, or for each
  // class and position of a network that is a sliding window over larger images; branch by branch.
  std::vector<std::size_t> answers() const;
  // -1 if a small output is a good one, else 1.
  float sign() const;
  std::size_t parameters() const { return parameters_; }
  std::size_t value_pixels() const { return memory_.values; }
  std::size_t gradient_pixels() const { return memory_.gradients; }
  std::size_t inner_pixels() const { return memory_.inner; }
  std::size_t winner_bytes() const { return memory_.winner_bytes; }
  std::size_t draw_pixels() const { return memory_.draws; }
  std::size_t scratch_floats(int tiles) const;
  // Where an image of height x width lies, centred in the input. Throws if it does not fit, or has other maps.
  Planes placed(int maps, int height, int width) const;
  // A list that lives as long as the plan.
  std::vector<int>& new_list() { return *lists_.emplace_back(std::make_unique<std::vector<int>>()); }

 private:
  // Adds the operations of the layers starting with `first`, whose input is `value` and whose parameters begin there.
  void add(std::size_t first, Planes value, std::size_t parameter, bool fuse);
  void add_branches(bool fuse);

  Description description_;
  std::vector<Op> ops_;
  std::vector<std::size_t> ends_;  // the last operation of each branch
  std::vector<std::unique_ptr<std::vector<int>>> lists_;
  Planes input_;
  PlanMemory memory_;
  std::size_t parameters_ = 0;
};

}  // namespace lenet
