// half, __half2, __nv_bfloat16 and __nv_bfloat162: storage of 16 bits, arithmetic by way of float.
//
// One operation in float, rounded once to 16 bits, is exactly the operation in half: 24 bits of
// significand are more than twice 11 and more than twice 8.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "math.hpp"
#include "vectors.hpp"

namespace hpctc {

struct Binary16 {
    static std::uint16_t narrow(float value) {
#if defined(__F16C__)
        return static_cast<std::uint16_t>(__builtin_ia32_vcvtps2ph(Lanes{value, 0, 0, 0}, 0)[0]);
#else
        const std::uint32_t x = bits<std::uint32_t>(value), sign = x >> 16 & 0x8000u, rest = x & 0x7FFFFFFFu;
        if (rest > 0x7F800000u) return static_cast<std::uint16_t>(sign | 0x7E00u | (rest >> 13 & 0x1FFu));
        if (rest >= 0x477FF000u) return static_cast<std::uint16_t>(sign | 0x7C00u);
        if (rest < 0x38800000u)  // subnormal in half: let float's own rounding do it
            return static_cast<std::uint16_t>(sign | (bits<std::uint32_t>(bits<float>(rest) + 0.5f) - 0x3F000000u));
        const std::uint32_t even = rest >> 13 & 1;
        return static_cast<std::uint16_t>(sign | (rest - 0x38000000u + 0xFFFu + even) >> 13);
#endif
    }
    static float widen(std::uint16_t h) {
#if defined(__F16C__)
        return __builtin_ia32_vcvtph2ps(Halves{static_cast<short>(h), 0, 0, 0, 0, 0, 0, 0})[0];
#else
        const std::uint32_t sign = (h & 0x8000u) << 16, rest = h & 0x7FFFu;
        if (rest >= 0x7C00u) return bits<float>(sign | 0x7F800000u | (rest & 0x3FFu) << 13);
        if (rest < 0x400u) return bits<float>(sign | bits<std::uint32_t>(static_cast<float>(rest) * 0x1p-24f));
        return bits<float>(sign | ((rest << 13) + 0x38000000u));
#endif
    }
#if defined(__F16C__)
    typedef float Lanes __attribute__((vector_size(16)));
    typedef short Halves __attribute__((vector_size(16)));
#endif
};

struct Brain16 {
    static std::uint16_t narrow(float value) {
        const std::uint32_t x = bits<std::uint32_t>(value);
        if ((x & 0x7FFFFFFFu) > 0x7F800000u) return 0x7FFF;
        return static_cast<std::uint16_t>((x + 0x7FFFu + (x >> 16 & 1)) >> 16);
    }
    static float widen(std::uint16_t h) { return bits<float>(static_cast<std::uint32_t>(h) << 16); }
};

/// A 16-bit float in one of the two formats. Trivial, so that it may be shared memory or in a union.
template <class Format>
struct Small {
    std::uint16_t __x;

    Small() = default;
    template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
    Small(T value) : __x(Format::narrow(static_cast<float>(value))) {}
    template <class Other, class = std::enable_if_t<!std::is_same_v<Other, Format>>>
    explicit Small(Small<Other> value) : __x(Format::narrow(static_cast<float>(value))) {}
    operator float() const { return Format::widen(__x); }

    Small &operator+=(Small b) { return *this = Small(float(*this) + float(b)); }
    Small &operator-=(Small b) { return *this = Small(float(*this) - float(b)); }
    Small &operator*=(Small b) { return *this = Small(float(*this) * float(b)); }
    Small &operator/=(Small b) { return *this = Small(float(*this) / float(b)); }
    Small &operator++() { return *this += Small(1.0f); }
    Small &operator--() { return *this -= Small(1.0f); }
    Small operator-() const { return raw(static_cast<std::uint16_t>(__x ^ 0x8000u)); }
    Small operator+() const { return *this; }

    static Small raw(std::uint16_t x) {
        Small result;
        result.__x = x;
        return result;
    }
};

template <class F> inline Small<F> operator+(Small<F> a, Small<F> b) { return a += b; }
template <class F> inline Small<F> operator-(Small<F> a, Small<F> b) { return a -= b; }
template <class F> inline Small<F> operator*(Small<F> a, Small<F> b) { return a *= b; }
template <class F> inline Small<F> operator/(Small<F> a, Small<F> b) { return a /= b; }

/// Two of them in one 32-bit word.
template <class Format>
struct __attribute__((aligned(4))) SmallPair {
    using One = Small<Format>;
    One x, y;
    SmallPair() = default;
    SmallPair(One x, One y) : x(x), y(y) {}
};

template <class F> inline SmallPair<F> operator+(SmallPair<F> a, SmallPair<F> b) { return {a.x + b.x, a.y + b.y}; }
template <class F> inline SmallPair<F> operator-(SmallPair<F> a, SmallPair<F> b) { return {a.x - b.x, a.y - b.y}; }
template <class F> inline SmallPair<F> operator*(SmallPair<F> a, SmallPair<F> b) { return {a.x * b.x, a.y * b.y}; }
template <class F> inline SmallPair<F> operator/(SmallPair<F> a, SmallPair<F> b) { return {a.x / b.x, a.y / b.y}; }
template <class F> inline SmallPair<F> operator-(SmallPair<F> a) { return {-a.x, -a.y}; }
template <class F> inline SmallPair<F> &operator+=(SmallPair<F> &a, SmallPair<F> b) { return a = a + b; }
template <class F> inline SmallPair<F> &operator-=(SmallPair<F> &a, SmallPair<F> b) { return a = a - b; }
template <class F> inline SmallPair<F> &operator*=(SmallPair<F> &a, SmallPair<F> b) { return a = a * b; }

/// Fused multiply-add with one rounding: double holds the exact product of two 11-bit numbers.
template <class F>
inline Small<F> fused(Small<F> a, Small<F> b, Small<F> c) {
    return Small<F>(fmaf(float(a), float(b), float(c)));
}

}  // namespace hpctc

