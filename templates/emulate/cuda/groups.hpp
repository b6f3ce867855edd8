// cooperative_groups: blocks, tiles of a warp, coalesced lanes, and reductions over them.
#pragma once

#include "warp.hpp"

namespace cooperative_groups {

struct thread_block {
    static void sync(HPCTC_LINE) { __syncthreads(line); }
    static unsigned thread_rank() { return threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z); }
    static unsigned size() { return blockDim.x * blockDim.y * blockDim.z; }
    static unsigned num_threads() { return size(); }
    static dim3 group_index() { return blockIdx; }
    static dim3 thread_index() { return threadIdx; }
    static dim3 group_dim() { return blockDim; }
    static dim3 dim_threads() { return blockDim; }
};
inline thread_block this_thread_block() { return {}; }

struct grid_group {
    static unsigned long long thread_rank() {
        const unsigned long long block = blockIdx.x + gridDim.x * (blockIdx.y + 1ull * gridDim.y * blockIdx.z);
        return block * thread_block::size() + thread_block::thread_rank();
    }
    static unsigned long long size() { return 1ull * gridDim.x * gridDim.y * gridDim.z * thread_block::size(); }
    static unsigned long long num_threads() { return size(); }
    static bool is_valid() { return gridDim.x * gridDim.y * gridDim.z == 1; }
    static dim3 group_dim() { return gridDim; }
    /// Blocks do not run at the same time here; a grid of one block is no more than the block.
    static void sync(HPCTC_LINE) {
        if (!is_valid()) hpctc::give_up("not supported", "a barrier over a grid of several blocks", line);
        __syncthreads(line);
    }
};
inline grid_group this_grid() { return {}; }

/// Some lanes of a warp: what tiles and coalesced groups have in common. Ranks run over the set
/// bits of the mask.
struct Lanes {
    unsigned mask = 0;
    static unsigned lane() { return thread_block::thread_rank() % 32; }
    unsigned size() const { return static_cast<unsigned>(__builtin_popcount(mask)); }
    unsigned num_threads() const { return size(); }
    unsigned thread_rank() const { return static_cast<unsigned>(__builtin_popcount(mask & ((1u << lane()) - 1))); }
    void sync(HPCTC_LINE) const { __syncwarp(mask, line); }
    unsigned ranks(unsigned lanes) const {  // set bits of lanes -> set bits of ranks
        unsigned result = 0, rank = 0;
        for (unsigned left = mask; left != 0; left &= left - 1, ++rank)
            if (lanes & (left & -left)) result |= 1u << rank;
        return result;
    }
    unsigned lane_of(unsigned rank) const {
        unsigned left = mask;
        for (; rank != 0; --rank) left &= left - 1;
        return static_cast<unsigned>(__builtin_ctz(left));
    }
    unsigned ballot(int predicate, HPCTC_LINE) const { return ranks(__ballot_sync(mask, predicate, line)); }
    int any(int predicate, HPCTC_LINE) const { return __any_sync(mask, predicate, line); }
    int all(int predicate, HPCTC_LINE) const { return __all_sync(mask, predicate, line); }
    template <class T>
    unsigned match_any(T value, HPCTC_LINE) const { return ranks(__match_any_sync(mask, value, line)); }
    template <class T>
    T shfl(T value, int rank, HPCTC_LINE) const {
        return __shfl_sync(mask, value, static_cast<int>(lane_of(static_cast<unsigned>(rank) % size())), 32, line);
    }
    template <class T>
    T shfl_up(T value, unsigned step, HPCTC_LINE) const {
        const unsigned rank = thread_rank();
        return __shfl_sync(mask, value, static_cast<int>(lane_of(rank >= step ? rank - step : rank)), 32, line);
    }
    template <class T>
    T shfl_down(T value, unsigned step, HPCTC_LINE) const {
        const unsigned rank = thread_rank();
        return __shfl_sync(mask, value, static_cast<int>(lane_of(rank + step < size() ? rank + step : rank)), 32, line);
    }
    template <class T>
    T shfl_xor(T value, unsigned step, HPCTC_LINE) const {
        const unsigned other = thread_rank() ^ step;
        return __shfl_sync(mask, value, static_cast<int>(lane_of(other < size() ? other : thread_rank())), 32, line);
    }
};

