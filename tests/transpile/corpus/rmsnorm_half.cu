#include <cuda_fp16.h>
#include <torch/extension.h>

using vec_t = half2;

__global__ void rms_norm_half(const half* __restrict__ input, const half* __restrict__ weight,
                              half* __restrict__ out, const float eps, const int hidden) {
  __shared__ float variance;
  const vec_t* in2 = reinterpret_cast<const vec_t*>(input + blockIdx.x * hidden);
  const vec_t* w2 = reinterpret_cast<const vec_t*>(weight);
  vec_t* out2 = reinterpret_cast<vec_t*>(out + blockIdx.x * hidden);

  float sum = 0.0f;
  for (int i = threadIdx.x; i < hidden / 2; i += blockDim.x) {
    const float2 v = __half22float2(in2[i]);
    sum += v.x * v.x + v.y * v.y;
  }
  __shared__ float partial[4];
  for (int o = 16; o; o >>= 1) sum += __shfl_xor_sync(0xffffffffu, sum, o, 32);
  if ((threadIdx.x & 31) == 0) partial[threadIdx.x >> 5] = sum;
  __syncthreads();
  if (threadIdx.x == 0) {
    variance = rsqrtf((partial[0] + partial[1] + partial[2] + partial[3]) / hidden + eps);
  }
  __syncthreads();

  for (int i = threadIdx.x; i < hidden / 2; i += blockDim.x) {
    float2 v = __half22float2(in2[i]);
    const float2 w = __half22float2(w2[i]);
    v.x *= variance * w.x;
    v.y *= variance * w.y;
    out2[i] = __float22half2_rn(v);
  }
}

void rms_norm(torch::Tensor& out, torch::Tensor& input, torch::Tensor& weight, double eps) {
  int hidden = input.size(-1);
  int tokens = input.numel() / hidden;
  rms_norm_half<<<tokens, 128>>>(reinterpret_cast<const half*>(input.data_ptr<at::Half>()),
                                 reinterpret_cast<const half*>(weight.data_ptr<at::Half>()),
                                 reinterpret_cast<half*>(out.data_ptr<at::Half>()), (float)eps, hidden);
}
