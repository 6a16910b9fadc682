// The contract between the code that knows what a network is (layers/, training/, inference/) and the code that knows
// what a processor is (the kernels, compiled once per instruction set by isa/): the shapes that describe the work, and
// the table of functions that do it. Nothing here allocates or checks; the plan has checked everything before.
//
// Sixteen images are one tile. In a tile, a pixel is sixteen floats, one per image; a map is rows of pixels; every
// stride below counts pixels. So each arithmetic step of each layer is one operation on sixteen images, whatever the
// geometry. When one image is run by itself, a pixel is one float, and the same shapes describe it.
//
// Every result is a chain of operations whose order does not depend on the instruction set, the number of threads or
// the other images of the minibatch; hence equal bits (docs/engine.md).
#pragma once

#include <cstddef>
#include <cstdint>

// Functions here are always inlined: an out-of-line copy, compiled for one instruction set, could be linked into
// another's place.

namespace lenet {

inline constexpr int kTile = 16;

// The next multiple of kTile.
[[gnu::always_inline]] constexpr std::size_t round_up(std::size_t n) { return (n + kTile - 1) / kTile * kTile; }

enum class Activation : int { linear, tanh, scaled_tanh, sigmoid, relu, leaky_relu, elu };
enum class PoolKind : int { max, mean, l2, stochastic };
// First derivatives (gradients) or second derivatives.
enum class Order : int { first, second };

// A stack of maps somewhere in a buffer: pixel (y, x) of map m is at origin + m * plane + y * row + x.
struct Planes {
  std::size_t origin = 0;
  int maps = 0, height = 0, width = 0;
  int row = 0, plane = 0;

  [[gnu::always_inline]] std::size_t at(int map, int y, int x) const {
    return origin + std::size_t(map) * plane + std::size_t(y) * row + x;
  }
  [[gnu::always_inline]] std::size_t pixels() const { return std::size_t(maps) * height * width; }
};

// The connection table of a convolution: output map m reads input maps inputs[inputs_begin[m] .. inputs_begin[m + 1]),
// ascending; and the same relation seen from the input maps.
struct Table {
  const int* inputs_begin;
  const int* inputs;
  const int* outputs_begin;
  const int* outputs;
};

// Weights are [output map][input map][kernel_height][kernel_width]; absent connections hold zeros that no tile kernel
// reads. `in` starts at the padding's first pixel, so that output (y, x) reads the input starting at (y, x), or with a
// stride at (y * stride, x * stride); only the strided kernels know of it, the others are for 1. `before_*` is the
// padding's width above and left of the input.
inline constexpr int kMostGradientMaps = 5;  // whose weights' gradients are computed at a time
struct ConvShape {
  Planes in, out;
  int kernel_height, kernel_width;
  int before_height, before_width;
  Table table;
  int stride = 1;
};

// Windows that begin every `stride` pixels; where one reaches past the input's end, only what lies inside counts.
struct PoolShape {
  Planes in, out;
  PoolKind kind;
  int window, stride;
};

// Local contrast normalization: `weights` are one row of the (separable) window, their sum is 1; `work` has seven maps
// for intermediate results.
struct ContrastShape {
  Planes in, out, work;
  int window;
  const float* weights;
};

// Each value is multiplied by 0 where its draw is below `rate`, else by `factor`.
struct DropoutShape {
  Planes in, out;
  float rate, factor;
};

struct DenseShape {
  int inputs, outputs;
};

// An elastic distortion that is smooth between control points, `rows` by `columns` of them (0: not wanted). A row of
// pixels depends on four rows of control points, the first of them row_first, with row_weights[4]; a column of pixels
// on all columns of control points, with column_weights[columns][width rounded up].
inline constexpr int kWarpBorder = 2;     // pixels of paper around the image
inline constexpr int kWidestWarp = 1024;  // pixels
struct WarpShape {
  int height, width;
  int rows, columns;
  const int* row_first;
  const float* row_weights;
  const float* column_weights;
  [[gnu::always_inline]] std::size_t stride() const { return std::size_t(width) + 2 * kWarpBorder + 1; }
};

// Where pixel (y, x) comes from: row yy y + yx x + y0, column xy y + xx x + x0, and the elastic distortion in pixels,
// whose control points for rows come first.
struct Warp {
  float yy, yx, y0, xy, xx, x0;
  float thicken;
  const float* control;
};

// What becomes of an image's ink: so many pixels of each border are cut off; a line of level `line`, where
// |line_y y + line_x x + line_0| is below line_half; all ink times `level`; blurred by passes of weights w, 1 - 2w, w
// whose w, at most 1/4 each, sum to `blur`; grain of at most so many gray levels, drawn by `key`.
struct Ink {
  int top, bottom, left, right;
  float line, line_y, line_x, line_0, line_half;
  float level, blur, grain;
  std::uint32_t key;
};

// E = -sum over classes of target * log softmax(score), target smoothed, with an optional extra "rubbish" class of
// constant score -rubbish (eq. (9) of LeCun et al. 1998); or the mean squared difference from the target.
struct LossShape {
  enum class Kind : int { cross_entropy, map, mean_squared } kind;
  int classes;
  float smoothing;  // cross_entropy: the part of the target that is spread evenly over the classes
  float rubbish;    // map: the constant j
  float sign;       // -1 where a small output is a good one (squared distances), else 1
};

struct OptimizerShape {
  enum class Kind : int { sgd, adam, levenberg } kind;
  float momentum;               // sgd
  bool nesterov;                // sgd
  float beta1, beta2, epsilon;  // adam
  float weight_decay;
  bool decoupled;  // adam: decay the weights themselves (AdamW) and not through the gradient

