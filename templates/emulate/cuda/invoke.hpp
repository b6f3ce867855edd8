// Calls a kernel, whatever its parameters, with the arguments of a launch record.
#pragma once

#include <type_traits>
#include <utility>

#include "half.hpp"

namespace hpctc {

template <class P>
inline P passed(const Argument &a) {
    if constexpr (std::is_pointer_v<P>) return static_cast<P>(a.pointer);
    else if constexpr (std::is_arithmetic_v<P>) return a.kind == Argument::real ? static_cast<P>(a.number) : static_cast<P>(a.whole);
    else return P(a.kind == Argument::real ? static_cast<float>(a.number) : static_cast<float>(a.whole));
}

template <class P>
constexpr char kind_of() {
    if (std::is_pointer_v<P>) return 'p';
    return std::is_integral_v<P> ? 'i' : 'f';
}

template <class Signature>
struct Caller;
template <class... P>
struct Caller<void (*)(P...)> {
    static constexpr int count = sizeof...(P);
    static constexpr char kinds[sizeof...(P) + 1] = {kind_of<P>()..., 0};
    template <void (*kernel)(P...), std::size_t... i>
    static void call(const Argument *arguments, std::index_sequence<i...>) {
        kernel(passed<std::remove_cv_t<P>>(arguments[i])...);
    }
    template <void (*kernel)(P...)>
    static void invoke(const Argument *arguments) {
        call<kernel>(arguments, std::index_sequence_for<P...>());
    }
};

/// The table entry of a kernel; a template is written out: entry<scale<float, 32>>("scale<float, 32>").
template <auto kernel>
constexpr Kernel entry(const char *name) {
    using Of = Caller<decltype(kernel)>;
    return {name, Of::template invoke<kernel>, Of::count, Of::kinds};
}

}  // namespace hpctc
