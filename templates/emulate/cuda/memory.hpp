// Loads and stores with cache hints, address spaces, asynchronous copies.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>

#include "../engine/interface.hpp"
#include "vectors.hpp"

// A cache hint is no meaning.
#define HPCTC_LOAD(name) template <class T> inline T name(const T *address) { return *address; }
#define HPCTC_STORE(name) template <class T> inline void name(T *address, T value) { *address = value; }
HPCTC_LOAD(__ldg)
HPCTC_LOAD(__ldcg)
HPCTC_LOAD(__ldca)
HPCTC_LOAD(__ldcs)
HPCTC_LOAD(__ldlu)
HPCTC_LOAD(__ldcv)
HPCTC_STORE(__stwb)
HPCTC_STORE(__stcg)
HPCTC_STORE(__stcs)
HPCTC_STORE(__stwt)
#undef HPCTC_LOAD
#undef HPCTC_STORE

namespace hpctc {

/// A byte that shared memory lies within 2 GiB of: it is of the same storage class.
#if defined(__SANITIZE_ADDRESS__)
extern char shared_origin;
#else
extern __thread char shared_origin;
#endif

/// What a 32-bit shared-memory address is here: the distance from shared_origin.
inline std::size_t to_shared(const void *pointer) {
    return static_cast<std::size_t>(static_cast<const char *>(pointer) - &shared_origin);
}
inline void *from_shared(std::uint64_t address) { return &shared_origin + static_cast<std::int32_t>(address); }

/// cp.async: the copy is made at once, which is one of the times it may be made. `source` below
/// `bytes` fills the rest with zeros.
inline void copy_async(std::uint64_t shared, const void *global, int bytes, int source) {
    char *to = static_cast<char *>(from_shared(shared));
    const int take = source < bytes ? source : bytes;
    std::memcpy(to, global, static_cast<std::size_t>(take));
    std::memset(to + take, 0, static_cast<std::size_t>(bytes - take));
}
inline void copy_async(std::uint64_t shared, const void *global, int bytes) { copy_async(shared, global, bytes, bytes); }
inline void copy_async(std::uint64_t shared, std::uint64_t global, int bytes) {
    copy_async(shared, reinterpret_cast<const void *>(global), bytes, bytes);
}
inline void copy_async(std::uint64_t shared, std::uint64_t global, int bytes, int source) {
    copy_async(shared, reinterpret_cast<const void *>(global), bytes, source);
}

}  // namespace hpctc

inline std::size_t __cvta_generic_to_shared(const void *pointer) { return hpctc::to_shared(pointer); }
inline void *__cvta_shared_to_generic(std::size_t address) { return hpctc::from_shared(address); }
inline std::size_t __cvta_generic_to_global(const void *pointer) { return reinterpret_cast<std::size_t>(pointer); }

// CUDA's own names for cp.async (cuda_pipeline.h).
inline void __pipeline_memcpy_async(void *shared, const void *global, std::size_t bytes, std::size_t zeros = 0) {
    std::memcpy(shared, global, bytes - zeros);
    std::memset(static_cast<char *>(shared) + bytes - zeros, 0, zeros);
}
inline void __pipeline_commit() {}
inline void __pipeline_wait_prior(std::size_t) {}

namespace hpctc {
inline unsigned long long ticks = 0;
}
/// No time passes here: a counter that only grows.
inline long long clock64() { return static_cast<long long>(__atomic_add_fetch(&hpctc::ticks, 1, __ATOMIC_RELAXED)); }
inline unsigned long long globaltimer() { return static_cast<unsigned long long>(clock64()); }

inline void __nanosleep(unsigned) { hpctc::give_way(); }
[[noreturn]] inline void __trap(int line = __builtin_LINE()) { hpctc::give_up("trap", "the kernel called __trap()", line); }
inline void __brkpt() {}
inline void __prof_trigger(int) {}
inline unsigned __isShared(const void *) { return 1; }
inline unsigned __isGlobal(const void *) { return 1; }
