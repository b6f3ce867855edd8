// max_pool2d: x -> y
extern "C" __global__ void __launch_bounds__(64)
max_pool2d_kernel(const float* __restrict__ x, float* __restrict__ y) {
  const int tx = threadIdx.x;
  float y_local;
  y_local = -3.4028235e+38f;
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 2; ++j) {
      y_local = max(y_local, x[(tx >> 2) * 16 + i * 8 + (tx & 3) * 2 + j]);
    }
  }
  y[tx] = y_local;
}
