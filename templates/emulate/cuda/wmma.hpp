// nvcuda::wmma: matrix fragments that a warp owns together.
//
// How a fragment is spread over lanes is unspecified in CUDA; here lane 0 to 31 hold the elements
// in turn, so that element-wise work on `x[i]` sees every element once, as on the hardware. The
// product is a collective: its first lane gathers both factors and hands every lane its sums.
#pragma once

#include "warp.hpp"

namespace nvcuda::wmma {

struct matrix_a {};
struct matrix_b {};
struct accumulator {};
struct row_major {};
struct col_major {};
enum layout_t { mem_row_major, mem_col_major };
namespace precision {
struct tf32 {};
}

template <class Use, int m, int n, int k>
struct Extent { static constexpr int rows = m, columns = n; };
template <int m, int n, int k>
struct Extent<matrix_a, m, n, k> { static constexpr int rows = m, columns = k; };
template <int m, int n, int k>
struct Extent<matrix_b, m, n, k> { static constexpr int rows = k, columns = n; };
template <class T> struct Stored { using type = T; };
template <> struct Stored<precision::tf32> { using type = float; };

template <class Use, int m, int n, int k, class T, class Layout = void>
struct fragment : Extent<Use, m, n, k> {
    using element_type = typename Stored<T>::type;
    using storage_element_type = element_type;
    static constexpr int num_elements = fragment::rows * fragment::columns / 32;
    static constexpr int num_storage_elements = num_elements;
    element_type x[num_elements];
};

inline int lane() {
    return static_cast<int>((threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z)) % 32);
}
/// Place in memory of the lane's i-th element.
template <class F>
inline std::size_t place(int i, unsigned leading, bool by_rows) {
    const int at = i * 32 + lane(), row = at / F::columns, column = at % F::columns;
    return by_rows ? static_cast<std::size_t>(row) * leading + column : static_cast<std::size_t>(column) * leading + row;
}

template <class Use, int m, int n, int k, class T, class L, class V>
inline void fill_fragment(fragment<Use, m, n, k, T, L> &f, const V &value) {
    for (auto &x : f.x) x = static_cast<typename fragment<Use, m, n, k, T, L>::element_type>(value);
}
template <class Use, int m, int n, int k, class T, class L, class M>
inline void load_matrix_sync(fragment<Use, m, n, k, T, L> &f, const M *from, unsigned leading, HPCTC_LINE) {
    using F = fragment<Use, m, n, k, T, L>;
    __syncwarp(0xFFFFFFFFu, line);
    for (int i = 0; i < F::num_elements; ++i)
        f.x[i] = from[place<F>(i, leading, std::is_same_v<L, row_major>)];
}
template <int m, int n, int k, class T, class M>
inline void load_matrix_sync(fragment<accumulator, m, n, k, T> &f, const M *from, unsigned leading, layout_t layout, HPCTC_LINE) {
    using F = fragment<accumulator, m, n, k, T>;
    __syncwarp(0xFFFFFFFFu, line);
    for (int i = 0; i < F::num_elements; ++i) f.x[i] = from[place<F>(i, leading, layout == mem_row_major)];
}
template <int m, int n, int k, class T, class M>
inline void store_matrix_sync(M *to, const fragment<accumulator, m, n, k, T> &f, unsigned leading, layout_t layout, HPCTC_LINE) {
    using F = fragment<accumulator, m, n, k, T>;
    for (int i = 0; i < F::num_elements; ++i) to[place<F>(i, leading, layout == mem_row_major)] = f.x[i];
    __syncwarp(0xFFFFFFFFu, line);
}
inline float __float_to_tf32(float x) {
    return hpctc::bits<float>((hpctc::bits<std::uint32_t>(x) + 0x1000u) & 0xFFFFE000u);
}

template <class D, class A, class B, class C>
struct Product {
    const A *a;
    const B *b;
    const C *c;
    D *d;
};

template <class D, class A, class B, class C>
inline void finish_product(hpctc::Part *const parts[32], unsigned mask) {
    constexpr int m = A::rows, k = A::columns, n = B::columns;
    using Sum = std::conditional_t<std::is_integral_v<typename D::element_type>, int, float>;
    if (mask != 0xFFFFFFFFu) return hpctc::complain("mask", "mma_sync wants all 32 lanes of a warp", 0);
    static thread_local struct { Sum a[m * k], b[k * n]; bool ready; } work = {{}, {}, true};
    const auto of = [&](int lane) { return hpctc::given<Product<D, A, B, C>>(parts[lane]); };
    for (int at = 0; at < m * k; ++at) work.a[at] = static_cast<Sum>(of(at % 32).a->x[at / 32]);
    for (int at = 0; at < k * n; ++at) work.b[at] = static_cast<Sum>(of(at % 32).b->x[at / 32]);
    for (int at = 0; at < m * n; ++at) {
        const auto mine = of(at % 32);
        Sum sum = static_cast<Sum>(mine.c->x[at / 32]);
        for (int i = 0; i < k; ++i) sum += work.a[at / n * k + i] * work.b[i * n + at % n];
        mine.d->x[at / 32] = static_cast<typename D::element_type>(sum);
    }
}

template <class D, class A, class B, class C>
inline void mma_sync(D &d, const A &a, const B &b, const C &c, bool = false, HPCTC_LINE) {
    const Product<D, A, B, C> product{&a, &b, &c, &d};
    hpctc::Part part{&product, nullptr, 0, 32};
    hpctc::warp_collective(0xFFFFFFFFu, part, finish_product<D, A, B, C>, "mma_sync()", line);
}

}  // namespace nvcuda::wmma
