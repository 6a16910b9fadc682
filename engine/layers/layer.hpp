// What a kind of layer is to the rest of the engine. A kind's file has a class derived from Operation, whose
// constructor is the kind's planning step (it checks the layer's settings, counts weights, and takes places for what
// it computes), and a LayerKind that the table in kinds.hpp lists. The plan and the executors know no kind.
//
// Second derivatives, as LeCun et al. 1998 propagate them (appendix C), are the backward pass with weights, inputs and
// slopes squared; so one function computes both, and an Order says which.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "kernels/contract.hpp"
#include "network/description.hpp"

namespace lenet {

// ---- planning ----------------------------------------------------------------------------------

// Zeros around planes, in pixels.
struct Borders {
  int top = 0, left = 0, bottom = 0, right = 0;
};

// Sizes of the buffers of one tile, or of one image. A pixel is kTile floats in a tile, and one float in an image.
struct BufferSizes {
  std::size_t value_pixels = 0, gradient_pixels = 0, draw_pixels = 0, winner_bytes = 0;
};

// Takes places for planes with zeros around, after the first `used` pixels of a buffer. Throws std::invalid_argument
// if the planes are too large.
Planes allocate(std::size_t& used, int maps, int height, int width, const Borders& around = {});

// One layer while the plan is made: its settings, its input, and the buffers where it takes places.
struct PlanStep {
  std::span<const Layer> layers;  // this layer and those after it
  int index;                      // of this layer in the network
  bool fuse;                      // whether one operation may do the work of several layers
  Planes in, in_gradient;         // in_gradient has no maps if nobody wants it: the gradient of the image
  std::size_t parameter;          // place of the layer's first parameter
  BufferSizes& sizes;

  const Layer& layer() const { return layers[0]; }
  const Layer* next() const { return layers.size() > 1 ? &layers[1] : nullptr; }
  // The zeros that the layer `ahead` layers after this one reads around its input of that size; none if nullopt.
  std::optional<Borders> borders(std::size_t ahead, int height, int width) const;

  // Throws std::invalid_argument about this layer, or the one `ahead` layers after it.
  [[noreturn]] void refuse(const std::string& why, int ahead = 0) const;
  void check_maps() const;
  void check_window() const;
  void check_units() const;  // of a layer whose units see the whole input, so that no padding can follow
};

// ---- passes ------------------------------------------------------------------------------------

// Some tiles in the forward pass. values[t] is a whole tile; an operation's planes say what lies where in it.
struct ForwardPass {
  const Kernels& kernels;
  const float* weights;  // the network's, in the plan's order
  Tiles values;
  Tiles draws;                    // null: nothing is drawn
  TilesOf<std::uint8_t> winners;  // null: not wanted
};

// The same tiles in the backward pass. Gradients of weights are written, not added to what is there.
struct BackwardPass {
  const ForwardPass& forward;
  Order order;
  // The weights and values that the chain rule multiplies by: for second derivatives, their squares.
  const float* factors;
  Tiles inputs;
  Tiles gradients;
  float* gradient;            // of the network's weights, in the plan's order
  float* scratch;             // Operation::scratch_floats
  const float* image_weight;  // [kTile], for second derivatives: the weight of each image in their mean
};

// Kernels for one image read and write whole registers, so they reach past the end of planes by up to so many floats.
inline constexpr std::size_t kOneImageSlack = 64;

// One image. Parameters and their gradients are those of one operation, packed as it wants them.
struct OneImagePass {
  const Kernels& kernels;
  const float *weight, *bias;
  float* values;
  const float* draws;  // null: nothing is drawn
  float* state;        // OneImageFloats::state
  // In the backward pass only:
  float* gradients = nullptr;
  float *weight_gradient = nullptr, *bias_gradient = nullptr;
  float* scratch = nullptr;  // OneImageFloats::scratch
};

// What an operation needs for one image: floats that it keeps between passes, zeros at first; and floats that all
// operations share.
struct OneImageFloats {
  std::size_t state = 0, scratch = 0;
};

// ---- operations --------------------------------------------------------------------------------

// A step of the plan: one layer, or several that are fused.
class Operation {
 public:
  virtual ~Operation() = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  int layer, layers = 1;             // the first, whose parameters it has; how many
  Activation activation;             // of its output
  Planes in, out;                    // values, in a tile
  Planes in_gradient, out_gradient;  // their gradients; out_gradient is the one before the activation
  std::size_t weight, weights;       // place in the vector of parameters, and number
  std::size_t bias, biases;
  std::size_t first_draw = 0, draws = 0;  // place and number of what it draws in training, in pixels

  bool wants_input_gradient() const { return in_gradient.maps > 0; }

  // Over tiles. The executor applies the activation after `forward`, unless the operation has done so, and its
  // derivative before `backward`.
  virtual void forward(const ForwardPass& pass) const = 0;
  virtual bool activates() const { return false; }
  virtual void backward(const BackwardPass& pass) const = 0;
  virtual std::size_t scratch_floats([[maybe_unused]] int tiles) const { return 0; }
  // Throws std::invalid_argument if `backward` has no second derivatives.
  virtual void check_second_derivatives() const {}

  // Over one image. The executor applies the activation and its derivative.
  virtual void forward_one_image(const OneImagePass& pass) const = 0;
  virtual void backward_one_image(const OneImagePass& pass) const = 0;
  virtual OneImageFloats one_image_floats([[maybe_unused]] bool training) const { return {}; }
  // Its weights as `weight` of OneImagePass has them, from the plan's order and back.
  virtual std::size_t packed_weights() const { return weights; }
  virtual void pack(const float* weight, float* packed) const;
  virtual void unpack(const float* packed, float* weight) const;

  // The number of classes, if this can be a classifier's last operation; else 0.
  virtual int classes() const { return 0; }
  // -1 where a small output is a good one, else 1.
  virtual float sign() const { return 1.0f; }
  // The shape of a dense layer, which can also be run by ranges of its units; else null.
  virtual const DenseShape* dense() const { return nullptr; }

 protected:
  Operation(const PlanStep& step, std::size_t weights, std::size_t biases);
  // Takes places for the output, after `layers` layers.
  void place_output(const PlanStep& step, int maps, int height, int width);
  // Takes places for a number from [0, 1) for every output, drawn in training.
  void draw_for_outputs(const PlanStep& step);
  // Where this operation's draws begin among all of them; null if nothing is drawn.
  const float* draws_of(const float* all, std::size_t floats_per_pixel) const {
    return all && draws ? all + first_draw * floats_per_pixel : nullptr;
  }
};

// Some planes in each of several tiles.
inline Tiles planes_of(const Tiles& tiles, const Planes& planes) {
  return {tiles.base + planes.origin * kTile, tiles.stride, tiles.count};
}

// ---- kinds -------------------------------------------------------------------------------------

struct LayerKind {
  const char* name;  // in descriptions from Python
  std::unique_ptr<Operation> (*plan)(const PlanStep& step);
  bool takes_keep = false, takes_offsets = false;  // whether these settings have a meaning for it
  bool in_training_only = false;                   // whether it leaves values as they are outside of training
  // The zeros that it reads around its input of that size. Null or nullopt: none.
  std::optional<Borders> (*borders)(const Layer& layer, int height, int width) = nullptr;
};

template <class Kind>
std::unique_ptr<Operation> plan_as(const PlanStep& step) {
  return std::make_unique<Kind>(step);
}

}  // namespace lenet
