// gelu: x -> y
extern "C" __global__ void __launch_bounds__(256)
gelu_kernel(const float* __restrict__ x, float* __restrict__ y) {
  const int bx = blockIdx.x;
  const int tx = threadIdx.x;
  if (bx * 32 + (tx >> 3) < 125) {
    y[bx * 256 + tx] = x[bx * 256 + tx] * 0.5f * (1.0f + erff(x[bx * 256 + tx] * 0.70710677f));
  }
}
