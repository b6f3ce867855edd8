#include <torch/extension.h>
#include <cuda.h>

// Attention with an online softmax over tiles of keys; a thread a query row.
template <int Br, int Bc, int D>
__global__ void flash_forward(const float* __restrict__ Q, const float* __restrict__ K, const float* __restrict__ V,
                              float* __restrict__ O, int N, float scale, bool causal) {
  extern __shared__ float sram[];
  float* Kj = sram;
  float* Vj = &sram[Bc * D];
  const int tx = threadIdx.x;
  const int row = blockIdx.x * Br + tx;
  const size_t base = (size_t)blockIdx.y * N * D;

  float q[D], acc[D];
  float m = -INFINITY, l = 0.f;
  for (int d = 0; d < D; ++d) {
    q[d] = row < N ? Q[base + row * D + d] * scale : 0.f;
    acc[d] = 0.f;
  }
  const int tiles = (N + Bc - 1) / Bc;
  for (int j = 0; j < tiles; ++j) {
    for (int i = tx; i < Bc * D; i += Br) {
      const int key = j * Bc + i / D;
      Kj[i] = key < N ? K[base + key * D + i % D] : 0.f;
      Vj[i] = key < N ? V[base + key * D + i % D] : 0.f;
    }
    __syncthreads();
    for (int c = 0; c < Bc; ++c) {
      const int key = j * Bc + c;
      if (key >= N || (causal && key > row)) break;
      float s = 0.f;
      #pragma unroll
      for (int d = 0; d < D; ++d) s += q[d] * Kj[c * D + d];
      const float m_new = fmaxf(m, s);
      const float correction = __expf(m - m_new), p = __expf(s - m_new);
      l = l * correction + p;
      for (int d = 0; d < D; ++d) acc[d] = acc[d] * correction + p * Vj[c * D + d];
      m = m_new;
    }
    __syncthreads();
  }
  if (row < N)
    for (int d = 0; d < D; ++d) O[base + row * D + d] = acc[d] / l;
}

torch::Tensor forward(torch::Tensor Q, torch::Tensor K, torch::Tensor V) {
  const int B = Q.size(0), N = Q.size(1);
  constexpr int Br = 32, Bc = 16, D = 24;
  auto O = torch::zeros_like(Q);
  const int sram_size = 2 * Bc * D * sizeof(float);
  dim3 grid_dim((N + Br - 1) / Br, B);
  dim3 block_dim(Br);
  flash_forward<Br, Bc, D><<<grid_dim, block_dim, sram_size>>>(
      Q.data_ptr<float>(), K.data_ptr<float>(), V.data_ptr<float>(), O.data_ptr<float>(), N, 0.2f, true);
  return O;
}
