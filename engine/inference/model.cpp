#include "inference/model.hpp"

#include <algorithm>
#include <atomic>

#include "isa/dispatch.hpp"
#include "base/threads.hpp"
#include "execute/tiles.hpp"

namespace lenet {
namespace {

// So few images left over are read one by one: a tile costs about as much as twelve of them.
constexpr std::size_t kFew = 8;
// Tiles that a thread takes at a time: pairs share every weight of the dense layers.
constexpr std::size_t kTogether = 2;

}  // namespace

Model::Model(const Description& description, const float* weights, Scale scale, const std::string& isa)
    : description_(description),
      plan_(description_, true),
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

// Calls put(image, scores) for every image, from several threads.
template <class Put>
void Model::each_score(const Images& images, int threads, const Put& put) {
  const Planes placed = plan_.placed(images.maps, images.height, images.width);
  const auto turn = take_turn();
  const std::size_t classes = answers_.size();
  const float sign = plan_.sign();
  const std::size_t rest = images.count % kTile, few = plan_.has_classes() && rest <= kFew ? rest : 0;
  const std::size_t in_tiles = images.count - few, tiles = (in_tiles + kTile - 1) / kTile;
  const std::size_t groups = (tiles + kTogether - 1) / kTogether;

  if (few) {
    if (!one_image_) {
      one_image_ = std::make_unique<OneImage>(plan_, kernels_, scale_, false);
      packed_ = Buffer(one_image_->floats());
      one_image_->pack(weights_.data(), packed_.data());
    }
    std::vector<float> scores(classes);
    for (std::size_t i = in_tiles; i < images.count; ++i) {
      one_image_->load(images[i], placed);
      const float* output = one_image_->forward(packed_.data());
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
      forward(plan_, plan_.all(), {kernels_, weights_.data(), work, 0, count});
      for (std::size_t i = 0; i < left; ++i) {
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
  const std::size_t classes = plan_.classes();
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
  for (const Op& op : plan.ops()) sizes.push_back(op.out.pixels());
  return sizes;
}

void Model::trace(const Images& images, bool soft, const std::vector<float*>& outs) {
  const Plan plan = layer_by_layer();
  const Planes placed = plan.placed(images.maps, images.height, images.width);
  Workspace work(plan, 1, false);
  work.prepare(plan, placed, scale_.paper);
  for (std::size_t first = 0; first < images.count; first += kTile) {
    const std::size_t count = std::min<std::size_t>(kTile, images.count - first);
    const std::uint8_t* from[kTile];
    for (std::size_t l = 0; l < kTile; ++l) from[l] = images[first + std::min(l, count - 1)];
    kernels_.load_tile(from, images.maps, images.height, images.width, scale_.paper, scale_.step(), placed,
                       work.tile_values(0));
    forward(plan, plan.all(), {kernels_, weights_.data(), work, 0, 1});
    if (soft) {
      float* output = work.values(plan.output().out, 0, 1)[0];
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
