__global__ void rounding(const float *x, float *y, int *k) {
  int i = threadIdx.x;
  float v = x[i];
  y[4 * i] = __fadd_rz(v, 1e-9f);
  y[4 * i + 1] = __fadd_ru(v, 1e-9f);
  y[4 * i + 2] = __fdiv_rd(1.0f, v);
  y[4 * i + 3] = __fmul_ru(v, 1.1f);
  k[4 * i] = __float2int_rn(v);
  k[4 * i + 1] = __float2int_rz(-v);
  k[4 * i + 2] = __float2int_ru(v);
  k[4 * i + 3] = __float2int_rd(v * 1e30f);
}
