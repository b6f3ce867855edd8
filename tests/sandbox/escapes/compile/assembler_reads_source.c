/* stopped by: landlock, mounts */
/* The assembler includes a source. */
__asm__(".data\n.include \"" ASSEMBLY "\"\n.text\n");
void f(void) {}
