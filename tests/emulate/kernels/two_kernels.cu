extern "C" __global__ void twice(const float *x, float *t, int n) {
  int i = (((int)blockIdx.x) * 64) + ((int)threadIdx.x);
  if (i < n) t[i] = x[i] * 0x1.8p+1f/*3.000000e+00*/;
}
extern "C" __global__ void plus_one(const float *t, float *y, int n) {
  int i = (((int)blockIdx.x) * 64) + ((int)threadIdx.x);
  if (i < n) y[i] = t[i] + 1.000000e+00f;
}
