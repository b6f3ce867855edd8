/* stopped by: landlock, mounts */
/* Takes the result of another candidate's compile. */
__asm__(".data\n.incbin \"" LIBRARY "\"\n.text\n");
void f(void) {}