  // Whether it uses the vector `second` of Kernels::update.
  [[gnu::always_inline]] bool has_second() const { return kind != Kind::sgd; }
};

// Some of a layer's units or inputs.
struct Range {
  int begin, end;
  [[gnu::always_inline]] int size() const { return end - begin; }
};

// The same place in each of `count` tiles: base + t * stride. A null base, with a stride of 0, stays null.
template <class T>
struct TilesOf {
  T* base;
  std::size_t stride;
  int count;
  [[gnu::always_inline]] T* operator[](int t) const { return base + std::size_t(t) * stride; }
};
using Tiles = TilesOf<float>;

struct Kernels {
  const char* name;
  int lanes;                      // floats in a register
  bool fused;                     // multiply and add round once
  const char* (*compiled_for)();  // what the compiler of that file was given, from its macros

  // ---- loading and augmentation (table.inl, warp.inl, ink.inl) ---------------------------------
  // Sixteen byte images to one tile: out pixel p, lane l = paper + step * image[l][p].
  void (*load_tile)(const std::uint8_t* const images[kTile], int maps, int height, int width, float paper, float step,
                    const Planes& out, float* tile);
  // A byte image seen through a warp; `source` and `displacements` are scratch memory.
  void (*warp)(const WarpShape&, const Warp&, const std::uint8_t* image, std::uint8_t* source, float* displacements,
               std::uint8_t* out);
  // In place; `scratch` has (height + 3) rows of the width rounded up and two tiles more.
  void (*ink)(const WarpShape&, const Ink&, std::uint8_t* image, float* scratch);

  // ---- convolution over a tile (convolution.inl, convolution_gradient.inl) ---------------------
  void (*conv_forward)(const ConvShape&, Activation, const float* weight, const float* bias, const float* in,
                       float* out);
  // Convolution, 2x2 max pooling and activation without storing the convolution's output.
  // `winners` (null: not wanted) gets which of the four won, 0..3 in row-major order, first on ties.
  void (*conv_pool_forward)(const ConvShape&, Activation, const float* weight, const float* bias, const float* in,
                            const Planes& pooled, float* out, std::uint8_t* winners);
  // The gradient of the convolution's output from that of the pooled pixels (before the activation) and the winners;
  // all of `out` is written, and zeros in the columns on either side of it.
  void (*unpool)(const Planes& pooled, const float* gradient, const std::uint8_t* winners, const Planes& out,
                 float* conv_gradient);
  // The same without pooling: a copy.
  void (*copy_between_zeros)(const Planes& from, const float* gradient, const Planes& out, float* conv_gradient);
  void (*conv_bias_gradient)(const Planes&, const float* gradient, float* bias, bool accumulate);
  void (*conv_weight_gradient)(const ConvShape&, const float* in, const Planes& d, const float* gradient, float* weight,
                               float* scratch, bool accumulate);
  // The same from the pooled pixels' gradient and winners.
  void (*conv_pool_weight_gradient)(const ConvShape&, const float* in, const Planes& pooled, const float* gradient,
                                    const std::uint8_t* winners, float* weight, float* scratch, bool accumulate);
  void (*conv_input_gradient)(const ConvShape&, const float* weight, const Planes& d, const float* gradient,
                              const Planes& out, float* in_gradient);

  // ---- convolution with a stride over a tile (strided_convolution.inl) -------------------------
  void (*strided_conv_forward)(const ConvShape&, const float* weight, const float* bias, const float* in, float* out);
  void (*strided_conv_gradient)(const ConvShape&, const float* in, const Planes& d, const float* gradient,
                                float* weight, float* bias, bool accumulate);
  void (*strided_conv_input_gradient)(const ConvShape&, const float* weight, const Planes& d, const float* gradient,
                                      const Planes& out, float* in_gradient);

