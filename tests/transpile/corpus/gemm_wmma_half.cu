#include <cuda_fp16.h>
#include <mma.h>

using namespace nvcuda;

constexpr int WMMA_M = 16, WMMA_N = 16, WMMA_K = 16;

// A warp a 16x16 tile of C; four warps a block side by side.
__global__ void wmma_gemm(const half* a, const half* b, float* c, int M, int N, int K, float alpha) {
  const int warpN = (blockIdx.x * blockDim.x + threadIdx.x) / 32;
  const int warpM = blockIdx.y;
  if (warpN * WMMA_N >= N) return;

  wmma::fragment<wmma::matrix_a, WMMA_M, WMMA_N, WMMA_K, half, wmma::row_major> a_frag;
  wmma::fragment<wmma::matrix_b, WMMA_M, WMMA_N, WMMA_K, half, wmma::row_major> b_frag;
  wmma::fragment<wmma::accumulator, WMMA_M, WMMA_N, WMMA_K, float> acc;
  wmma::fill_fragment(acc, 0.0f);
  for (int k = 0; k < K; k += WMMA_K) {
    wmma::load_matrix_sync(a_frag, a + warpM * WMMA_M * K + k, K);
    wmma::load_matrix_sync(b_frag, b + k * N + warpN * WMMA_N, N);
    wmma::mma_sync(acc, a_frag, b_frag, acc);
  }
  for (int i = 0; i < acc.num_elements; i++) acc.x[i] = alpha * acc.x[i];
  wmma::store_matrix_sync(c + warpM * WMMA_M * N + warpN * WMMA_N, acc, N, wmma::mem_row_major);
}

void run(const half* a, const half* b, float* c, int M, int N, int K) {
  wmma_gemm<<<dim3(N / 64, M / 16), 128>>>(a, b, c, M, N, K, 0.5f);
}
