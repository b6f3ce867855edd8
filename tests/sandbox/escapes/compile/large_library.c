/* stopped by: rlimits */
/* A library of four gigabytes. */
char block[1UL << 32] = {1};
void f(void) {}
