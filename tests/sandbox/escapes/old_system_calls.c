/* stopped by: seccomp */
/* host may refuse */
/* The 32-bit calls have other numbers: 20 is getpid there, and writev here. */
int escape(void) {
#ifdef __x86_64__
    int result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory");
    return result > 0;
#else
    return 0;
#endif
}
