// CUDA's mathematical functions and arithmetic intrinsics, by way of libm.
//
// Fast intrinsics (__expf, __sinf, ...) are the exact functions here: the emulator stands for what
// the source means; how far the hardware's approximation strays from it is a tolerance's business.
#pragma once

#include <math.h>

#include <cfenv>
#include <cfloat>
#include <climits>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

// --- smaller and larger: overloads as nvcc has them, NaN loses --------------------------------------

#define HPCTC_EXTREMES(T)                                                                        \
    constexpr T min(T a, T b) { return b < a ? b : a; }                                          \
    constexpr T max(T a, T b) { return a < b ? b : a; }
HPCTC_EXTREMES(int)
HPCTC_EXTREMES(unsigned)
HPCTC_EXTREMES(long)
HPCTC_EXTREMES(unsigned long)
HPCTC_EXTREMES(long long)
HPCTC_EXTREMES(unsigned long long)
#undef HPCTC_EXTREMES
inline float min(float a, float b) { return fminf(a, b); }
inline float max(float a, float b) { return fmaxf(a, b); }
inline double min(double a, double b) { return fmin(a, b); }
inline double max(double a, double b) { return fmax(a, b); }

namespace hpctc {
template <class A, class B>
using Mixed = std::enable_if_t<std::is_arithmetic_v<A> && std::is_arithmetic_v<B> && !std::is_same_v<A, B>,
                               std::common_type_t<A, B>>;
}
template <class A, class B>
inline hpctc::Mixed<A, B> min(A a, B b) {
    return min(static_cast<hpctc::Mixed<A, B>>(a), static_cast<hpctc::Mixed<A, B>>(b));
}
template <class A, class B>
inline hpctc::Mixed<A, B> max(A a, B b) {
    return max(static_cast<hpctc::Mixed<A, B>>(a), static_cast<hpctc::Mixed<A, B>>(b));
}
inline int umin(unsigned a, unsigned b) { return static_cast<int>(min(a, b)); }
inline int umax(unsigned a, unsigned b) { return static_cast<int>(max(a, b)); }
inline long long llmin(long long a, long long b) { return min(a, b); }
inline long long llmax(long long a, long long b) { return max(a, b); }

// --- functions that libm lacks ---------------------------------------------------------------------

inline double rsqrt(double x) { return 1.0 / sqrt(x); }
inline float rsqrtf(float x) { return static_cast<float>(1.0 / sqrt(static_cast<double>(x))); }
inline float rsqrt(float x) { return rsqrtf(x); }
inline double rcbrt(double x) { return 1.0 / cbrt(x); }
inline float rcbrtf(float x) { return 1.0f / cbrtf(x); }
inline double sinpi(double x) { return sin(M_PI * fmod(x, 2.0)); }
inline double cospi(double x) { return cos(M_PI * fmod(x, 2.0)); }
inline float sinpif(float x) { return static_cast<float>(sinpi(x)); }
inline float cospif(float x) { return static_cast<float>(cospi(x)); }
inline void sincospi(double x, double *s, double *c) { *s = sinpi(x), *c = cospi(x); }
inline void sincospif(float x, float *s, float *c) { *s = sinpif(x), *c = cospif(x); }
inline double normcdf(double x) { return 0.5 * erfc(-x * M_SQRT1_2); }
inline float normcdff(float x) { return static_cast<float>(normcdf(x)); }
inline double erfcx(double x) { return x < 25 ? exp(x * x) * erfc(x) : (1 - 0.5 / (x * x)) / (x * sqrt(M_PI)); }
inline float erfcxf(float x) { return static_cast<float>(erfcx(x)); }
inline double erfinv(double y) {  // Winitzki's estimate (2008), then three Newton steps
    if (!(fabs(y) < 1)) return fabs(y) == 1 ? copysign(HUGE_VAL, y) : NAN;
    const double l = log1p(-y * y), t = 2 / (M_PI * 0.147) + l / 2;
    double x = copysign(sqrt(sqrt(t * t - l / 0.147) - t), y);
    for (int i = 0; i < 3; ++i) x -= (erf(x) - y) / (M_2_SQRTPI * exp(-x * x));
    return x;
}
inline float erfinvf(float y) { return static_cast<float>(erfinv(y)); }
inline double erfcinv(double y) { return erfinv(1 - y); }
inline float erfcinvf(float y) { return static_cast<float>(erfcinv(y)); }
inline double normcdfinv(double p) { return M_SQRT2 * erfinv(2 * p - 1); }
inline float normcdfinvf(float p) { return static_cast<float>(normcdfinv(p)); }
inline double rhypot(double a, double b) { return 1 / hypot(a, b); }
inline float rhypotf(float a, float b) { return 1 / hypotf(a, b); }
inline double norm3d(double a, double b, double c) { return sqrt(a * a + b * b + c * c); }
inline float norm3df(float a, float b, float c) { return static_cast<float>(norm3d(a, b, c)); }
inline double rnorm3d(double a, double b, double c) { return 1 / norm3d(a, b, c); }
inline float rnorm3df(float a, float b, float c) { return static_cast<float>(rnorm3d(a, b, c)); }
inline double norm4d(double a, double b, double c, double d) { return sqrt(a * a + b * b + c * c + d * d); }
inline float norm4df(float a, float b, float c, float d) { return static_cast<float>(norm4d(a, b, c, d)); }
inline float fdividef(float a, float b) { return a / b; }
inline float saturatef(float x) { return fminf(fmaxf(x, 0.0f), 1.0f); }