template <unsigned tile, class Parent = thread_block>
struct thread_block_tile : Lanes {
    static_assert(tile != 0 && tile <= 32 && (tile & (tile - 1)) == 0, "tiles of up to a warp are supported");
    thread_block_tile() {
        mask = (tile == 32 ? 0xFFFFFFFFu : (1u << tile % 32) - 1) << lane() / tile * tile;
    }
    static constexpr unsigned size() { return tile; }
    static constexpr unsigned num_threads() { return tile; }
    static unsigned meta_group_rank() { return thread_block::thread_rank() / tile; }
    static unsigned meta_group_size() { return (thread_block::size() + tile - 1) / tile; }
};

/// The lanes that take the same branch right now.
struct coalesced_group : Lanes {};
inline coalesced_group coalesced_threads(HPCTC_LINE) {
    coalesced_group group;
    group.mask = hpctc::converged(line);
    return group;
}

template <unsigned tile, class Parent>
inline thread_block_tile<tile, Parent> tiled_partition(const Parent &) { return {}; }
inline coalesced_group tiled_partition(const thread_block &, unsigned tile) {
    coalesced_group group;
    group.mask = (tile >= 32 ? 0xFFFFFFFFu : (1u << tile) - 1) << Lanes::lane() / tile * tile;
    return group;
}
template <class Group>
inline coalesced_group binary_partition(const Group &group, bool predicate, HPCTC_LINE) {
    const unsigned yes = __ballot_sync(group.mask, predicate, line);
    coalesced_group part;
    part.mask = predicate ? yes : group.mask & ~yes;
    return part;
}

template <class Group>
inline void sync(const Group &group, HPCTC_LINE) { group.sync(line); }

template <class T = void> struct plus { T operator()(T a, T b) const { return a + b; } };
template <class T = void> struct less { T operator()(T a, T b) const { return b < a ? b : a; } };
template <class T = void> struct greater { T operator()(T a, T b) const { return a < b ? b : a; } };
template <class T = void> struct bit_and { T operator()(T a, T b) const { return a & b; } };
template <class T = void> struct bit_or { T operator()(T a, T b) const { return a | b; } };
template <class T = void> struct bit_xor { T operator()(T a, T b) const { return a ^ b; } };

/// Fold the values of a group's lanes; every lane gets the result.
template <class Group, class T, class Op>
inline T reduce(const Group &group, T value, const Op &, HPCTC_LINE) {
    return hpctc::reduce<Op>(group.mask, value, "cooperative_groups::reduce()", line);
}

template <class Group, class T, class Op>
inline T inclusive_scan(const Group &group, T value, const Op &op, HPCTC_LINE) {
    for (unsigned step = 1; step < group.size(); step *= 2) {
        const T other = group.shfl_up(value, step, line);
        if (group.thread_rank() >= step) value = op(other, value);
    }
    return value;
}
template <class Group, class T>
inline T inclusive_scan(const Group &group, T value, HPCTC_LINE) { return inclusive_scan(group, value, plus<T>(), line); }
template <class Group, class T, class Op>
inline T exclusive_scan(const Group &group, T value, const Op &op, HPCTC_LINE) {
    const T sum = inclusive_scan(group, value, op, line), before = group.shfl_up(sum, 1, line);
    return group.thread_rank() == 0 ? T() : before;
}
template <class Group, class T>
inline T exclusive_scan(const Group &group, T value, HPCTC_LINE) { return exclusive_scan(group, value, plus<T>(), line); }

}  // namespace cooperative_groups