  // ---- pooling, subsampling, contrast over a tile (pooling.inl, contrast.inl) ------------------
  // `draws`, for stochastic pooling: a number from [0, 1) for every output, in their order; null in inference, which
  // takes the weighted mean.
  void (*pool_forward)(const PoolShape&, const float* in, const float* draws, float* out);
  void (*pool_gradient)(const PoolShape&, Order, const float* in, const float* draws, const Planes& d,
                        const float* gradient, const Planes& out, float* in_gradient);
  // The largest of the window's pixels less a penalty that grows with their distance from its middle: four
  // coefficients a map, of dy^2, dx^2, dy and dx.
  void (*deform_forward)(const PoolShape&, const float* penalty, const float* in, float* out);
  void (*deform_gradient)(const PoolShape&, Order, const float* penalty, const float* in, const Planes& d,
                          const float* gradient, float* penalty_gradient, const Planes& out, float* in_gradient,
                          bool accumulate);
  // Sum over the window, times a coefficient, plus a bias, each one per map (LeCun et al. 1998, S2).
  void (*subsample_forward)(const PoolShape&, const float* coefficient, const float* bias, const float* in, float* out);
  void (*subsample_gradient)(const PoolShape&, Order, const float* coefficient, const float* in, const Planes& d,
                             const float* gradient, float* coefficient_gradient, float* bias_gradient,
                             const Planes& out, float* in_gradient, bool accumulate);
  // Both use the maps of `work`, in the same tile as the values.
  void (*contrast_forward)(const ContrastShape&, float* values);
  void (*contrast_gradient)(const ContrastShape&, float* values, const Planes& d, const float* gradient,
                            const Planes& out, float* in_gradient);

  // ---- dropout over a tile (dropout.inl) -------------------------------------------------------
  // `draws`: a number from [0, 1) for every output, in their order; null outside of training, where values are copied.
  void (*dropout_forward)(const DropoutShape&, const float* in, const float* draws, float* out);
  void (*dropout_gradient)(const DropoutShape&, Order, const float* draws, const Planes& d, const float* gradient,
                           const Planes& out, float* in_gradient);

  // ---- activations over a tile (activation.inl) ------------------------------------------------
  void (*activate)(Activation, const Planes&, float* values);
  // gradient *= derivative, written in terms of the activation's output.
  void (*activate_gradient)(Activation, const Planes& values_at, const float* values, const Planes& gradient_at,
                            float* gradient);

  // ---- dense layers over all tiles of a slot, so that the weights are read once (dense.inl) ----
  void (*dense_forward)(const DenseShape&, Range units, const float* weight, const float* bias, const Tiles& in,
                        const Tiles& out);
  void (*dense_weight_gradient)(const DenseShape&, const Tiles& in, const Tiles& d, float* weight, float* bias,
                                float* scratch);
  void (*dense_input_gradient)(const DenseShape&, Range inputs, const float* weight, const Tiles& d, const Tiles& out);
  // A wide layer's weight gradient, some units at a time: values of tiles as rows, one an image, then the products of
  // those rows, [unit][input] and one bias a unit, starting with the range's first unit.
  void (*tiles_to_rows)(const Tiles&, int values, float* rows, std::size_t stride);
  void (*wide_weight_gradient)(const DenseShape&, Range units, int images, const float* in, const float* d,
                               const Tiles& d_tiles, float* weight, float* bias);
  void (*rbf_forward)(const DenseShape&, const float* code, const Tiles& in, const Tiles& out);
  void (*rbf_input_gradient)(const DenseShape&, const float* code, const Tiles& in, const Tiles& d, const Tiles& out);
  // Second derivatives of the loss by the inputs of radial basis functions: the right class's squared distance has 2,
  // times image_weight[lane], and every distance passes on `second`, from loss_second_derivatives.
  void (*rbf_second_derivatives)(const DenseShape&, const float* code, const float* in, const float* second,
                                 const float image_weight[kTile], float* in_second);

  // ---- losses on a tile (loss.inl) -------------------------------------------------------------
  // Writes d(loss)/d(output) * image_weight[lane], each lane's loss (without the weight), and its answer: the class of
  // the best score. With `targets`, a tile of the probability wanted for each class, the cross-entropy is that with
  // them, and labels are not read.
  void (*loss)(const LossShape&, const float* output, const std::uint8_t labels[kTile], const float* targets,
               const float image_weight[kTile], float* gradient, float losses[kTile], std::uint8_t answers[kTile]);
  // The second derivatives of the loss by the scores, times image_weight[lane]: of the softmax, p (1 - p).
  void (*loss_second_derivatives)(const LossShape&, const float* output, const float image_weight[kTile],
                                  float* second);
  void (*softmax)(int classes, float sign, const float* output, float* probabilities);

