/* verdict: wrong */
/* needs: landlock */
/* Lets a library do the work, as it might a BLAS: none can be loaded. */
#include <dlfcn.h>

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    if (!dlopen("libresolv.so.2", RTLD_NOW)) return;
    for (int i = 0; i < N; i++) y[i] = x[i] * x[i] + 1.0f;
}
