#if defined(__GNUC__) && !defined(__clang__)
// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
#endif

void entry(const float *restrict x, float *restrict y) {
  #pragma omp parallel for
  for (int i = 0; i < 16; ++i) {
    _Alignas(64) float sum[128];
    _Alignas(64) float most[128];
    #pragma omp simd
    for (int c = 0; c < 128; ++c) {
      sum[c] = 0.f;
      most[c] = 0.f;
    }
    for (int r = 0; r < 64; ++r) {
      #pragma omp simd
      for (int c = 0; c < 128; ++c) {
        const float v = x[r * 2048 + i * 128 + c];
        sum[c] += v;
        const float value = v;
        most[c] = value > most[c] ? value : most[c];
      }
    }
    #pragma omp simd
    for (int c = 0; c < 128; ++c) {
      sum[c] -= most[c];
    }
    for (int r_1 = 0; r_1 < 64; ++r_1) {
      #pragma omp simd
      for (int c = 0; c < 128; ++c) {
        y[r_1 * 2048 + i * 128 + c] = x[r_1 * 2048 + i * 128 + c] - sum[c];
      }
    }
  }
}
