#include <math_constants.h>
__global__ void functions(const float *x, float *y, const double *a, double *b) {
  int i = threadIdx.x;
  float v = x[i];
  y[8 * i] = erff(v);
  y[8 * i + 1] = normcdff(v);
  y[8 * i + 2] = tanhf(v);
  y[8 * i + 3] = max(v, 0.5f) + min(2.0f, v);
  y[8 * i + 4] = rcbrtf(v);
  y[8 * i + 5] = sinpif(v);
  y[8 * i + 6] = erfinvf(v * 0.5f);
  y[8 * i + 7] = fminf(fmaxf(v, -CUDART_INF_F), CUDART_INF_F);
  b[2 * i] = rsqrt(a[i]);
  b[2 * i + 1] = normcdf(a[i]);
}
