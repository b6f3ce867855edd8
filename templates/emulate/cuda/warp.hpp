// Barriers and warp-level collectives.
//
// __builtin_LINE() as a default argument is the caller's line: findings can name it at no cost.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "half.hpp"

#define HPCTC_LINE int line = __builtin_LINE()

inline void __syncthreads(HPCTC_LINE) { hpctc::block_barrier(line); }
inline int __syncthreads_count(int predicate, HPCTC_LINE) { return hpctc::block_vote(predicate != 0, hpctc::Vote::count, line); }
inline int __syncthreads_and(int predicate, HPCTC_LINE) { return hpctc::block_vote(predicate != 0, hpctc::Vote::all, line); }
inline int __syncthreads_or(int predicate, HPCTC_LINE) { return hpctc::block_vote(predicate != 0, hpctc::Vote::any, line); }

// One operating-system thread runs a block and finishes what it writes in order.
inline void __threadfence_block() {}
inline void __threadfence() { __sync_synchronize(); }
inline void __threadfence_system() { __sync_synchronize(); }

namespace hpctc {

template <class T>
inline const T &given(const Part *part) { return *static_cast<const T *>(part->in); }
template <class T>
inline T &wanted(const Part *part) { return *static_cast<T *>(part->out); }

/// Which lane each kind of shuffle reads; a source outside the lane's segment is the lane itself.
enum class Shuffle { index, up, down, exclusive_or };
template <Shuffle kind>
inline int source_lane(int lane, std::uint64_t parameter, int width) {
    const int first = lane & ~(width - 1), step = static_cast<int>(parameter);
    if (kind == Shuffle::index) return first | (step & (width - 1));
    if (kind == Shuffle::up) return lane - step >= first ? lane - step : lane;
    if (kind == Shuffle::down) return step < width && (lane & (width - 1)) + step < width ? lane + step : lane;
    const int other = lane ^ step;
    return other < first + width ? other : lane;  // may look into an earlier segment, as CUDA says
}

template <class T, Shuffle kind>
inline void finish_shuffle(Part *const parts[32], unsigned mask) {
    for (unsigned left = mask; left != 0; left &= left - 1) {
        const int lane = __builtin_ctz(left);
        const int source = source_lane<kind>(lane, parts[lane]->parameter, parts[lane]->width);
        if (source >= 0 && source < 32 && parts[source] != nullptr) {
            std::memcpy(parts[lane]->out, parts[source]->in, sizeof(T));
        } else {
            // Its value is undefined, which is no harm as long as nothing comes of it: poison shows.
            complain("inactive lane", "a shuffle reads a lane that takes no part in it", static_cast<int>(parts[lane]->parameter >> 32));
            auto *out = static_cast<unsigned char *>(parts[lane]->out);
            for (std::size_t i = 0; i < sizeof(T); ++i) out[i] = i % 2 == 0 ? 0xF7 : 0x7F;
        }
    }
}

template <Shuffle kind, class T>
inline T shuffle(unsigned mask, const T &value, unsigned parameter, int width, const char *name, int line) {
    static_assert(std::is_trivially_copyable_v<T>);
    T result;
    Part part{&value, &result, static_cast<std::uint64_t>(line) << 32 | parameter, width};
    warp_collective(mask, part, finish_shuffle<T, kind>, name, line);
    return result;
}

inline void finish_nothing(Part *const *, unsigned) {}

inline void finish_ballot(Part *const parts[32], unsigned mask) {
    unsigned set = 0;
    for (unsigned left = mask; left != 0; left &= left - 1)
        if (parts[__builtin_ctz(left)]->parameter != 0) set |= left & -left;
    for (unsigned left = mask; left != 0; left &= left - 1) wanted<unsigned>(parts[__builtin_ctz(left)]) = set;
}
inline unsigned ballot(unsigned mask, bool predicate, const char *name, int line) {
    unsigned result;
    Part part{nullptr, &result, predicate, 32};
    warp_collective(mask, part, finish_ballot, name, line);
    return result;
}

template <class T>
inline void finish_match(Part *const parts[32], unsigned mask) {
    for (unsigned left = mask; left != 0; left &= left - 1) {
        Part *mine = parts[__builtin_ctz(left)];
        unsigned same = 0;
        for (unsigned other = mask; other != 0; other &= other - 1)
            if (std::memcmp(parts[__builtin_ctz(other)]->in, mine->in, sizeof(T)) == 0) same |= other & -other;
        wanted<unsigned>(mine) = same;
    }
}
template <class T>
inline unsigned match(unsigned mask, T value, const char *name, int line) {
    unsigned result;
    Part part{&value, &result, 0, 32};
    warp_collective(mask, part, finish_match<T>, name, line);
    return result;
}

/// Fold with a binary operation of type `Op`, in lane order; every lane gets the result.
template <class T, class Op>
inline void finish_reduce(Part *const parts[32], unsigned mask) {
    T sum = given<T>(parts[__builtin_ctz(mask)]);
    for (unsigned left = mask & (mask - 1); left != 0; left &= left - 1) sum = Op()(sum, given<T>(parts[__builtin_ctz(left)]));
    for (unsigned left = mask; left != 0; left &= left - 1) wanted<T>(parts[__builtin_ctz(left)]) = sum;
}
template <class Op, class T>
inline T reduce(unsigned mask, T value, const char *name, int line) {
    T result = value;
    Part part{&value, &result, 0, 32};
    warp_collective(mask, part, finish_reduce<T, Op>, name, line);
    return result;
}

struct Add { template <class T> T operator()(T a, T b) const { return static_cast<T>(a + b); } };
struct Smaller { template <class T> T operator()(T a, T b) const { return b < a ? b : a; } };
struct Larger { template <class T> T operator()(T a, T b) const { return a < b ? b : a; } };
struct BitAnd { template <class T> T operator()(T a, T b) const { return a & b; } };
struct BitOr { template <class T> T operator()(T a, T b) const { return a | b; } };
struct BitXor { template <class T> T operator()(T a, T b) const { return a ^ b; } };

}  // namespace hpctc

