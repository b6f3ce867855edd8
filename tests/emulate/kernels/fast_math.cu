__global__ void fast_math(const float *x, float *y) {
  int i = threadIdx.x;
  float v = x[i];
  float s, c;
  __sincosf(v, &s, &c);
  y[12 * i] = __expf(v);
  y[12 * i + 1] = __logf(v + 1.0f);
  y[12 * i + 2] = s;
  y[12 * i + 3] = c;
  y[12 * i + 4] = __powf(v, 1.5f);
  y[12 * i + 5] = __fdividef(v, 3.0f);
  y[12 * i + 6] = __frcp_rn(v);
  y[12 * i + 7] = __fmaf_rn(v, v, 1.0f);
  y[12 * i + 8] = rsqrtf(v);
  y[12 * i + 9] = __saturatef(v - 0.5f);
  y[12 * i + 10] = __log2f(v);
  y[12 * i + 11] = __fsqrt_rn(v);
}