// --- fast and explicitly rounded arithmetic --------------------------------------------------------

#define __expf(x) hpctc::fast_expf(x)
#define __logf(x) hpctc::fast_logf(x)
#define __log2f(x) hpctc::fast_log2f(x)
#define __log10f(x) hpctc::fast_log10f(x)
#define __exp10f(x) hpctc::fast_exp10f(x)
#define __sinf(x) hpctc::fast_sinf(x)
#define __cosf(x) hpctc::fast_cosf(x)
#define __tanf(x) hpctc::fast_tanf(x)
#define __tanhf(x) hpctc::fast_tanhf(x)
#define __powf(x, y) hpctc::fast_powf(x, y)
#define __sincosf(x, s, c) hpctc::fast_sincosf(x, s, c)
namespace hpctc {
// libm has some of these names for itself, with other linkage: hence the macros above.
inline float fast_expf(float x) { return expf(x); }
inline float fast_logf(float x) { return logf(x); }
inline float fast_log2f(float x) { return log2f(x); }
inline float fast_log10f(float x) { return log10f(x); }
inline float fast_exp10f(float x) { return exp10f(x); }
inline float fast_sinf(float x) { return sinf(x); }
inline float fast_cosf(float x) { return cosf(x); }
inline float fast_tanf(float x) { return tanf(x); }
inline float fast_tanhf(float x) { return tanhf(x); }
inline float fast_powf(float x, float y) { return powf(x, y); }
inline void fast_sincosf(float x, float *s, float *c) { sincosf(x, s, c); }

/// Evaluate `f` in one of the four rounding modes; the barriers keep the optimiser from moving it.
template <class T, class F>
inline T rounded(int mode, F f) {
    const int before = fegetround();
    fesetround(mode);
    volatile T result = f();
    fesetround(before);
    return result;
}
/// Hide a value from the optimiser, which would compute with constants in the default mode.
template <class T>
inline T opaque(T x) {
    volatile T hidden = x;
    return hidden;
}
}  // namespace hpctc

#define HPCTC_ARITHMETIC(T, f, d, suffix, mode, fused)                                             \
    inline T __##f##add_##suffix(T a, T b) { HPCTC_IN(mode, T, hpctc::opaque(a) + b) }           \
    inline T __##f##sub_##suffix(T a, T b) { HPCTC_IN(mode, T, hpctc::opaque(a) - b) }           \
    inline T __##f##mul_##suffix(T a, T b) { HPCTC_IN(mode, T, hpctc::opaque(a) * b) }           \
    inline T __##d##div_##suffix(T a, T b) { HPCTC_IN(mode, T, hpctc::opaque(a) / b) }           \
    inline T __##d##rcp_##suffix(T a) { HPCTC_IN(mode, T, T(1) / hpctc::opaque(a)) }             \
    inline T __##d##sqrt_##suffix(T a) { HPCTC_IN(mode, T, std::sqrt(hpctc::opaque(a))) }        \
    inline T fused##_##suffix(T a, T b, T c) { HPCTC_IN(mode, T, std::fma(hpctc::opaque(a), b, c)) }
#define HPCTC_IN(mode, T, expression) return hpctc::rounded<T>(mode, [=]() -> T { return expression; });
HPCTC_ARITHMETIC(float, f, f, rz, FE_TOWARDZERO, __fmaf)
HPCTC_ARITHMETIC(float, f, f, ru, FE_UPWARD, __fmaf)
HPCTC_ARITHMETIC(float, f, f, rd, FE_DOWNWARD, __fmaf)
HPCTC_ARITHMETIC(double, d, d, rz, FE_TOWARDZERO, __fma)
HPCTC_ARITHMETIC(double, d, d, ru, FE_UPWARD, __fma)
HPCTC_ARITHMETIC(double, d, d, rd, FE_DOWNWARD, __fma)
#undef HPCTC_IN
#undef HPCTC_ARITHMETIC

