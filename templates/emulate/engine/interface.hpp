// What a CUDA translation unit sees of the engine: indices, waiting, and complaints.
//
// The unit is compiled anew for every kernel, the engine (driver.cpp) once a machine.
#pragma once

#include <cstdint>

struct uint3 {
    unsigned x, y, z;
};

/// Extents of a grid or block; what is not given is 1.
struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
    constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
    constexpr operator uint3() const { return {x, y, z}; }
};

// Plain thread-local words: a C++ object with a constructor would cost a guard at every use.
extern __thread uint3 threadIdx, blockIdx, blockDim, gridDim;
constexpr int warpSize = 32;

namespace hpctc {

/// One lane's part in a warp collective. It lies on the lane's own stack, which stands still while
/// the lane waits, so the lane that completes the collective may read and write all of them.
struct Part {
    const void *in;
    void *out;
    std::uint64_t parameter;
    int width;
};

/// Carries out a collective; `parts[lane]` is null for lanes that take no part.
using Finish = void (*)(Part *const parts[32], unsigned mask);

/// How the predicates of __syncthreads_count and its kin are folded.
enum class Vote { count, all, any };

void block_barrier(int line);
int block_vote(bool predicate, Vote vote, int line);
void warp_collective(unsigned mask, Part &part, Finish finish, const char *name, int line);
/// The lanes of this warp that are at this line when the warp can go no further without them.
unsigned converged(int line);
/// Let the other threads of the block run: for loops that wait for somebody else's write.
void give_way();

/// Record something the kernel did wrong and go on.
void complain(const char *kind, const char *message, int line);
/// Record it and end the run.
[[noreturn]] void give_up(const char *kind, const char *message, int line);

std::uint64_t dynamic_shared_bytes();

/// A scalar or an address, as the launch record gives it.
struct Argument {
    enum Kind { address, integer, real } kind;
    union {
        void *pointer;
        long long whole;
        double number;
    };
};

using Invoke = void (*)(const Argument *);

/// A kernel of the unit; the table ends with a null name.
struct Kernel {
    const char *name;
    Invoke invoke;
    int parameters;
    /// One letter a parameter: p pointer, i integer, f floating point.
    const char *kinds;
};

}  // namespace hpctc
