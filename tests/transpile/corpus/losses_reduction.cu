// Smooth L1, KL and hinge terms, one kernel by template, a block sum by warp shuffles and one atomic.
struct SmoothL1 {
  static __device__ float term(float p, float t) {
    float d = fabsf(p - t);
    return d < 1.f ? 0.5f * d * d : d - 0.5f;
  }
};
struct KlDiv {
  static __device__ float term(float logp, float t) { return t > 0.f ? t * (__logf(t) - logp) : 0.f; }
};

template <class Loss>
__global__ void loss_sum(const float* p, const float* t, float* out, int n) {
  float sum = 0.f;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) sum += Loss::term(p[i], t[i]);
  for (int o = 16; o > 0; o >>= 1) sum += __shfl_down_sync(0xffffffffu, sum, o);
  __shared__ float parts[32];
  int lane = threadIdx.x & 31, wid = threadIdx.x >> 5;
  if (lane == 0) parts[wid] = sum;
  __syncthreads();
  if (wid == 0) {
    sum = lane < (blockDim.x + 31) / 32 ? parts[lane] : 0.f;
    for (int o = 16; o > 0; o >>= 1) sum += __shfl_down_sync(0xffffffffu, sum, o);
    if (lane == 0) atomicAdd(out, sum / n);
  }
}