// To nearest is the default mode.
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __frcp_rn(float a) { return 1.0f / a; }
inline float __fsqrt_rn(float a) { return sqrtf(a); }
inline float __frsqrt_rn(float a) { return rsqrtf(a); }
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dsub_rn(double a, double b) { return a - b; }
inline double __dmul_rn(double a, double b) { return a * b; }
inline double __ddiv_rn(double a, double b) { return a / b; }
inline double __drcp_rn(double a) { return 1.0 / a; }
inline double __dsqrt_rn(double a) { return sqrt(a); }
inline double __fma_rn(double a, double b, double c) { return fma(a, b, c); }
inline float __fdividef(float a, float b) { return a / b; }
inline float __saturatef(float x) { return saturatef(x); }

// --- conversions -------------------------------------------------------------------------------------

namespace hpctc {
/// To integer as the hardware does it: out of range goes to the nearest end, NaN to zero.
template <class I, class F>
inline I to_integer(F x) {
    if (x != x) return 0;
    if (x <= static_cast<F>(std::numeric_limits<I>::min())) return std::numeric_limits<I>::min();
    if (x >= static_cast<F>(std::numeric_limits<I>::max())) return std::numeric_limits<I>::max();
    return static_cast<I>(x);
}
}  // namespace hpctc

#define HPCTC_TO_INTEGER(from, F, to, I)                                                         \
    inline I __##from##2##to##_rn(F x) { return hpctc::to_integer<I>(std::nearbyint(x)); }       \
    inline I __##from##2##to##_rz(F x) { return hpctc::to_integer<I>(std::trunc(x)); }           \
    inline I __##from##2##to##_ru(F x) { return hpctc::to_integer<I>(std::ceil(x)); }            \
    inline I __##from##2##to##_rd(F x) { return hpctc::to_integer<I>(std::floor(x)); }
HPCTC_TO_INTEGER(float, float, int, int)
HPCTC_TO_INTEGER(float, float, uint, unsigned)
HPCTC_TO_INTEGER(float, float, ll, long long)
HPCTC_TO_INTEGER(float, float, ull, unsigned long long)
HPCTC_TO_INTEGER(double, double, int, int)
HPCTC_TO_INTEGER(double, double, uint, unsigned)
HPCTC_TO_INTEGER(double, double, ll, long long)
HPCTC_TO_INTEGER(double, double, ull, unsigned long long)
#undef HPCTC_TO_INTEGER

inline float __int2float_rn(int x) { return static_cast<float>(x); }
inline float __uint2float_rn(unsigned x) { return static_cast<float>(x); }
inline float __ll2float_rn(long long x) { return static_cast<float>(x); }
inline float __ull2float_rn(unsigned long long x) { return static_cast<float>(x); }
inline double __int2double_rn(int x) { return x; }
inline double __uint2double_rn(unsigned x) { return x; }
inline double __ll2double_rn(long long x) { return static_cast<double>(x); }
inline float __double2float_rn(double x) { return static_cast<float>(x); }

namespace hpctc {
/// The same bits as another type of the same size.
template <class To, class From>
inline To bits(From from) {
    static_assert(sizeof(To) == sizeof(From));
    To to;
    std::memcpy(&to, &from, sizeof to);
    return to;
}
}  // namespace hpctc
inline int __float_as_int(float x) { return hpctc::bits<int>(x); }
inline unsigned __float_as_uint(float x) { return hpctc::bits<unsigned>(x); }
inline float __int_as_float(int x) { return hpctc::bits<float>(x); }
inline float __uint_as_float(unsigned x) { return hpctc::bits<float>(x); }
inline long long __double_as_longlong(double x) { return hpctc::bits<long long>(x); }
inline double __longlong_as_double(long long x) { return hpctc::bits<double>(x); }
inline int __double2hiint(double x) { return static_cast<int>(__double_as_longlong(x) >> 32); }
inline int __double2loint(double x) { return static_cast<int>(__double_as_longlong(x)); }
inline double __hiloint2double(int hi, int lo) {
    return __longlong_as_double(static_cast<long long>(hi) << 32 | static_cast<unsigned>(lo));
}

#define CUDART_INF_F __int_as_float(0x7f800000)
#define CUDART_NAN_F __int_as_float(0x7fffffff)
#define CUDART_INF __longlong_as_double(0x7ff0000000000000ll)
#define CUDART_NAN __longlong_as_double(0x7ff8000000000000ll)
#define CUDART_PI_F 3.141592654f
#define CUDART_PI 3.1415926535897931e+0
#define CUDART_MAX_NORMAL_F 3.402823466e38f
#define CUDART_MIN_DENORM_F 1.4e-45f
#define CUDART_ONE_F 1.0f
#define CUDART_ZERO_F 0.0f
#define CUDART_SQRT_TWO_F 1.414213562f
#define CUDART_L2E_F 1.442695041f
#define CUDART_LN2_F 0.693147181f
