// Matrix times vector: a warp a row, float4 loads where the row allows, a shuffle at the end.
static __device__ __forceinline__ float warp_reduce_sum(float v) {
  v += __shfl_down_sync(0xffffffff, v, 16);
  v += __shfl_down_sync(0xffffffff, v, 8);
  v += __shfl_down_sync(0xffffffff, v, 4);
  v += __shfl_down_sync(0xffffffff, v, 2);
  v += __shfl_down_sync(0xffffffff, v, 1);
  return v;
}

__global__ void gemv(const float* __restrict__ a, const float* __restrict__ x, float* __restrict__ y, int rows, int cols) {
  const int warp = threadIdx.y, lane = threadIdx.x;
  const int row = blockIdx.x * blockDim.y + warp;
  float sum = 0.0f;
  if (row < rows) {
    const float* r = a + row * cols;
    if ((cols & 3) == 0) {
      const float4* r4 = (const float4*)r;
      const float4* x4 = (const float4*)x;
      for (int i = lane; i < cols / 4; i += warpSize) {
        float4 p = r4[i], q = x4[i];
        sum += p.x * q.x + p.y * q.y + p.z * q.z + p.w * q.w;
      }
    } else {
      for (int i = lane; i < cols; i += warpSize) sum += r[i] * x[i];
    }
  }
  sum = warp_reduce_sum(sum);
  if (lane == 0 && row < rows) y[row] = sum;
}

extern "C" void launch_gemv(const float* a, const float* x, float* y, int rows, int cols) {
  dim3 block(32, 4);
  gemv<<<(rows + block.y - 1) / block.y, block>>>(a, x, y, rows, cols);
}
