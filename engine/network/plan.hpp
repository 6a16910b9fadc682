// A network as the engine sees it: layers turned into operations, and every operation's place in one
// buffer. Activations, winners and gradients are views of that buffer; nothing is allocated while running.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels.hpp"

namespace lenet {

struct Layer {
  enum class Kind { conv, subsample, pool, deform, contrast, dense, rbf } kind;
  int maps = 0;  // conv: output maps; dense, rbf: units
  int kernel_height = 1, kernel_width = 1;
  bool same = false;                // conv: zeros around, so that the size stays
  std::vector<std::uint8_t> table;  // conv: [output map][input map], 1 = joined; empty: all
  PoolKind pool = PoolKind::max;
  int window = 2, stride = 2;
  bool keep = false;  // pool: windows that reach past the end are kept, not ignored
  // All pooling: windows begin in each of so many first columns, and the layers behind answer for each of these
  // branches. At most one layer has more than one, and only in networks that answer, not in such as are trained.
  int offsets = 1;
  Activation activation = Activation::linear;
  std::vector<float> codes;           // rbf: [unit][input]
  std::vector<float> window_weights;  // contrast: a row of its window
};

struct Description {
  int maps, height, width;  // of the input
  std::vector<Layer> layers;
};

// Operations [begin, end) of a plan.
struct Span {
  std::size_t begin, end;
};

struct Op {
  enum class Kind { conv, conv_pool, subsample, pool, deform, contrast, dense, rbf } kind;
  int layer;       // the layer whose weights these are
  int last_layer;  // the layer whose output this is (conv_pool: the pooling)
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
  Planes inner;                      // conv, conv_pool: the convolution's own gradient, in the scratch
  std::size_t winners = 0;           // conv_pool: offset in the tile's bytes
  std::size_t draws = 0;             // stochastic pooling: offset in the tile's draws, in pixels
  bool random() const { return kind == Kind::pool && pool.kind == PoolKind::stochastic; }
};

class Plan {
 public:
  // `fuse`: run a convolution and the 2x2 max pooling behind it as one operation; not for traces.
  Plan(const Description& description, bool fuse);
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  const std::vector<Op>& ops() const { return ops_; }
  const Op& output() const { return ops_.back(); }
  bool branched() const { return ends_.size() > 1; }
  Span all() const { return {0, ops_.size()}; }
  const Planes& input() const { return input_; }
  // Throws if the last layer does not give one value a class: such a network has scores, but no answer.
  int classes() const;
  // Where each value of the last layer lies in a tile, map by map and row by row: one for each class, or for each
  // class and place of a network that is swept over larger images; branch by branch.
  std::vector<std::size_t> answers() const;
  float sign() const { return output().kind == Op::Kind::rbf ? -1.0f : 1.0f; }
  std::size_t parameters() const { return parameters_; }
  // Sizes in pixels (kTile floats in a tile, one in a single image), bytes, and floats.
  std::size_t value_pixels() const { return value_pixels_; }
  std::size_t gradient_pixels() const { return gradient_pixels_; }
  std::size_t inner_pixels() const { return inner_pixels_; }
  std::size_t winner_bytes() const { return winner_bytes_; }
  std::size_t draw_pixels() const { return draw_pixels_; }
  std::size_t scratch_floats(int tiles) const;
  // Where an image of height x width lies, centred in the input. Throws if it does not fit, or has other maps.
  Planes placed(int maps, int height, int width) const;

 private:
  // Adds the operations of the layers from `first` on, whose input is `value` and whose parameters begin there.
  void add(std::size_t first, Planes value, std::size_t parameter, bool fuse);
  void add_tables(const Layer& layer, ConvShape& conv);

  Description description_;
  std::vector<Op> ops_;
  std::vector<std::size_t> ends_;  // the last operation of each branch
  std::vector<std::unique_ptr<std::vector<int>>> lists_;
  Planes input_;
  std::size_t parameters_ = 0, value_pixels_ = 0, gradient_pixels_ = 0, inner_pixels_ = 0, winner_bytes_ = 0,
              draw_pixels_ = 0;
};

}  // namespace lenet