inline void __syncwarp(unsigned mask = 0xFFFFFFFFu, HPCTC_LINE) {
    hpctc::Part part{};
    hpctc::warp_collective(mask, part, hpctc::finish_nothing, "__syncwarp()", line);
}
inline unsigned __activemask(HPCTC_LINE) { return hpctc::converged(line); }

#define HPCTC_SHUFFLE(name, kind, type)                                                          \
    template <class T>                                                                           \
    inline T name(unsigned mask, T value, type step, int width = warpSize, HPCTC_LINE) {         \
        return hpctc::shuffle<hpctc::Shuffle::kind>(mask, value, static_cast<unsigned>(step), width, #name "()", line); \
    }
HPCTC_SHUFFLE(__shfl_sync, index, int)
HPCTC_SHUFFLE(__shfl_up_sync, up, unsigned)
HPCTC_SHUFFLE(__shfl_down_sync, down, unsigned)
HPCTC_SHUFFLE(__shfl_xor_sync, exclusive_or, int)
#undef HPCTC_SHUFFLE

inline unsigned __ballot_sync(unsigned mask, int predicate, HPCTC_LINE) { return hpctc::ballot(mask, predicate != 0, "__ballot_sync()", line); }
inline int __any_sync(unsigned mask, int predicate, HPCTC_LINE) { return hpctc::ballot(mask, predicate != 0, "__any_sync()", line) != 0; }
inline int __all_sync(unsigned mask, int predicate, HPCTC_LINE) { return hpctc::ballot(mask, predicate == 0, "__all_sync()", line) == 0; }
template <class T>
inline unsigned __match_any_sync(unsigned mask, T value, HPCTC_LINE) { return hpctc::match(mask, value, "__match_any_sync()", line); }
template <class T>
inline unsigned __match_all_sync(unsigned mask, T value, int *all, HPCTC_LINE) {
    const unsigned same = hpctc::match(mask, value, "__match_all_sync()", line);
    const unsigned present = hpctc::ballot(mask, true, "__match_all_sync()", line);
    *all = same == present;
    return *all ? present : 0;
}
#define HPCTC_REDUCE(name, Op, T)                                                                \
    inline T name(unsigned mask, T value, HPCTC_LINE) { return hpctc::reduce<hpctc::Op>(mask, value, #name "()", line); }
HPCTC_REDUCE(__reduce_add_sync, Add, int)
HPCTC_REDUCE(__reduce_add_sync, Add, unsigned)
HPCTC_REDUCE(__reduce_min_sync, Smaller, int)
HPCTC_REDUCE(__reduce_min_sync, Smaller, unsigned)
HPCTC_REDUCE(__reduce_max_sync, Larger, int)
HPCTC_REDUCE(__reduce_max_sync, Larger, unsigned)
HPCTC_REDUCE(__reduce_and_sync, BitAnd, unsigned)
HPCTC_REDUCE(__reduce_or_sync, BitOr, unsigned)
HPCTC_REDUCE(__reduce_xor_sync, BitXor, unsigned)
#undef HPCTC_REDUCE

// The forms without a mask, which CUDA dropped for sm_70: the lanes that are there take part.
#define HPCTC_OLD(name, now, type)                                                               \
    template <class T>                                                                           \
    inline T name(T value, type step, int width = warpSize, HPCTC_LINE) {                        \
        return now(hpctc::converged(line), value, step, width, line);                            \
    }
HPCTC_OLD(__shfl, __shfl_sync, int)
HPCTC_OLD(__shfl_up, __shfl_up_sync, unsigned)
HPCTC_OLD(__shfl_down, __shfl_down_sync, unsigned)
HPCTC_OLD(__shfl_xor, __shfl_xor_sync, int)
#undef HPCTC_OLD
inline unsigned __ballot(int predicate, HPCTC_LINE) { return __ballot_sync(hpctc::converged(line), predicate, line); }
inline int __any(int predicate, HPCTC_LINE) { return __any_sync(hpctc::converged(line), predicate, line); }
inline int __all(int predicate, HPCTC_LINE) { return __all_sync(hpctc::converged(line), predicate, line); }
