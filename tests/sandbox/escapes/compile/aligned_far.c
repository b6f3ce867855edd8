/* stopped by: rlimits */
/* Little data, far apart. */
#define ONE(n) char n __attribute__((aligned(1 << 28))) = 1;
ONE(a) ONE(b) ONE(c) ONE(d) ONE(e) ONE(g) ONE(h) ONE(i) ONE(j) ONE(k) ONE(l) ONE(m)
void f(void) {}
