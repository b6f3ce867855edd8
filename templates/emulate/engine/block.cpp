// The scheduler of one block; block.hpp says how it works.
#include "block.hpp"

#include <sys/mman.h>

#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <utility>

#include "driver.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

// Every function that returns after a switch returns to an address the processor did not foresee:
// what lies between a kernel and the switch is one function deep.
#define INLINE inline __attribute__((always_inline))

namespace hpctc {

namespace {

constexpr std::size_t stack_bytes = 256 << 10;

std::uint64_t mix(std::uint64_t x) {  // splitmix64 (Steele, Lea, Flood 2014)
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

}  // namespace

Block::Block() { std::memset(ready_, 0, sizeof ready_); }

void Block::prepare(const Order &order, Invoke invoke, const Argument *arguments) {
    order_ = order;
    invoke_ = invoke;
    arguments_ = arguments;
    extent_ = {0, 0, 0};
}

void Block::place_threads() {
    const bool same = extent_.x == blockDim.x && extent_.y == blockDim.y && extent_.z == blockDim.z;
    if (same && order_.kind != Order::shuffled) return;
    extent_ = blockDim;
    count_ = static_cast<int>(blockDim.x * blockDim.y * blockDim.z);
    for (int i = 0; i < count_; ++i) at_[i] = order_.kind == Order::reverse ? count_ - 1 - i : i;
    if (order_.kind == Order::shuffled) {
        std::uint64_t state = order_.seed;
        for (unsigned part : {blockIdx.x, blockIdx.y, blockIdx.z}) state = mix(state ^ part);
        for (int i = count_ - 1; i > 0; --i) {
            state = mix(state);
            std::swap(at_[i], at_[state % static_cast<unsigned>(i + 1)]);
        }
    }
    for (int i = 0; i < count_; ++i) {
        const unsigned t = at_[i];
        Thread &thread = threads_[t];
        thread.index = {t % blockDim.x, t / blockDim.x % blockDim.y, t / (blockDim.x * blockDim.y)};
        thread.position = static_cast<std::uint16_t>(i);
    }
}

void Block::run() {
    place_threads();
    for (int i = 0; i < count_; ++i) threads_[i].wait = Wait::nothing;
    next_ = waiting_ = gathering_ = 0;
    alive_ = count_;
    while (next_ < count_) {
        Fiber *fiber = take_fiber();
        fiber_ = fiber;
#if defined(__SANITIZE_ADDRESS__)
        __sanitizer_start_switch_fiber(&home_shadow_, fiber->stack, stack_bytes);
#endif
        hpctc_switch(&home_, fiber->context);
#if defined(__SANITIZE_ADDRESS__)
        __sanitizer_finish_switch_fiber(home_shadow_, nullptr, nullptr);
#endif
    }
    while (alive_ > 0) {
        if (!pass() && !settle()) deadlock();
    }
}

// --- fibers ------------------------------------------------------------------------------------

Fiber *Block::take_fiber() {
    if (!idle_.empty()) {
        Fiber *fiber = idle_.back();
        idle_.pop_back();
        return fiber;
    }
    auto *fiber = new Fiber;
    void *memory = mmap(nullptr, stack_guard + stack_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) give_up("out of memory", "no memory for a thread's stack", 0);
    mprotect(memory, stack_guard, PROT_NONE);  // a stack that runs over is found, not silently shared
    fiber->stack = static_cast<char *>(memory) + stack_guard;
    // Tops at equal places of their pages would all fall into the same few sets of the cache.
    const std::size_t shift = fibers_++ % 64 * 256;
    fiber->context = fresh_context(fiber->stack, stack_bytes - shift, fiber_main);
    note_stack(memory);
    return fiber;
}

void Block::fiber_main() {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
    engine().run_threads();
}

void Block::run_threads() {
    for (;;) {
        Fiber *const mine = fiber_;
        while (next_ < count_) {
            Thread &thread = threads_[at_[next_++]];
            current_ = &thread;
            thread.fiber = mine;
            threadIdx = thread.index;
            invoke_(arguments_);
            current_->wait = Wait::ended;
            --alive_;
        }
        idle_.push_back(mine);
        go_home();
    }
}

INLINE void Block::go_home() {
    Fiber *const mine = fiber_;
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(&mine->shadow, nullptr, 0);
#endif
    hpctc_switch(&mine->context, home_);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(mine->shadow, nullptr, nullptr);
#endif
}

INLINE void Block::suspend(Wait wait, int line) {
    Thread *const self = current_;
    self->wait = wait;
    self->line = line;
    go_home();
    current_ = self;
    threadIdx = self->index;
}

INLINE void Block::resume(Thread &thread) {
    current_ = &thread;
    fiber_ = thread.fiber;
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(&home_shadow_, fiber_->stack, stack_bytes);
#endif
    hpctc_switch(&home_, fiber_->context);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(home_shadow_, nullptr, nullptr);
#endif
}

bool Block::pass() {
    bool moved = false;
    for (int word = 0; word * 64 < count_; ++word) {
        std::uint64_t bits = ready_[word];
        ready_[word] = 0;
        for (; bits != 0; bits &= bits - 1) {
            resume(threads_[at_[word * 64 + __builtin_ctzll(bits)]]);
            moved = true;
        }
    }
    return moved;
}

void Block::make_ready(Thread &thread) {
    thread.wait = Wait::nothing;
    ready_[thread.position / 64] |= std::uint64_t{1} << thread.position % 64;
}

// --- what threads wait for -----------------------------------------------------------------------

INLINE void Block::barrier(int line) {
    ++waiting_;
    current_->what = "__syncthreads()";
    current_->mask = 0;
    suspend(Wait::barrier, line);
}

INLINE int Block::vote(bool predicate, Vote vote, int line) {
    ++waiting_;
    fold_ = vote;
    current_->what = "__syncthreads_count/and/or()";
    current_->mask = predicate;
    suspend(Wait::barrier, line);
    return voted_;  // stands until the next barrier, which nobody passes before all have read this
}

INLINE void Block::collective(unsigned mask, Part &part, Finish finish, const char *name, int line) {
    const unsigned lane = static_cast<unsigned>(current_ - threads_) % warp_size;
    if ((mask >> lane & 1) == 0) complain("mask", "a lane calls with a mask that leaves it out", line);
    current_->part = &part;
    current_->finish = finish;
    current_->what = name;
    current_->mask = mask | 1u << lane;
    ++gathering_;
    suspend(Wait::warp, line);
}

unsigned Block::converged(int line) {
    current_->what = "__activemask()";
    suspend(Wait::converge, line);
    return current_->mask;
}

void Block::give_way() {
    make_ready(*current_);
    suspend(Wait::nothing, 0);
}

bool Block::settle() {
    bool moved = false;
    for (int warp = 0; gathering_ != 0 && warp * warp_size < count_; ++warp) moved |= settle_warp(warp);
    if (moved) return true;
    if (waiting_ == alive_) {
        release_barrier();
        return true;
    }
    return release_converged();
}

unsigned Block::living(int warp) const {
    unsigned mask = 0;
    for (int lane = 0; lane < warp_size && warp * warp_size + lane < count_; ++lane)
        if (threads_[warp * warp_size + lane].wait != Wait::ended) mask |= 1u << lane;
    return mask;
}

bool Block::settle_warp(int warp) {
    Thread *const lanes = threads_ + warp * warp_size;
    const int size = count_ - warp * warp_size < warp_size ? count_ - warp * warp_size : warp_size;
    unsigned open = 0;
    for (int lane = 0; lane < size; ++lane)
        if (lanes[lane].wait == Wait::warp) open |= 1u << lane;
    if (open == 0) return false;
    const unsigned alive = living(warp);
    bool moved = false;
    while (open != 0) {
        const Thread &first = lanes[__builtin_ctz(open)];
        const unsigned need = first.mask & alive;
        Part *parts[warp_size] = {};
        bool whole = true;
        for (unsigned left = need; left != 0; left &= left - 1) {
            const Thread &other = lanes[__builtin_ctz(left)];
            whole &= other.wait == Wait::warp && other.mask == first.mask && other.finish == first.finish;
            parts[__builtin_ctz(left)] = other.part;
        }
        open &= open - 1;
        if (!whole) continue;
        current_ = &lanes[__builtin_ctz(need)];  // a complaint names the first lane
        threadIdx = current_->index;
        if (first.finish != nullptr) first.finish(parts, need);
        for (unsigned left = need; left != 0; left &= left - 1) make_ready(lanes[__builtin_ctz(left)]);
        gathering_ -= __builtin_popcount(need);
        open &= ~need;
        moved = true;
    }
    return moved;
}

void Block::release_barrier() {
    const Thread *first = nullptr;
    int yes = 0;
    for (int i = 0; i < count_; ++i) {
        Thread &thread = threads_[i];
        if (thread.wait == Wait::ended) continue;
        if (first == nullptr) first = &thread;
        if (thread.line != first->line) {
            current_ = &thread;
            threadIdx = thread.index;
            char text[256];
            std::snprintf(text, sizeof text,
                          "threads of one block wait at different barriers: thread (%u,%u,%u) at line "
                          "%d, thread (%u,%u,%u) at line %d",
                          first->index.x, first->index.y, first->index.z, first->line, thread.index.x,
                          thread.index.y, thread.index.z, thread.line);
            complain("divergent barrier", text, thread.line);
        }
        yes += thread.mask != 0;
    }
    if (alive_ < count_) {
        char text[160];
        std::snprintf(text, sizeof text, "%d of %d threads had returned when the others met at the barrier",
                      count_ - alive_, count_);
        complain("early exit", text, first->line);
    }
    voted_ = fold_ == Vote::count ? yes : fold_ == Vote::all ? yes == alive_ : yes > 0;
    waiting_ = 0;
    for (int i = 0; i < count_; ++i)
        if (threads_[i].wait == Wait::barrier) make_ready(threads_[i]);
}

bool Block::release_converged() {
    bool moved = false;
    for (int i = 0; i < count_; ++i) {
        if (threads_[i].wait != Wait::converge) continue;
        const int base = i / warp_size * warp_size;
        const int end = base + warp_size < count_ ? base + warp_size : count_;
        unsigned mask = 0;
        for (int j = base; j < end; ++j)
            if (threads_[j].wait == Wait::converge && threads_[j].line == threads_[i].line)
                mask |= 1u << (j - base);
        for (int j = base; j < end; ++j) {
            if ((mask >> (j - base) & 1) == 0) continue;
            threads_[j].mask = mask;
            make_ready(threads_[j]);
        }
        moved = true;
    }
    return moved;
}

void Block::deadlock() {
    std::map<std::pair<int, std::string>, int> groups;  // where -> how many
    int line = 0;
    for (int i = 0; i < count_; ++i) {
        const Thread &thread = threads_[i];
        if (thread.wait == Wait::ended) {
            ++groups[{0, ""}];
            continue;
        }
        if (line == 0) {
            line = thread.line;
            current_ = &threads_[i];
            threadIdx = thread.index;
        }
        ++groups[{thread.line, thread.what}];
    }
    std::string text = "no thread of the block can go on:";
    const char *comma = " ";
    for (const auto &[where, many] : groups) {
        text += comma + std::to_string(many);
        text += where.first == 0 ? " returned" : " at " + where.second + " in line " + std::to_string(where.first);
        comma = ", ";
    }
    give_up("deadlock", text.c_str(), line);
}

// --- what interface.hpp promises -----------------------------------------------------------------

void block_barrier(int line) { engine().barrier(line); }
int block_vote(bool predicate, Vote vote, int line) { return engine().vote(predicate, vote, line); }
void warp_collective(unsigned mask, Part &part, Finish finish, const char *name, int line) {
    engine().collective(mask, part, finish, name, line);
}
unsigned converged(int line) { return engine().converged(line); }
void give_way() { engine().give_way(); }

}  // namespace hpctc
