/* stopped by: seccomp */
/* A system call in inline assembly, past every library. */
int escape(void) {
#ifdef __x86_64__
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(41L), "D"(1L), "S"(1L), "d"(0L)
                     : "rcx", "r11", "memory");
#else
    register long result __asm__("x0") = 1;
    register long kind __asm__("x1") = 1, protocol __asm__("x2") = 0, number __asm__("x8") = 198;
    __asm__ volatile("svc 0" : "+r"(result) : "r"(kind), "r"(protocol), "r"(number) : "memory");
#endif
    return result >= 0;
}
