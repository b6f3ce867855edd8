// CUDA's atomic functions: real atomics, because blocks run on several operating-system threads.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "half.hpp"

namespace hpctc {

template <std::size_t bytes>
using Word = std::conditional_t<bytes == 2, std::uint16_t, std::conditional_t<bytes == 4, std::uint32_t, std::uint64_t>>;

/// Replace *address by change(*address) in one step; gives back the old value.
template <class T, class Change>
inline T atomically(T *address, Change change) {
    using Bits = Word<sizeof(T)>;
    auto *word = reinterpret_cast<Bits *>(address);
    Bits before = __atomic_load_n(word, __ATOMIC_RELAXED);
    for (;;) {
        T old;
        std::memcpy(&old, &before, sizeof old);
        const T now = change(old);
        Bits after;
        std::memcpy(&after, &now, sizeof after);
        if (__atomic_compare_exchange_n(word, &before, after, true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) return old;
    }
}

// The second argument never takes part in deduction: atomicAdd(&unsigned, 1) is fine in CUDA too.
template <class T>
struct Same { using type = T; };
template <class T>
using As = typename Same<T>::type;

}  // namespace hpctc

#define HPCTC_ATOMIC(name, expression)                                                           \
    template <class T>                                                                           \
    inline T name(T *address, hpctc::As<T> value) {                                              \
        return hpctc::atomically(address, [=](T old) -> T { return expression; });               \
    }                                                                                            \
    template <class T>                                                                           \
    inline T name##_block(T *address, hpctc::As<T> value) { return name(address, value); }       \
    template <class T>                                                                           \
    inline T name##_system(T *address, hpctc::As<T> value) { return name(address, value); }
HPCTC_ATOMIC(atomicAdd, static_cast<T>(old + value))
HPCTC_ATOMIC(atomicSub, static_cast<T>(old - value))
HPCTC_ATOMIC(atomicMax, old < value ? value : old)
HPCTC_ATOMIC(atomicMin, value < old ? value : old)
HPCTC_ATOMIC(atomicAnd, old & value)
HPCTC_ATOMIC(atomicOr, old | value)
HPCTC_ATOMIC(atomicXor, old ^ value)
HPCTC_ATOMIC(atomicInc, old >= value ? 0 : old + 1)
HPCTC_ATOMIC(atomicDec, old == 0 || old > value ? value : old - 1)
#undef HPCTC_ATOMIC

template <class T>
inline T atomicExch(T *address, hpctc::As<T> value) {
    const T old = hpctc::atomically(address, [=](T) { return value; });
    // Whoever takes a lock by exchange and finds it taken must let its holder run.
    if (std::memcmp(&old, &value, sizeof old) == 0) hpctc::give_way();
    return old;
}

template <class T>
inline T atomicCAS(T *address, hpctc::As<T> expected, hpctc::As<T> value) {
    using Bits = hpctc::Word<sizeof(T)>;
    Bits before, after;
    std::memcpy(&before, &expected, sizeof before);
    std::memcpy(&after, &value, sizeof after);
    const bool done = __atomic_compare_exchange_n(reinterpret_cast<Bits *>(address), &before, after, false,
                                                  __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    T old;
    std::memcpy(&old, &before, sizeof old);
    if (!done) hpctc::give_way();
    return old;
}
template <class T>
inline T atomicExch_block(T *address, hpctc::As<T> value) { return atomicExch(address, value); }
template <class T>
inline T atomicExch_system(T *address, hpctc::As<T> value) { return atomicExch(address, value); }
template <class T>
inline T atomicCAS_block(T *address, hpctc::As<T> expected, hpctc::As<T> value) { return atomicCAS(address, expected, value); }
template <class T>
inline T atomicCAS_system(T *address, hpctc::As<T> expected, hpctc::As<T> value) { return atomicCAS(address, expected, value); }

inline __half2 atomicAdd(__half2 *address, __half2 value) {
    return hpctc::atomically(address, [=](__half2 old) { return old + value; });
}
