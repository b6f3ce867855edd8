#if defined(__GNUC__) && !defined(__clang__)
// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
#endif

void entry(const float *restrict x, float *restrict y) {
  for (int j = 0; j < 84; ++j) {
    #pragma omp simd
    for (int k = 0; k < 14; ++k) {
      float m = -3.4e38f;
      #pragma GCC unroll 2
      for (int a = 0; a < 2; ++a) {
        #pragma GCC unroll 2
        for (int b = 0; b < 2; ++b) {
          const float value = x[j * 56 + a * 28 + k * 2 + b];
          m = value > m ? value : m;
        }
      }
      y[j * 14 + k] = m;
    }
  }
}
