// What a kind of layer does: how it is planned, and its passes over tiles of sixteen images and over one image.
//
// Each kind is one object without state, in a file of its own, and one line of the table in layer.cpp. Everything
// else loops over operations and knows no kind.
#pragma once

#include "network/workspace.hpp"

namespace lenet {

// A layer that is being planned.
struct PlanStep {
  std::size_t index;
  const Layer& layer;
  const Layer* next;  // null: it is the last one
  Planes in;
  Plan& plan;
  PlanMemory& memory;
};

// The size of a layer's output.
struct Extent {
  int maps, height, width;
};

[[noreturn]] void refuse(std::size_t layer, const std::string& why);

// A pass over `count` tiles, starting with `first`.
struct TilePass {
  const Kernels& kernels;
  const float* weights;
  Workspace& work;
  int first, count;

  // Applies the operation's activation to a tile's output.
  void activate(const Op& op, int tile) const { kernels.activate(op.activation, op.out, work.tile_values(tile)); }
};

struct BackwardPass : TilePass {
  Scratch& scratch;
  float* gradient;  // of all weights; written, not added
};

// A pass of second derivatives over one tile.
struct SecondPass {
  const Kernels& kernels;
  const float *weights, *squared_weights;
  Workspace& work;
  Scratch& scratch;
  float* squared_values;
  float* curvature;  // of all weights
};

// One tile's part of a backward pass.
struct TileBackward {
  const Kernels& kernels;
  Order order;
  const float* weights;  // squared for second derivatives, where the operation is linear in them
  float* values;
  const float* inputs;  // the values, or their squares for second derivatives
  const std::uint8_t* winners;
  const float* draws;
  float* gradients;
  Scratch& scratch;
  float* gradient;
  bool add;  // to the gradient that is there
};

// Buffers that a layer keeps between the forward and the backward pass of one image.
struct OneImageState {
  virtual ~OneImageState() = default;
};

// The forward pass of one image: a pixel is one float, `weight` and `bias` are packed.
struct OneImageForward {
  const Kernels& kernels;
  const float *weight, *bias;
  float* values;
  const float* draws;  // null: the weighted mean is taken
  OneImageState* state;
};

struct OneImageBackward {
  const Kernels& kernels;
  const float* weight;
  float* values;
  const float* draws;
  float* gradients;
  float *weight_gradient, *bias_gradient;
  OneImageState* state;
  // Where the input's gradient goes; null for the first operation.
  float* in_gradients(const Op& op) const { return op.reads_image ? nullptr : gradients; }
};

class LayerKind {
 public:
  virtual ~LayerKind() = default;

  // ---- plan -----------------------------------------------------------------------------------
  // Throws std::invalid_argument for a description that makes no sense.
  virtual void check(const PlanStep& step) const = 0;
  // The zeros that it reads around its input.
  virtual Borders borders(const Layer&) const { return {}; }
  // The kind that runs it: a convolution whose kernel covers its input runs as a dense layer.
  virtual const LayerKind& planned_as(const PlanStep&) const { return *this; }
  // Sets the operation's shapes and the numbers of its weights; returns the size of its output.
  virtual Extent plan(const PlanStep& step, Op& op) const = 0;
  // Takes the next layer into the operation if both can run as one; changes the operation and its output's size.
  virtual bool fuse(const PlanStep&, Op&, Extent&) const { return false; }
  // Completes the operation once its output has a place; `own` is the size of its output before fusing.
  virtual void place(const PlanStep&, const Extent&, Op&) const {}
  virtual std::size_t scratch_floats(const Op&, int) const { return 0; }
  // Whether it gives one value for each class, and whether small values are good ones.
  virtual bool has_classes() const { return false; }
  virtual float sign() const { return 1.0f; }
  // Whether it draws random numbers while training.
  virtual bool draws(const Op&) const { return false; }
  virtual bool has_second_derivatives() const { return true; }

  // ---- tiles ----------------------------------------------------------------------------------
  // The outputs, with their activation.
  virtual void forward(const Op& op, const TilePass& pass) const = 0;
  // The gradients of the weights and the inputs, from that of the sums before the activation.
  virtual void backward(const Op& op, const BackwardPass& pass) const;
  // The same for second derivatives, as LeCun et al. 1998 propagate them: the chain rule with weights, values and
  // slopes squared.
  virtual void backward_second(const Op& op, const SecondPass& pass) const;
  // As an output layer whose values are squared distances: the second derivatives of the loss by its inputs, from
  // those by its outputs, times share[lane]. False if they are propagated as for any other layer.
  virtual bool loss_second(const Op&, const SecondPass&, const float*) const { return false; }

  // ---- one image ------------------------------------------------------------------------------
  virtual std::unique_ptr<OneImageState> one_image_state(const Op&, bool) const { return nullptr; }
  // Weights as its kernels for one image take them, in so many floats.
  virtual std::size_t packed_weights(const Op& op) const { return round_up(op.weights); }
  virtual void pack(const Op& op, const float* flat, float* packed) const { std::copy_n(flat, op.weights, packed); }
  virtual void unpack(const Op& op, const float* packed, float* flat) const { std::copy_n(packed, op.weights, flat); }
  // The outputs before their activation.
  virtual void forward_one(const Op& op, const OneImageForward& pass) const = 0;
  virtual void backward_one(const Op& op, const OneImageBackward& pass) const = 0;

 protected:
  // One tile's part of `backward` and `backward_second`, for kinds that run tile by tile.
  virtual void backward_tile(const Op&, const TileBackward&) const {}
  // Parts of `check`.
  static void check_maps(const PlanStep& step);
  static void check_window(const PlanStep& step);
  static void check_options(const PlanStep& step, bool keeps_borders, bool begins_in_columns);
};

const LayerKind& kind_of(const Layer& layer);
// The kind that runs dense layers, some of which are run by ranges of their units (training/wide_layers.hpp).
const LayerKind& dense_kind();

// How many windows of `window` pixels, `stride` apart, lie in `size`; with `keep`, one more if pixels are left.
int windows(int size, int window, int stride, bool keep);
// Sets the shape of an operation with windows; returns the size of its output.
Extent plan_windows(const PlanStep& step, Op& op);

}  // namespace lenet
