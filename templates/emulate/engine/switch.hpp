// Changes the stack a thread of execution runs on: what a fiber is made of.
//
// swapcontext() saves the signal mask with a system call each way; a barrier in a block of 1024
// threads switches 1024 times, so the two common machines get a switch of a dozen instructions.
#pragma once

#include <cstddef>
#include <cstdint>

#if !defined(__x86_64__) && !defined(__aarch64__)
#include <ucontext.h>
#endif

namespace hpctc {

#if defined(__x86_64__) || defined(__aarch64__)

/// Where a suspended stack lies; its registers are saved on it.
using Context = void *;

/// Save the running context in *from and go on with `to`; returns when somebody switches back.
extern "C" void hpctc_switch(Context *from, Context to);

#if defined(__x86_64__)
inline Context fresh_context(char *stack, std::size_t bytes, void (*entry)()) {
    // The ABI wants the stack 16-byte aligned before a call, so 8 past it on entry: entry's return
    // address would lie at top[-1], and six saved registers below entry's own address.
    auto *top = reinterpret_cast<std::uint64_t *>(stack + bytes);
    top[-1] = 0;
    top[-2] = reinterpret_cast<std::uint64_t>(entry);
    for (int i = 3; i <= 8; ++i) top[-i] = 0;
    return top - 8;
}
#else
inline Context fresh_context(char *stack, std::size_t bytes, void (*entry)()) {
    auto *frame = reinterpret_cast<std::uint64_t *>(stack + bytes - 160);
    for (int i = 0; i < 20; ++i) frame[i] = 0;
    frame[11] = reinterpret_cast<std::uint64_t>(entry);  // x30, the address `ret` goes to
    return frame;
}
#endif

#else  // any other machine: correct, and slow

using Context = ucontext_t *;

inline void hpctc_switch(Context *from, Context to) {
    ucontext_t here;
    *from = &here;
    swapcontext(&here, to);
}

inline Context fresh_context(char *stack, std::size_t bytes, void (*entry)()) {
    auto *context = reinterpret_cast<ucontext_t *>(stack);  // the low end: the stack grows down to it
    getcontext(context);
    context->uc_stack.ss_sp = stack + sizeof(ucontext_t);
    context->uc_stack.ss_size = bytes - sizeof(ucontext_t);
    context->uc_link = nullptr;
    makecontext(context, entry, 0);
    return context;
}
#endif

}  // namespace hpctc
