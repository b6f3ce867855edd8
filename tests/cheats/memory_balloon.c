/* verdict: crashed */
/* Takes all memory there is: the address space is limited. */
#include <stdlib.h>

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    (void)x;
    (void)y;
    for (;;) {
        volatile char *block = malloc(256u << 20);
        block[0] = 1; /* there is none left: a null pointer */
    }
}
