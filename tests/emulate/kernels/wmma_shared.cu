#include <mma.h>
__global__ void multiply(const half *a, const half *b, half *c) {
  __shared__ half sb[16 * 8], sc[32 * 8];
  int t = threadIdx.x;
  nvcuda::wmma::fragment<nvcuda::wmma::matrix_a, 32, 8, 16, half, nvcuda::wmma::col_major> fa;
  nvcuda::wmma::fragment<nvcuda::wmma::matrix_b, 32, 8, 16, half, nvcuda::wmma::row_major> fb;
  nvcuda::wmma::fragment<nvcuda::wmma::accumulator, 32, 8, 16, half> fc;
  for (int i = t; i < 32 * 8; i += 64) sc[i] = __float2half(1.0f);
  for (int i = t; i < 16 * 8; i += 64) sb[i] = b[i];
  __syncthreads();
  nvcuda::wmma::load_matrix_sync(fc, sc, 8, nvcuda::wmma::mem_row_major);
  nvcuda::wmma::load_matrix_sync(fa, a, 32);
  nvcuda::wmma::load_matrix_sync(fb, sb, 8);
  nvcuda::wmma::mma_sync(fc, fa, fb, fc);
  if (t < 32) nvcuda::wmma::store_matrix_sync(c, fc, 8, nvcuda::wmma::mem_row_major);
}
