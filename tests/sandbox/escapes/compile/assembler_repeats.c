/* stopped by: rlimits */
/* The assembler writes the same line a milliard times. */
__asm__(".data\n.rept 1000000000\n.quad 1, 2, 3, 4\n.endr\n.text\n");
void f(void) {}
