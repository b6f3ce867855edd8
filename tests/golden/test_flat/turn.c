#if defined(__GNUC__) && !defined(__clang__)
// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
#endif

static inline int min_int(int a, int b) {
  return a < b ? a : b;
}

void turn(float *restrict y, const float *restrict x, int rows, int cols) {
  #pragma omp parallel for
  for (int col0 = 0; col0 < cols; col0 += 16) {
    for (int row0 = 0; row0 < rows; row0 += 16) {
      for (int col = col0; col < min_int(col0 + 16, cols); ++col) {
        #pragma omp simd
        for (int row = row0; row < min_int(row0 + 16, rows); ++row) {
          y[col * rows + row] = x[row * cols + col];
        }
      }
    }
  }
}
