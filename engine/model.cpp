#include "model.hpp"

#include <algorithm>
#include <atomic>

#include "dispatch.hpp"
#include "pool.hpp"

namespace lenet {
namespace {

// So few images left over are read one by one: a tile costs about as much as twelve of them.
constexpr std::size_t kFew = 8;
// Tiles that a thread takes at a time: pairs share every weight of the dense layers.
constexpr std::size_t kTogether = 2;
// Whole registers reach a little past the end of a single image's planes.
constexpr std::size_t kSlack = 64;

// A convolution's output for one image: its rows padded to whole registers.
Planes padded_rows(const Op& op) {
  const Planes& out = op.conv.out;
  const int row = int(round_up(std::size_t(out.width)));
  return {0, out.maps, out.height, out.width, row, out.height * row};
}

// What single_conv copies its input to.
std::size_t shifted_floats(const Op& op) {
  const Planes out = padded_rows(op);
  return std::size_t(op.in.maps) * op.conv.kernel_width * (out.height + op.conv.kernel_height - 1) * out.row;
}

bool contiguous(const Planes& p) { return p.row == p.width && p.plane == p.row * p.height; }

}  // namespace

Model::Model(const Description& description, const float* weights, Scale scale, const std::string& isa)
    : description_(description),
      plan_(description_, true),
      weights_(weights, weights + plan_.parameters()),
      scale_(scale),
      kernels_(lenet::kernels(isa)),
      forks_(forks()) {
  // The kernel that fills tiles says what each byte becomes, so that one image gets the same bits.
  std::uint8_t ramp[256];
  for (int i = 0; i < 256; ++i) ramp[i] = std::uint8_t(i);
  const std::uint8_t* same[kTile];
  std::fill_n(same, kTile, ramp);
  const Buffer tile(256 * kTile);
  kernels_.load_tile(same, 1, 1, 256, scale.paper, scale.step(), {0, 1, 1, 256, 256, 256}, tile.data());
  for (int i = 0; i < 256; ++i) grey_[i] = tile.data()[i * kTile];
}

std::unique_lock<std::mutex> Model::take_turn() {
  if (forks_ != forks()) {  // the parent's threads may have been at work here: forget what they left
    (void)mutex_.release();
    mutex_ = std::make_unique<std::mutex>();
    workspaces_.clear();
    single_ = {};
    forks_ = forks();
  }
  return std::unique_lock(*mutex_);
}

void Model::prepare_single() {
  if (single_.values.size()) return;
  transposed_.clear(), biases_.clear();
  std::size_t inner = 0, shifted = 0;
  for (const Op& op : plan_.ops()) {
    transposed_.emplace_back();
    biases_.emplace_back();
    if (op.kind == Op::Kind::dense) {
      const std::size_t stride = round_up(op.dense.outputs);
      transposed_.back() = Buffer(stride * op.dense.inputs);
      biases_.back() = Buffer(stride);
      const float* weight = weights_.data() + op.weight;
      for (int u = 0; u < op.dense.outputs; ++u)
        for (int i = 0; i < op.dense.inputs; ++i)
          transposed_.back().data()[i * stride + u] = weight[std::size_t(u) * op.dense.inputs + i];
      std::copy_n(weights_.data() + op.bias, op.dense.outputs, biases_.back().data());
    }
    if (op.kind == Op::Kind::conv || op.kind == Op::Kind::conv_pool) {
      inner = std::max(inner, std::size_t(op.conv.out.maps) * padded_rows(op).plane);
      shifted = std::max(shifted, shifted_floats(op));
    }
  }
  single_.inner = Buffer(inner + kSlack);
  single_.shifted = Buffer(shifted);
  single_.values = Buffer(plan_.value_pixels() + kSlack);
}

const float* Model::score_one(const std::uint8_t* image, const Planes& placed) {
  float *values = single_.values.data(), *inner = single_.inner.data();
  const Planes& all = plan_.input();
  if (placed.height != single_.height || placed.width != single_.width) {
    for (int m = 0; m < all.maps; ++m)
      for (int y = 0; y < all.height; ++y) std::fill_n(values + all.at(m, y, 0), all.width, grey_[0]);
    single_.height = placed.height, single_.width = placed.width;
  }
  for (int m = 0; m < placed.maps; ++m)
    for (int y = 0; y < placed.height; ++y) {
      float* row = values + placed.at(m, y, 0);
      for (int x = 0; x < placed.width; ++x) row[x] = grey_[*image++];
    }
  for (std::size_t i = 0; i < plan_.ops().size(); ++i) {
    const Op& op = plan_.ops()[i];
    const float *weight = weights_.data() + op.weight, *bias = weights_.data() + op.bias;
    switch (op.kind) {
      case Op::Kind::conv:
      case Op::Kind::conv_pool: {
        ConvShape shape = op.conv;
        shape.out = padded_rows(op);
        kernels_.single_conv(shape, weight, bias, values, inner, single_.shifted.data());
        if (op.kind == Op::Kind::conv_pool) {
          kernels_.single_pool({shape.out, op.out, PoolKind::max, 2, 2}, inner, values);
        } else {
          for (int m = 0; m < op.out.maps; ++m)
            for (int y = 0; y < op.out.height; ++y)
              std::copy_n(inner + shape.out.at(m, y, 0), op.out.width, values + op.out.at(m, y, 0));
        }
        break;
      }
      case Op::Kind::pool: kernels_.single_pool(op.pool, values, values); break;
      case Op::Kind::subsample: kernels_.single_subsample(op.pool, weight, bias, values, values); break;
      case Op::Kind::dense:
        kernels_.single_dense(op.dense, transposed_[i].data(), biases_[i].data(), values + op.in.origin,
                              values + op.out.origin);
        break;
      case Op::Kind::rbf: kernels_.single_rbf(op.dense, op.codes, values + op.in.origin, values + op.out.origin); break;
    }
    if (op.activation == Activation::linear) continue;
    if (contiguous(op.out)) {
      kernels_.single_activate(op.activation, op.out.pixels(), values + op.out.origin);
    } else {
      for (int m = 0; m < op.out.maps; ++m)
        for (int y = 0; y < op.out.height; ++y)
          kernels_.single_activate(op.activation, std::size_t(op.out.width), values + op.out.at(m, y, 0));
    }
  }
  return values + plan_.output().out.origin;
}

// Calls put(image, scores) for every image, from several threads.
template <class Put>
void Model::each_score(const Images& images, int threads, const Put& put) {
  const Planes placed = plan_.placed(images.height, images.width);
  if (images.maps != plan_.input().maps) throw std::invalid_argument("images with another number of maps");
  const auto turn = take_turn();
  const std::size_t classes = plan_.classes();
  const float sign = plan_.sign();
  const std::size_t rest = images.count % kTile, few = rest <= kFew ? rest : 0;
  const std::size_t in_tiles = images.count - few, tiles = (in_tiles + kTile - 1) / kTile;
  const std::size_t groups = (tiles + kTogether - 1) / kTogether;

  if (few) {
    prepare_single();
    std::vector<float> scores(classes);
    for (std::size_t i = in_tiles; i < images.count; ++i) {
      const float* output = score_one(images[i], placed);
      for (std::size_t c = 0; c < classes; ++c) scores[c] = output[c] * sign;
      put(i, scores.data());
    }
  }
  if (!groups) return;
  threads = int(std::min<std::size_t>(threads, groups));
  while (int(workspaces_.size()) < threads)
    workspaces_.push_back(std::make_unique<Workspace>(plan_, int(kTogether), false));
  std::atomic<std::size_t> next{0};
  std::vector<float> all_scores(classes * threads);
  run_parallel(threads, [&](int id) {
    Workspace& work = *workspaces_[id];
    work.prepare(plan_, placed, scale_.paper);
    float* scores = all_scores.data() + classes * id;
    for (std::size_t g; (g = next.fetch_add(1, std::memory_order_relaxed)) < groups;) {
      const std::size_t first = g * kTogether * kTile, left = std::min(in_tiles - first, kTogether * kTile);
      const int count = int((left + kTile - 1) / kTile);
      for (int t = 0; t < count; ++t) {
        const std::uint8_t* from[kTile];
        for (int l = 0; l < kTile; ++l) from[l] = images[first + std::min<std::size_t>(t * kTile + l, left - 1)];
        kernels_.load_tile(from, images.maps, images.height, images.width, scale_.paper, scale_.step(), placed,
                           work.tile_values(t));
      }
      forward(plan_, kernels_, weights_.data(), work, count);
      const Tiles out = work.values(plan_.output().out, count);
      for (std::size_t i = 0; i < left; ++i) {
        for (std::size_t c = 0; c < classes; ++c) scores[c] = out[int(i / kTile)][c * kTile + i % kTile] * sign;
        put(first + i, scores);
      }
    }
  });
}

void Model::scores(const Images& images, int threads, float* out) {
  const std::size_t classes = plan_.classes();
  each_score(images, threads,
             [&](std::size_t i, const float* scores) { std::copy_n(scores, classes, out + i * classes); });
}

void Model::predict(const Images& images, int threads, std::int64_t* out) {
  const std::size_t classes = plan_.classes();
  each_score(images, threads,
             [&](std::size_t i, const float* scores) { out[i] = std::max_element(scores, scores + classes) - scores; });
}

std::vector<std::size_t> Model::layer_sizes() const {
  const Plan plan(description_, false);
  std::vector<std::size_t> sizes;
  for (const Op& op : plan.ops()) sizes.push_back(op.out.pixels());
  return sizes;
}

void Model::trace(const Images& images, bool soft, const std::vector<float*>& outs) {
  const Plan plan(description_, false);
  const Planes placed = plan.placed(images.height, images.width);
  Workspace work(plan, 1, false);
  work.prepare(plan, placed, scale_.paper);
  for (std::size_t first = 0; first < images.count; first += kTile) {
    const std::size_t count = std::min<std::size_t>(kTile, images.count - first);
    const std::uint8_t* from[kTile];
    for (std::size_t l = 0; l < kTile; ++l) from[l] = images[first + std::min(l, count - 1)];
    kernels_.load_tile(from, images.maps, images.height, images.width, scale_.paper, scale_.step(), placed,
                       work.tile_values(0));
    forward(plan, kernels_, weights_.data(), work, 1);
    if (soft) {
      float* output = work.values(plan.output().out, 1)[0];
      kernels_.softmax(plan.classes(), plan.sign(), output, output);
    }
    for (const Op& op : plan.ops()) {
      float* to = outs[op.layer] + first * op.out.pixels();
      for (std::size_t l = 0; l < count; ++l)
        for (int m = 0; m < op.out.maps; ++m)
          for (int y = 0; y < op.out.height; ++y)
            for (int x = 0; x < op.out.width; ++x) *to++ = work.tile_values(0)[op.out.at(m, y, x) * kTile + l];
    }
  }
}

}  // namespace lenet
