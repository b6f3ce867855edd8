// CUDA's vector types (float4, int2, uchar4, ...) and their make_ functions.
#pragma once

#include "../engine/interface.hpp"

#define HPCTC_VECTORS(T, name, align2, align4)                                                   \
    struct name##1 { T x; };                                                                     \
    struct __attribute__((aligned(align2))) name##2 { T x, y; };                                 \
    struct name##3 { T x, y, z; };                                                               \
    struct __attribute__((aligned(align4))) name##4 { T x, y, z, w; };                           \
    HPCTC_MAKE(T, name)

#define HPCTC_MAKE(T, name)                                                                      \
    constexpr name##1 make_##name##1(T x) { return {x}; }                                        \
    constexpr name##2 make_##name##2(T x, T y) { return {x, y}; }                                \
    constexpr name##3 make_##name##3(T x, T y, T z) { return {x, y, z}; }                        \
    constexpr name##4 make_##name##4(T x, T y, T z, T w) { return {x, y, z, w}; }

HPCTC_VECTORS(signed char, char, 2, 4)
HPCTC_VECTORS(unsigned char, uchar, 2, 4)
HPCTC_VECTORS(short, short, 4, 8)
HPCTC_VECTORS(unsigned short, ushort, 4, 8)
HPCTC_VECTORS(int, int, 8, 16)
HPCTC_VECTORS(long, long, 16, 16)
HPCTC_VECTORS(unsigned long, ulong, 16, 16)
HPCTC_VECTORS(long long, longlong, 16, 16)
HPCTC_VECTORS(unsigned long long, ulonglong, 16, 16)
HPCTC_VECTORS(float, float, 8, 16)
HPCTC_VECTORS(double, double, 16, 16)

// uint3 stands in interface.hpp: the index variables have this type.
struct uint1 { unsigned x; };
struct __attribute__((aligned(8))) uint2 { unsigned x, y; };
struct __attribute__((aligned(16))) uint4 { unsigned x, y, z, w; };
HPCTC_MAKE(unsigned, uint)

#undef HPCTC_VECTORS
#undef HPCTC_MAKE
