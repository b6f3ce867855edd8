// CUDA for g++: what stands before every translation unit the emulator compiles. Precompiled.
#pragma once

// Before the macros at the end, which the standard library's own text would not survive.
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <utility>

#include "../engine/interface.hpp"
#include "atomics.hpp"
#include "groups.hpp"
#include "half.hpp"
#include "integer.hpp"
#include "invoke.hpp"
#include "math.hpp"
#include "memory.hpp"
#include "vectors.hpp"
#include "warp.hpp"
#include "wmma.hpp"

#undef assert
#define assert(condition)                                                                        \
    ((condition) ? void() : hpctc::give_up("assertion", "assert(" #condition ") does not hold", __LINE__))

#define __global__
#define __device__
#define __host__
#define __constant__
#define __managed__
#define __grid_constant__
#define __launch_bounds__(...)
#define __maxnreg__(...)
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __builtin_align__(bytes) __attribute__((aligned(bytes)))
// g++ takes alignas only at the start of a declaration, nvcc also behind __shared__.
#define alignas(bytes) __attribute__((aligned(bytes)))
#define clock() static_cast<long>(clock64())
#define __CUDACC__ 1
#define __CUDA_ARCH__ 800
#define __CUDACC_VER_MAJOR__ 12
#define __CUDACC_VER_MINOR__ 4

#if defined(__SANITIZE_ADDRESS__)
// The sanitizer puts no red zones around thread-local data; under it one thread runs everything.
#define __shared__ static
#else
// One block runs on one operating-system thread at a time, so its shared memory is that thread's.
// Inside a function this means static, after `extern` it names the dynamic part.
#define __shared__ thread_local
#endif
