// A network as the engine runs it: its layers turned into operations, and each operation's places in buffers that the
// workspace allocates. Nothing is allocated while it runs. The plan knows no layer kind; descriptions that make no
// network are refused with std::invalid_argument, mostly by the layers themselves.
#pragma once

#include <memory>
#include <vector>

#include "layers/layer.hpp"
#include "network/description.hpp"

namespace lenet {

// Operations [begin, end) of a plan.
struct Span {
  std::size_t begin, end;
};

class Plan {
 public:
  // `fuse`: let one operation do the work of several layers where it can; not for traces.
  Plan(const Description& description, bool fuse);
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  std::size_t size() const { return operations_.size(); }
  const Operation& operator[](std::size_t i) const { return *operations_[i]; }
  const Operation& output() const { return *operations_.back(); }
  Span all() const { return {0, size()}; }
  const Planes& input() const { return input_; }
  // Whether the network scores several branches, one for each of a pooling's offsets.
  bool branched() const { return ends_.size() > 1; }
  // Throws if the last layer does not give one value a class: such a network has scores, but no answer.
  int classes() const;
  // Where each value of the last layer lies in a tile, map by map and row by row: one for each class, or for each
  // class and place of a network that is swept over larger images; branch by branch.
  std::vector<std::size_t> answers() const;
  std::size_t parameters() const { return parameters_; }
  const BufferSizes& sizes() const { return sizes_; }
  std::size_t scratch_floats(int tiles) const;
  // Where an image of height x width lies, centered in the input. Throws if it does not fit, or has other maps.
  Planes placed(int maps, int height, int width) const;

 private:
  // Adds the operations of the layers starting with `first`, which reads `value` and has its parameters there.
  void add(std::size_t first, Planes value, std::size_t parameter, bool fuse);
  // Adds the branches of the layer with several offsets, except the first, which is there.
  void add_branches(bool fuse);

  Description description_;
  std::vector<std::unique_ptr<Operation>> operations_;
  std::vector<std::size_t> ends_;  // the last operation of each branch
  Planes input_;
  std::size_t parameters_ = 0;
  BufferSizes sizes_;
};

}  // namespace lenet
