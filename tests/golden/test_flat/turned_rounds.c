void entry(const float *restrict x, float *restrict y) {
  for (int j = 0; j < 5; ++j) {
    for (int l = 0; l < 4; ++l) {
      for (int m = 0; m < 3; ++m) {
        for (int k = 0; k < 10; ++k) {
          y[j * 120 + l * 30 + k * 3 + m] = x[j * 120 + k * 12 + l * 3 + m];
        }
      }
    }
  }
}