using __half = hpctc::Small<hpctc::Binary16>;
using __nv_bfloat16 = hpctc::Small<hpctc::Brain16>;
using __half2 = hpctc::SmallPair<hpctc::Binary16>;
using __nv_bfloat162 = hpctc::SmallPair<hpctc::Brain16>;
using half = __half;
using half2 = __half2;
using nv_bfloat16 = __nv_bfloat16;
using nv_bfloat162 = __nv_bfloat162;
struct __half_raw { unsigned short x; };

// --- both formats: arithmetic, comparison, functions -------------------------------------------------

#define HPCTC_SMALL template <class F> inline
#define HPCTC_ONE hpctc::Small<F>
#define HPCTC_TWO hpctc::SmallPair<F>

#define HPCTC_BINARY(name, op)                                                                   \
    HPCTC_SMALL HPCTC_ONE __h##name(HPCTC_ONE a, HPCTC_ONE b) { return a op b; }                 \
    HPCTC_SMALL HPCTC_TWO __h##name##2(HPCTC_TWO a, HPCTC_TWO b) { return a op b; }
HPCTC_BINARY(add, +)
HPCTC_BINARY(sub, -)
HPCTC_BINARY(mul, *)
HPCTC_SMALL HPCTC_ONE __hdiv(HPCTC_ONE a, HPCTC_ONE b) { return a / b; }
HPCTC_SMALL HPCTC_TWO __h2div(HPCTC_TWO a, HPCTC_TWO b) { return a / b; }
HPCTC_SMALL HPCTC_ONE __hadd_rn(HPCTC_ONE a, HPCTC_ONE b) { return a + b; }
HPCTC_SMALL HPCTC_ONE __hmul_rn(HPCTC_ONE a, HPCTC_ONE b) { return a * b; }
HPCTC_SMALL HPCTC_ONE __hfma(HPCTC_ONE a, HPCTC_ONE b, HPCTC_ONE c) { return hpctc::fused(a, b, c); }
HPCTC_SMALL HPCTC_TWO __hfma2(HPCTC_TWO a, HPCTC_TWO b, HPCTC_TWO c) {
    return {hpctc::fused(a.x, b.x, c.x), hpctc::fused(a.y, b.y, c.y)};
}
HPCTC_SMALL HPCTC_ONE __hneg(HPCTC_ONE a) { return -a; }
HPCTC_SMALL HPCTC_TWO __hneg2(HPCTC_TWO a) { return -a; }
HPCTC_SMALL HPCTC_ONE __habs(HPCTC_ONE a) { return HPCTC_ONE::raw(a.__x & 0x7FFFu); }
HPCTC_SMALL HPCTC_TWO __habs2(HPCTC_TWO a) { return {__habs(a.x), __habs(a.y)}; }
HPCTC_SMALL HPCTC_ONE __hadd_sat(HPCTC_ONE a, HPCTC_ONE b) { return HPCTC_ONE(saturatef(a + b)); }
HPCTC_SMALL HPCTC_ONE __hmax(HPCTC_ONE a, HPCTC_ONE b) { return HPCTC_ONE(fmaxf(a, b)); }
HPCTC_SMALL HPCTC_ONE __hmin(HPCTC_ONE a, HPCTC_ONE b) { return HPCTC_ONE(fminf(a, b)); }
HPCTC_SMALL HPCTC_TWO __hmax2(HPCTC_TWO a, HPCTC_TWO b) { return {__hmax(a.x, b.x), __hmax(a.y, b.y)}; }
HPCTC_SMALL HPCTC_TWO __hmin2(HPCTC_TWO a, HPCTC_TWO b) { return {__hmin(a.x, b.x), __hmin(a.y, b.y)}; }

#define HPCTC_COMPARE(name, op)                                                                  \
    HPCTC_SMALL bool __h##name(HPCTC_ONE a, HPCTC_ONE b) { return float(a) op float(b); }        \
    HPCTC_SMALL bool __hb##name##2(HPCTC_TWO a, HPCTC_TWO b) { return __h##name(a.x, b.x) && __h##name(a.y, b.y); }