  // ---- weights (optimizer.inl) -----------------------------------------------------------------
  // One step of the optimizer on parameters [begin, end): the gradient is the sum of `parts` gradients, in order.
  // `first` and `second` are Adam's moments, `first` also the momentum's velocity; for levenberg `second` multiplies
  // the learning rate.
  void (*update)(const OptimizerShape&, std::size_t begin, std::size_t end, const float* const* gradients, int parts,
                 float rate, int step, float* weights, float* first, float* second);

  // ---- one image: lanes run along the pixels (one_image.inl) -----------------------------------
  // The output's rows and those of `shifted` are as long as its width rounded up to kTile; `shifted`, a copy of the
  // input, holds in.maps * kernel_width * (out.height + kernel_height - 1) of them. A null bias is zero.
  void (*one_image_conv)(const ConvShape&, const float* weight, const float* bias, const float* in, float* out,
                         float* shifted);
  // From what one_image_conv left in `shifted`, and the gradient of its output, zeros in the padding.
  void (*one_image_conv_gradient)(const ConvShape&, const float* shifted, const float* gradient, float* weight,
                                  float* bias);
  void (*one_image_strided_conv)(const ConvShape&, const float* weight, const float* bias, const float* in, float* out);
  void (*one_image_strided_conv_gradient)(const ConvShape&, const float* in, const Planes& d, const float* gradient,
                                          float* weight, float* bias, bool accumulate);
  void (*one_image_strided_conv_input_gradient)(const ConvShape&, const float* weight, const Planes& d,
                                                const float* gradient, const Planes& out, float* in_gradient);
  // 2x2 max pooling: turns the values in `inner`, rows padded, into their gradient, zeros in the padding.
  void (*one_image_unpool)(const PoolShape&, const float* gradient, float* inner);
  void (*one_image_pool)(const PoolShape&, const float* in, const float* draws, float* out);
  void (*one_image_pool_gradient)(const PoolShape&, Order, const float* in, const float* draws, const Planes& d,
                                  const float* gradient, const Planes& out, float* in_gradient);
  void (*one_image_deform)(const PoolShape&, const float* penalty, const float* in, float* out);
  void (*one_image_deform_gradient)(const PoolShape&, Order, const float* penalty, const float* in, const Planes& d,
                                    const float* gradient, float* penalty_gradient, const Planes& out,
                                    float* in_gradient, bool accumulate);
  void (*one_image_contrast)(const ContrastShape&, float* values);
  void (*one_image_contrast_gradient)(const ContrastShape&, float* values, const Planes& d, const float* gradient,
                                      const Planes& out, float* in_gradient);
  void (*one_image_dropout)(const DropoutShape&, const float* in, const float* draws, float* out);
  void (*one_image_dropout_gradient)(const DropoutShape&, Order, const float* draws, const Planes& d,
                                     const float* gradient, const Planes& out, float* in_gradient);
  void (*one_image_subsample)(const PoolShape&, const float* coefficient, const float* bias, const float* in,
                              float* out);
  void (*one_image_subsample_gradient)(const PoolShape&, Order, const float* coefficient, const float* in,
                                       const Planes& d, const float* gradient, float* coefficient_gradient,
                                       float* bias_gradient, const Planes& out, float* in_gradient, bool accumulate);
  // `transposed` is [input][outputs rounded up]; `bias` and `out` have as many floats.
  void (*one_image_dense)(const DenseShape&, const float* transposed, const float* bias, const float* in, float* out);
  // `gradient` has zeros after its end, as many as round it up. A null in_gradient: not wanted.
  void (*one_image_dense_gradient)(const DenseShape&, const float* transposed, const float* in, const float* gradient,
                                   float* weight, float* bias, float* in_gradient);
  void (*one_image_rbf)(const DenseShape&, const float* code, const float* in, float* out);
  void (*one_image_rbf_gradient)(const DenseShape&, const float* code, const float* in, const float* gradient,
                                 float* in_gradient);
  void (*one_image_activate)(Activation, std::size_t count, float* values);
  void (*one_image_activate_gradient)(Activation, std::size_t count, const float* values, float* gradient);

  // ---- measuring -------------------------------------------------------------------------------
  // Runs `rounds` rounds of independent fused multiply-adds in registers; returns how many floating-point operations
  // that was.
  double (*peak)(long rounds, float* sink);
};

extern const Kernels kernels_baseline;
#if defined(__x86_64__)
extern const Kernels kernels_avx2;
extern const Kernels kernels_avx512;
#elif defined(__aarch64__)
extern const Kernels kernels_neon;
#endif

}  // namespace lenet
