/* stopped by: landlock, mounts */
/* The assembler copies a file into the library. */
__asm__(".data\n.incbin \"" SECRET "\"\n.text\n");
void f(void) {}
