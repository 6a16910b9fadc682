// A network for inference: scores for images, and every layer's output if asked. Callers on several threads take turns;
// a process that forked starts with fresh memory.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "execute/one_image.hpp"
#include "network/workspace.hpp"

namespace lenet {

class Model {
 public:
  // `isa`: see kernels() in isa/dispatch.hpp.
  Model(const Description& description, const float* weights, Scale scale, const std::string& isa);

  const Plan& plan() const { return plan_; }
  const Kernels& kernels() const { return kernels_; }

  // How many scores an image has: one for each class, at each place if the network is swept over it.
  std::size_t answers() const { return answers_.size(); }
  // out[image][answer]: the last layer's sums, or squared distances with their sign turned, so that the largest is the
  // answer. Throws std::invalid_argument for images that do not fit.
  void scores(const Images& images, int threads, float* out);
  // out[image]: the class of the largest score, the lowest such class on a tie.
  void predict(const Images& images, int threads, std::int64_t* out);
  // How many values each layer gives for one image.
  std::vector<std::size_t> layer_sizes() const;
  // outs[layer][image][map][row][column], nothing left out of any layer; the output layer with its softmax if `soft`.
  void trace(const Images& images, bool soft, const std::vector<float*>& outs);

 private:
  template <class Put>
  void each_score(const Images& images, int threads, const Put& put);
  template <class Put>
  void score_one_by_one(const Images& images, std::size_t first, const Planes& placed, const Put& put);
  template <class Put>
  void score_tiles(const Images& images, int threads, const Planes& placed, const Put& put);
  int load(const Images& images, std::size_t first, std::size_t count, const Planes& placed, Workspace& work) const;
  std::unique_lock<std::mutex> take_turn();
  Plan layer_by_layer() const;

  Description description_;
  Plan plan_;
  std::vector<std::size_t> answers_;
  std::vector<float> weights_;
  Scale scale_;
  const Kernels& kernels_;
  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();  // of all below: callers take turns
  unsigned forks_;
  std::vector<std::unique_ptr<Workspace>> workspaces_;
  std::unique_ptr<OneImage> one_image_;
  Buffer packed_;  // the weights, as `one_image_` wants them
};

}  // namespace lenet
