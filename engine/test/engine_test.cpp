// A small program without Python for the sanitizers: trains, answers and traces odd networks on several
// threads and every instruction set this processor runs, and checks that they agree.
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "base/random.hpp"
#include "base/threads.hpp"
#include "inference/model.hpp"
#include "isa/dispatch.hpp"
#include "layers/kinds.hpp"
#include "training/trainer.hpp"

using namespace lenet;

namespace {

void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "failed: %s\n", what);
  std::exit(1);
}

Layer conv(int maps, int height, int width, bool same = false, Activation activation = Activation::tanh,
           int stride = 1) {
  Layer layer{};
  layer.kind = &kConvolution;
  layer.maps = maps, layer.kernel_height = height, layer.kernel_width = width;
  layer.same = same, layer.activation = activation, layer.stride = stride;
  return layer;
}

Layer window(const LayerKind& kind, int size, int stride, PoolKind pool = PoolKind::max) {
  Layer layer{};
  layer.kind = &kind, layer.pool = pool, layer.window = size, layer.stride = stride;
  return layer;
}

Layer dense(int units, Activation activation = Activation::linear) {
  Layer layer{};
  layer.kind = &kDense, layer.maps = units, layer.activation = activation;
  return layer;
}

std::vector<Description> networks() {
  Layer sparse = conv(5, 5, 5);
  for (int m = 0; m < 5; ++m)
    for (int c = 0; c < 6; ++c) sparse.table.push_back((m + c) % 3 != 0);
  Layer rbf{};
  rbf.kind = &kRbf, rbf.maps = 3;
  for (int i = 0; i < 3 * 7; ++i) rbf.codes.push_back(i % 2 ? 1.0f : -1.0f);
  return {
      {1, 32, 32, {conv(6, 5, 5), window(kPooling, 2, 2), sparse, window(kPooling, 2, 2), conv(20, 5, 5), dense(10)}},
      {2, 13, 11, {conv(3, 4, 3, true), window(kPooling, 3, 2, PoolKind::mean), conv(7, 2, 5), dense(7)}},
      {1, 9, 9, {conv(4, 3, 3, true), window(kSubsampling, 2, 2), dense(7, Activation::scaled_tanh), rbf}},
      {1, 3, 70, {conv(3, 3, 3), conv(2, 1, 5), dense(37, Activation::relu), dense(2)}},
      {1, 20, 20, {conv(8, 5, 5), dense(70), dense(3)}},
  };
}

Layer dropout(float rate) {
  Layer layer{};
  layer.kind = &kDropout, layer.rate = rate;
  return layer;
}

// Their weights are hashed by themselves, so that the first hash stays comparable with that of earlier versions.
std::vector<Description> newer_networks() {
  return {
      {1,
       13,
       12,
       {conv(4, 3, 3, true, Activation::elu), window(kPooling, 2, 2), dropout(0.3f),
        conv(3, 2, 2, true, Activation::leaky_relu), dense(9, Activation::elu), dropout(0.5f), dense(3)}},
      {2,
       17,
       15,
       {conv(4, 5, 3, true, Activation::tanh, 2), conv(5, 2, 3, false, Activation::tanh, 3), window(kPooling, 2, 1),
        dense(3)}},
  };
}

