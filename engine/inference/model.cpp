#include "inference/model.hpp"

#include <algorithm>
#include <atomic>
#include <stdexcept>

#include "base/threads.hpp"
#include "execute/tiles.hpp"
#include "isa/dispatch.hpp"

namespace lenet {
namespace {

// So few images left over are run one by one: a tile costs about as much as twelve of them.
constexpr std::size_t kFew = 8;
// Tiles that a thread takes at a time: pairs read every weight of the dense layers once.
constexpr int kTilesTogether = 2;
constexpr std::size_t kGroup = kTilesTogether * kTile;

// Without the layers that do nothing here, so that their neighbours may be fused.
Description for_inference(Description description) {
  std::erase_if(description.layers, [](const Layer& layer) { return layer.kind->in_training_only; });
  return description;
}

}  // namespace

Model::Model(const Description& description, const float* weights, Scale scale, const std::string& isa)
    : description_(description),
      plan_(for_inference(description_), true),
      answers_(plan_.answers()),
      weights_(weights, weights + plan_.parameters()),
      scale_(scale),
      kernels_(lenet::kernels(isa)),
      forks_(forks()) {}

std::unique_lock<std::mutex> Model::take_turn() {
  if (forks_ != forks()) {  // the parent's threads may have been at work here: forget what they left
    (void)mutex_.release();
    mutex_ = std::make_unique<std::mutex>();
    workspaces_.clear();
    one_image_.reset();
    forks_ = forks();
  }
  return std::unique_lock(*mutex_);
}

// Loads `count` images, starting with `first`, into as many tiles as they need, and returns how many those are. The
// last tile is filled up with the last image.
int Model::load(const Images& images, std::size_t first, std::size_t count, const Planes& placed,
                Workspace& work) const {
  const int tiles = int((count + kTile - 1) / kTile);
  for (int t = 0; t < tiles; ++t) {
    const std::uint8_t* from[kTile];
    for (std::size_t l = 0; l < kTile; ++l) from[l] = images[first + std::min(std::size_t(t) * kTile + l, count - 1)];
    load_tile(kernels_, from, scale_, placed, work.tile_values(t));
  }
  return tiles;
}

// Calls put(image, scores) for every image, from several threads.
template <class Put>
void Model::each_score(const Images& images, int threads, const Put& put) {
  const Planes placed = plan_.placed(images.maps, images.height, images.width);
  const auto turn = take_turn();
  const bool one_place = !plan_.branched() && plan_.output().classes() > 0;
  const std::size_t rest = images.count % kTile, few = one_place && rest <= kFew ? rest : 0;
  const std::size_t in_tiles = images.count - few;
  if (few) score_one_by_one(images, in_tiles, placed, put);
  if (in_tiles) score_tiles({images.data, in_tiles, images.maps, images.height, images.width}, threads, placed, put);
}

// Images starting with `first`.
template <class Put>
void Model::score_one_by_one(const Images& images, std::size_t first, const Planes& placed, const Put& put) {
  if (!one_image_) {
    one_image_ = std::make_unique<OneImage>(plan_, kernels_, scale_, false);
    packed_ = Buffer(one_image_->floats());
    one_image_->pack(weights_.data(), packed_.data());
  }
  const float sign = plan_.output().sign();
  std::vector<float> scores(answers());
  for (std::size_t i = first; i < images.count; ++i) {
    one_image_->load(images[i], placed);
    const float* output = one_image_->forward(packed_.data());
    for (std::size_t c = 0; c < scores.size(); ++c) scores[c] = output[c] * sign;
    put(i, scores.data());
  }
}

template <class Put>
void Model::score_tiles(const Images& images, int threads, const Planes& placed, const Put& put) {
  const std::size_t groups = (images.count + kGroup - 1) / kGroup, classes = answers();
  const float sign = plan_.output().sign();
  threads = int(std::min<std::size_t>(std::size_t(threads), groups));
  while (int(workspaces_.size()) < threads)
    workspaces_.push_back(std::make_unique<Workspace>(plan_, kTilesTogether, false));
  std::atomic<std::size_t> next{0};
  std::vector<float> all_scores(classes * std::size_t(threads));
  run_parallel(threads, [&](int id) {
    Workspace& work = *workspaces_[std::size_t(id)];
    work.prepare(plan_, placed, scale_.paper);
    float* scores = all_scores.data() + classes * std::size_t(id);
    for (std::size_t g; (g = next.fetch_add(1, std::memory_order_relaxed)) < groups;) {
      const std::size_t first = g * kGroup, count = std::min(images.count - first, kGroup);
      const int tiles = load(images, first, count, placed, work);
      forward({plan_, kernels_, weights_.data(), work, {0, tiles}}, plan_.all());
      for (std::size_t i = 0; i < count; ++i) {
        const float* values = work.tile_values(int(i / kTile)) + i % kTile;
        for (std::size_t c = 0; c < classes; ++c) scores[c] = values[answers_[c]] * sign;
        put(first + i, scores);
      }
    }
  });
}

void Model::scores(const Images& images, int threads, float* out) {
  const std::size_t classes = answers();
  each_score(images, threads,
             [&](std::size_t i, const float* scores) { std::copy_n(scores, classes, out + i * classes); });
}

void Model::predict(const Images& images, int threads, std::int64_t* out) {
  const std::size_t classes = std::size_t(plan_.classes());
  each_score(images, threads,
             [&](std::size_t i, const float* scores) { out[i] = std::max_element(scores, scores + classes) - scores; });
}

Plan Model::layer_by_layer() const {
  if (plan_.branched()) throw std::invalid_argument("a network in branches has no layers one by one");
  return Plan(description_, false);
}

std::vector<std::size_t> Model::layer_sizes() const {
  const Plan plan = layer_by_layer();
  std::vector<std::size_t> sizes;
  for (std::size_t i = 0; i < plan.size(); ++i) sizes.push_back(plan[i].out.pixels());
  return sizes;
}

void Model::trace(const Images& images, bool soft, const std::vector<float*>& outs) {
  const Plan plan = layer_by_layer();
  const Planes placed = plan.placed(images.maps, images.height, images.width);
  Workspace work(plan, 1, false);
  work.prepare(plan, placed, scale_.paper);
  float* values = work.tile_values(0);
  for (std::size_t first = 0; first < images.count; first += kTile) {
    const std::size_t count = std::min<std::size_t>(kTile, images.count - first);
    load(images, first, count, placed, work);
    forward({plan, kernels_, weights_.data(), work, {0, 1}}, plan.all());
    if (soft) {
      float* output = values + plan.output().out.origin * kTile;
      kernels_.softmax(plan.classes(), plan.output().sign(), output, output);
    }
    for (std::size_t i = 0; i < plan.size(); ++i) {
      const Planes& out = plan[i].out;
      float* to = outs[std::size_t(plan[i].layer)] + first * out.pixels();
      for (std::size_t l = 0; l < count; ++l)
        for (int m = 0; m < out.maps; ++m)
          for (int y = 0; y < out.height; ++y)
            for (int x = 0; x < out.width; ++x) *to++ = values[out.at(m, y, x) * kTile + l];
    }
  }
}

}  // namespace lenet