HPCTC_COMPARE(eq, ==)
HPCTC_COMPARE(ne, !=)
HPCTC_COMPARE(lt, <)
HPCTC_COMPARE(le, <=)
HPCTC_COMPARE(gt, >)
HPCTC_COMPARE(ge, >=)
HPCTC_SMALL bool __hisnan(HPCTC_ONE a) { return std::isnan(float(a)); }
HPCTC_SMALL int __hisinf(HPCTC_ONE a) { return std::isinf(float(a)) ? (float(a) > 0 ? 1 : -1) : 0; }

#define HPCTC_FUNCTION(name, f)                                                                  \
    HPCTC_SMALL HPCTC_ONE h##name(HPCTC_ONE a) { return HPCTC_ONE(f(float(a))); }                \
    HPCTC_SMALL HPCTC_TWO h2##name(HPCTC_TWO a) { return {h##name(a.x), h##name(a.y)}; }
HPCTC_FUNCTION(exp, expf)
HPCTC_FUNCTION(exp2, exp2f)
HPCTC_FUNCTION(exp10, exp10f)
HPCTC_FUNCTION(log, logf)
HPCTC_FUNCTION(log2, log2f)
HPCTC_FUNCTION(log10, log10f)
HPCTC_FUNCTION(sqrt, sqrtf)
HPCTC_FUNCTION(rsqrt, rsqrtf)
HPCTC_FUNCTION(rcp, 1.0f /)
HPCTC_FUNCTION(sin, sinf)
HPCTC_FUNCTION(cos, cosf)
HPCTC_FUNCTION(tanh, tanhf)
HPCTC_FUNCTION(tanh_approx, tanhf)
HPCTC_FUNCTION(floor, floorf)
HPCTC_FUNCTION(ceil, ceilf)
HPCTC_FUNCTION(trunc, truncf)
HPCTC_FUNCTION(rint, rintf)

#undef HPCTC_BINARY
#undef HPCTC_COMPARE
#undef HPCTC_FUNCTION

// --- conversions and packing -------------------------------------------------------------------------

#define HPCTC_CONVERSIONS(type, pair, one, two)                                                  \
    inline type __float2##one(float x) { return type(x); }                                       \
    inline type __float2##one##_rn(float x) { return type(x); }                                  \
    inline type __double2##one(double x) { return type(x); }                                     \
    inline float __##one##2float(type x) { return x; }                                           \
    inline type __int2##one##_rn(int x) { return type(x); }                                      \
    inline type __uint2##one##_rn(unsigned x) { return type(x); }                                \
    inline int __##one##2int_rz(type x) { return __float2int_rz(x); }                            \
    inline int __##one##2int_rn(type x) { return __float2int_rn(x); }                            \
    inline unsigned short __##one##_as_ushort(type x) { return x.__x; }                          \
    inline short __##one##_as_short(type x) { return static_cast<short>(x.__x); }                \
    inline type __ushort_as_##one(unsigned short x) { return type::raw(x); }                     \
    inline type __short_as_##one(short x) { return type::raw(static_cast<unsigned short>(x)); }  \
    inline pair __float2##two##_rn(float x) { return {type(x), type(x)}; }                       \
    inline pair __floats2##two##_rn(float x, float y) { return {type(x), type(y)}; }             \
    inline pair __float22##two##_rn(float2 v) { return {type(v.x), type(v.y)}; }                 \
    inline pair __##one##2##two(type x) { return {x, x}; }                                       \
    inline pair __halves2##two(type x, type y) { return {x, y}; }                                \
    inline pair make_##two(type x, type y) { return {x, y}; }
HPCTC_CONVERSIONS(__half, __half2, half, half2)
HPCTC_CONVERSIONS(__nv_bfloat16, __nv_bfloat162, bfloat16, bfloat162)
#undef HPCTC_CONVERSIONS
inline float2 __half22float2(__half2 v) { return {v.x, v.y}; }
inline float2 __bfloat1622float2(__nv_bfloat162 v) { return {v.x, v.y}; }
HPCTC_SMALL float __low2float(HPCTC_TWO v) { return v.x; }
HPCTC_SMALL float __high2float(HPCTC_TWO v) { return v.y; }
inline __half __low2half(__half2 v) { return v.x; }
inline __half __high2half(__half2 v) { return v.y; }
inline __nv_bfloat16 __low2bfloat16(__nv_bfloat162 v) { return v.x; }
inline __nv_bfloat16 __high2bfloat16(__nv_bfloat162 v) { return v.y; }
HPCTC_SMALL HPCTC_TWO __low2half2(HPCTC_TWO v) { return {v.x, v.x}; }
HPCTC_SMALL HPCTC_TWO __high2half2(HPCTC_TWO v) { return {v.y, v.y}; }
HPCTC_SMALL HPCTC_TWO __lowhigh2highlow(HPCTC_TWO v) { return {v.y, v.x}; }

#undef HPCTC_SMALL
#undef HPCTC_ONE
#undef HPCTC_TWO
