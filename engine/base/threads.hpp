// Threads: a pool that runs one function on several threads at once, and a barrier for them to meet at.
#pragma once

#include <atomic>
#include <functional>

namespace lenet {

// How many threads serve when nobody says: the processors this process may run on, and no more than the
// control group's quota pays for.
int available_threads();

// Runs job(0) .. job(threads - 1) at the same time, job(0) on the caller's thread, and returns when all have.
// Calls from several threads take turns. A process that forked starts anew. Throws std::logic_error when called
// from inside a job.
void run_parallel(int threads, const std::function<void(int)>& job);

// How often this process has been forked off: locks older than that may be held by threads it does not have.
unsigned forks();

// Each of `threads` waits until all have come. Waits awake for a moment, then asleep.
class Barrier {
 public:
  explicit Barrier(int threads) : threads_(threads), left_(threads) {}
  void arrive_and_wait();

 private:
  const int threads_;
  std::atomic<int> left_;
  std::atomic<unsigned> generation_{0};
};

}  // namespace lenet