// Trains and answers; returns the weights that the fused instruction sets agree on.
std::vector<float> run(const Description& network, int batch) {
  const Plan plan(network, true);
  std::vector<float> weights(plan.parameters());
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = float(int(i * 7919 % 401) - 200) / 1000.0f;
  const std::size_t count = 75;
  const std::size_t pixels = std::size_t(network.maps) * network.height * network.width;
  std::vector<std::uint8_t> bytes(count * pixels), labels(count);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::uint8_t(philox({std::uint32_t(i), 0, 0, 0}, 1, 2)[0]);
  for (std::size_t i = 0; i < count; ++i) labels[i] = std::uint8_t(i % std::size_t(plan.classes()));
  const Images images{bytes.data(), count, network.maps, network.height, network.width};
  std::vector<std::uint32_t> order(count);
  permutation(3, 1, std::uint32_t(count), order.data());
  const std::size_t batches = (count + std::size_t(batch) - 1) / std::size_t(batch);
  const std::vector<float> rates(batches, batch > 1 ? 0.01f : 0.001f);
  LossShape loss{};
  OptimizerShape optimizer{};
  const Distortion distortion{1, 0.1f, 0.1f, 0.1f, 0.1f, 0.5f, 5, 0.5f};
  optimizer.momentum = 0.9f;

  std::vector<float> fused;
  for (const std::string& isa : supported_isas()) {
    std::vector<float> first;
    for (int threads : {1, 2, 5}) {
      const auto trainer =
          make_trainer(network, weights.data(), {{-0.1f, 1.175f}, loss, optimizer, batch, 7, distortion, isa});
      std::vector<float> losses(batches), curvature(weights.size());
      std::vector<std::uint8_t> answers(order.size());
      const Samples samples{images, labels.data()};
      check(trainer->run({samples, order, 1, rates.data(), losses.data(), answers.data()}, threads, nullptr) == batches,
            "all minibatches are done");
      trainer->curvature(samples, order, curvature.data());
      for (float value : curvature) check(value >= 0 && std::isfinite(value), "second derivatives are not negative");
      const float* flat = trainer->parameters().weights.data();
      const std::vector<float> trained(flat, flat + weights.size());
      if (first.empty()) first = trained;
      check(std::memcmp(first.data(), trained.data(), trained.size() * sizeof(float)) == 0, "threads agree");
    }
    if (kernels(isa).fused) {
      if (fused.empty()) fused = first;
      check(std::memcmp(fused.data(), first.data(), first.size() * sizeof(float)) == 0, "fused instruction sets agree");
    }
    Model model(network, first.data(), {-0.1f, 1.175f}, isa);
    std::vector<float> all(count * std::size_t(plan.classes())), one(std::size_t(plan.classes()));
    model.scores(images, 3, all.data());
    for (std::size_t i = 0; i < count; ++i) {
      model.scores({images[i], 1, images.maps, images.height, images.width}, 1, one.data());
      check(std::memcmp(one.data(), &all[i * one.size()], one.size() * sizeof(float)) == 0,
            "one image agrees with sixteen");
    }
    const Plan whole(network, false);
    std::vector<std::vector<float>> outputs;
    std::vector<float*> pointers;
    for (std::size_t i = 0; i < whole.size(); ++i) outputs.emplace_back(count * whole[i].out.pixels());
    for (auto& output : outputs) pointers.push_back(output.data());
    model.trace(images, true, pointers);
    for (const auto& output : outputs)
      for (float value : output) check(std::isfinite(value), "traces are numbers");
  }
  return fused;
}

// A network that ends in a convolution scores every place, as it traces them.
void sweep() {
  const Description network{1, 12, 30, {conv(4, 3, 3), window(kPooling, 2, 2), conv(7, 5, 3), conv(3, 1, 1, false)}};
  const Plan plan(network, false);
  std::vector<float> weights(plan.parameters());
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = float(int(i * 7919 % 401) - 200) / 1000.0f;
  for (std::size_t count : {1u, 5u, 16u, 37u, 100u}) {
    std::vector<std::uint8_t> bytes(count * 12 * 30);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::uint8_t(i * 31 % 253);
    const Images images{bytes.data(), count, 1, 12, 30};
    for (const std::string& isa : supported_isas()) {
      Model model(network, weights.data(), {-0.1f, 1.175f}, isa);
      check(model.answers() == 3 * 12, "three maps of twelve places");
      std::vector<float> scores(count * model.answers());
      model.scores(images, 3, scores.data());
      std::vector<std::vector<float>> outputs;
      std::vector<float*> pointers;
      for (std::size_t i = 0; i < plan.size(); ++i) outputs.emplace_back(count * plan[i].out.pixels());
      for (auto& output : outputs) pointers.push_back(output.data());
      model.trace(images, false, pointers);
      for (std::size_t i = 0; i < scores.size(); ++i)
        check(std::abs(scores[i] - outputs.back()[i]) < 1e-4f, "scores are what is traced");
    }
  }
}

// FNV-1a of every network's weights: the same on x86-64 and Arm.
unsigned long long hash_of(const std::vector<Description>& networks) {
  std::uint64_t hash = 14695981039346656037ull;
  for (const Description& network : networks)
    for (int batch : {1, 16, 40}) {
      const std::vector<float> trained = run(network, batch);
      const auto* bytes = reinterpret_cast<const unsigned char*>(trained.data());
      for (std::size_t i = 0; i < trained.size() * sizeof(float); ++i) hash = (hash ^ bytes[i]) * 1099511628211ull;
    }
  return hash;
}

}  // namespace

int main() {
  sweep();
  const auto hash = hash_of(networks()), newer = hash_of(newer_networks());
  std::vector<std::thread> callers;  // several callers of the one pool at a time
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([] {
      for (int k = 0; k < 50; ++k) {
        std::atomic<int> sum{0};
        run_parallel(3, [&](int id) { sum += id; });
        check(sum == 3, "every thread ran once");
      }
    });
  for (auto& caller : callers) caller.join();
  std::printf("engine: fine, fused %016llx\nnewer layers: fused %016llx\n", hash, newer);
}
