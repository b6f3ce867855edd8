// Runs the threads of one block to their end: fibers, barriers, warp collectives.
//
// Threads run one after the other on one fiber until one of them has to wait; only then is another
// fiber taken. A kernel without barriers therefore runs as a plain loop, and needs no analysis for
// it. Whatever waits is looked at when nothing in the block can run any further: that makes the
// order of threads strict (forward, reverse, or a seeded shuffle), which is how races show.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "interface.hpp"
#include "switch.hpp"

namespace hpctc {

constexpr int most_threads = 1024;
constexpr int warp_size = 32;

enum class Wait : std::uint8_t { nothing, barrier, warp, converge, ended };

/// A stack, and where it was left.
struct Fiber {
    char *stack = nullptr;
    Context context{};
    void *shadow = nullptr;  // the address sanitizer's own stack
};

/// One CUDA thread of the block that runs.
struct Thread {
    uint3 index;
    Fiber *fiber;
    Part *part;
    Finish finish;
    const char *what;
    unsigned mask;
    int line;
    std::uint16_t position;
    Wait wait;
};

/// The order in which the threads of a block, and the blocks of a grid, take their turns.
struct Order {
    enum Kind { forward, reverse, shuffled } kind;
    std::uint64_t seed;
};

/// Everything one operating-system thread needs to run blocks one after the other.
class Block {
  public:
    Block();
    void prepare(const Order &order, Invoke invoke, const Argument *arguments);
    /// Run one block; the index variables hold its place and extents.
    void run();

    // Called on a fiber, through the functions of interface.hpp.
    void barrier(int line);
    int vote(bool predicate, Vote vote, int line);
    void collective(unsigned mask, Part &part, Finish finish, const char *name, int line);
    unsigned converged(int line);
    void give_way();

  private:
    static void fiber_main();
    void run_threads();
    void place_threads();
    void resume(Thread &thread);
    void suspend(Wait wait, int line);
    void go_home();
    bool pass();
    bool settle();
    bool settle_warp(int warp);
    void release_barrier();
    bool release_converged();
    [[noreturn]] void deadlock();
    void make_ready(Thread &thread);
    unsigned living(int warp) const;
    Fiber *take_fiber();

    Thread threads_[most_threads];
    std::uint16_t at_[most_threads];  // position in the order -> thread
    std::uint64_t ready_[most_threads / 64];
    std::vector<Fiber *> idle_;
    std::size_t fibers_ = 0;  // made so far
    Fiber *fiber_ = nullptr;  // the one that runs
    Thread *current_ = nullptr;
    Context home_{};
    void *home_shadow_ = nullptr;
    int count_ = 0;
    int next_ = 0;
    int alive_ = 0;
    int waiting_ = 0;  // at the block barrier
    int gathering_ = 0;  // at warp collectives
    int voted_ = 0;
    Vote fold_ = Vote::count;
    uint3 extent_{};  // for which the order was laid out
    Order order_{};
    Invoke invoke_ = nullptr;
    const Argument *arguments_ = nullptr;
};

}  // namespace hpctc
