#include <math.h>

// x[1][3][17][19], w[5][3][3][3] -> y[1][5][17][19]
void conv2d(const float *restrict x, const float *restrict w, float *restrict y) {
  _Alignas(64) float pad_temp[3][19][21];
  for (int j = 0; j < 3; ++j) {
    for (int k = 0; k < 19; ++k) {
      if (k >= 1 && k < 18) {
        pad_temp[j][k][0] = 0.0f;
        for (int l = 0; l < 19; ++l) {
          pad_temp[j][k][l + 1] = x[j * 323 + k * 19 + l - 19];
        }
        pad_temp[j][k][20] = 0.0f;
      } else {
        for (int l = 0; l < 21; ++l) {
          pad_temp[j][k][l] = 0.0f;
        }
      }
    }
  }
  for (int ff = 0; ff < 5; ++ff) {
    for (int yy = 0; yy < 17; ++yy) {
      for (int xx = 0; xx < 19; ++xx) {
        float acc = 0.0f;
        for (int rc = 0; rc < 3; ++rc) {
          for (int ry = 0; ry < 3; ++ry) {
            for (int rx = 0; rx < 3; ++rx) {
              acc += pad_temp[rc][yy + ry][xx + rx] * w[ff * 27 + rc * 9 + ry * 3 + rx];
            }
          }
        }
        y[ff * 323 + yy * 19 + xx] = acc;
      }
    }
  }
}
