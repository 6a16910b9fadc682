#include "base/threads.hpp"

#include <pthread.h>
#include <unistd.h>
#if defined(__linux__)
#include <sched.h>
#endif

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace lenet {
namespace {

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Long enough to cover the usual wait between two threads of equal work, short enough not to matter when
// there are more threads than processors.
constexpr int kSpins = 4000;

// Processors paid for by the control group (version 2, then 1); infinity when there is no limit.
double quota() {
  std::string limit;
  double period = 0;
  if (std::ifstream file("/sys/fs/cgroup/cpu.max"); file >> limit >> period && limit != "max" && period > 0)
    return std::stod(limit) / period;
  double allowed = 0;
  std::ifstream quota_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), period_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  if (quota_file >> allowed && period_file >> period && allowed > 0 && period > 0) return allowed / period;
  return HUGE_VAL;
}

class Pool {
 public:
  void run(int threads, const std::function<void(int)>& job) {
    const std::lock_guard turn(turn_);
    {
      const std::lock_guard lock(mutex_);
      while (int(workers_.size()) < threads - 1) {
        const int id = int(workers_.size()) + 1;
        workers_.emplace_back([this, id, seen = generation_] { work(id, seen); });
      }
      job_ = &job, threads_ = threads, running_ = threads - 1;
      ++generation_;
    }
    wake_.notify_all();
    job(0);
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return running_ == 0; });
  }

 private:
  void work(int id, unsigned long seen) {
    for (std::unique_lock lock(mutex_);;) {
      wake_.wait(lock, [&] { return generation_ != seen; });
      seen = generation_;
      if (id >= threads_) continue;
      const auto* job = job_;
      lock.unlock();
      (*job)(id);
      lock.lock();
      if (--running_ == 0) done_.notify_one();
    }
  }

  std::mutex turn_, mutex_;
  std::condition_variable wake_, done_;
  std::vector<std::thread> workers_;
  const std::function<void(int)>* job_ = nullptr;
  unsigned long generation_ = 0;
  int threads_ = 0, running_ = 0;
};

// A forked child has none of its parent's threads, and perhaps their locks: it forgets the parent's pool.
Pool* pool = nullptr;
std::mutex* pool_mutex = new std::mutex;
unsigned fork_count = 0;
// Whether this thread is inside a job: what runs there (a signal's handler, say) must not start another.
thread_local bool inside = false;

const int at_fork = pthread_atfork(nullptr, nullptr, [] {
  pool = nullptr;
  pool_mutex = new std::mutex;
  inside = false;
  ++fork_count;
});

Pool& the_pool() {
  const std::lock_guard lock(*pool_mutex);
  if (!pool) pool = new Pool;  // lives as long as the process: its threads sleep when nobody asks
  return *pool;
}

}  // namespace

unsigned forks() { return fork_count; }

int available_threads() {
  int count = int(std::thread::hardware_concurrency());
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) count = CPU_COUNT(&set);
#endif
  const double paid = std::ceil(quota());
  if (paid < count) count = int(paid);
  return std::max(count, 1);
}

void run_parallel(int threads, const std::function<void(int)>& job) {
  if (inside) throw std::logic_error("the engine is at work on this thread already");
  struct Inside {
    Inside() { inside = true; }
    ~Inside() { inside = false; }
  } here;
  if (threads <= 1) return job(0);
  the_pool().run(threads, job);
}

void Barrier::arrive_and_wait() {
  if (threads_ == 1) return;
  const unsigned generation = generation_.load(std::memory_order_acquire);
  if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    left_.store(threads_, std::memory_order_relaxed);
    generation_.store(generation + 1, std::memory_order_release);
    generation_.notify_all();
    return;
  }
  for (int spin = 0; spin < kSpins; ++spin) {
    if (generation_.load(std::memory_order_acquire) != generation) return;
    relax();
  }
  generation_.wait(generation, std::memory_order_acquire);
}

}  // namespace lenet
