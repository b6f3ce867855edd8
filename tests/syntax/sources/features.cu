#include <cuda_fp16.h>
#include <mma.h>
#include <cooperative_groups.h>
namespace cg = cooperative_groups;
using namespace nvcuda;
typedef float f32x16 __attribute__((vector_size(64), aligned(4), may_alias));
constexpr int kTile = 32;
__constant__ float coeffs[16];
struct Pair { float value; int index; };
struct __align__(16) Quad { float x, y, z, w; };
template <typename T, int N = 4>
struct Vec { T data[N]; __device__ T& operator[](int i) { return data[i]; } __device__ __forceinline__ T sum() const { T s = T(0); for (int i = 0; i < N; ++i) s += data[i]; return s; } };
template <typename T>
__device__ __forceinline__ T warp_sum(T v) {
  #pragma unroll
  for (int offset = 16; offset > 0; offset >>= 1) v += __shfl_down_sync(0xffffffff, v, offset);
  return v;
}
template <typename scalar_t, int BLOCK>
__global__ void __launch_bounds__(BLOCK) reduce(const scalar_t* __restrict__ in, scalar_t* __restrict__ out, const size_t n) {
  __shared__ scalar_t partial[BLOCK / 32];
  extern __shared__ unsigned char raw[];
  scalar_t* smem = reinterpret_cast<scalar_t*>(raw);
  scalar_t acc = static_cast<scalar_t>(0);
  for (size_t i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += (size_t)blockDim.x * gridDim.x) { acc += __ldg(&in[i]); }
  acc = warp_sum<scalar_t>(acc);
  if ((threadIdx.x & 31) == 0) partial[threadIdx.x >> 5] = acc;
  __syncthreads();
  if (threadIdx.x < BLOCK / 32) { acc = partial[threadIdx.x]; } else acc = 0;
  if (threadIdx.x == 0) atomicAdd(out, acc);
  unsigned int m = __ballot_sync(0xffffffffu, acc > scalar_t(0.5));
  int c = __syncthreads_count(m != 0);
}
extern "C" __global__ void wm(const half *a, const half* b, float *c) {
  wmma::fragment<wmma::matrix_a, 16, 16, 16, half, wmma::row_major> fa;
  wmma::fragment<wmma::matrix_b, 16, 16, 16, half, wmma::col_major> fb;
  wmma::fragment<wmma::accumulator, 16, 16, 16, float> fc[2][2];
  wmma::fill_fragment(fc[0][0], 0.0f);
  wmma::load_matrix_sync(fa, a, 16);
  wmma::mma_sync(fc[0][0], fa, fb, fc[0][0]);
  wmma::store_matrix_sync(c, fc[0][0], 16, wmma::mem_row_major);
}
__global__ void g(float* x, int n, Quad q) {
  auto block = cg::this_thread_block();
  cg::thread_block_tile<32> tile = cg::tiled_partition<32>(block);
  float v = x[block.thread_rank()];
  v = cg::reduce(tile, v, cg::plus<float>());
  float4 f = make_float4(1.f, 2.f, 3.f, .5f), h{1, 2, 3, 4};
  float4 w = *reinterpret_cast<const float4*>(&x[threadIdx.x * 4]);
  float2 *p2 = (float2*)x;
  dim3 grid(n / 2, 1), b3 = dim3(1, 2, 3);
  Pair pr = {1.0f, 2}; Vec<float, 8> vec; vec[0] = w.x; float s2 = vec.sum();
  switch (n % 3) { case 0: v += 1; break; case 1: { v -= 1; } break; default: v = -v; }
  do { v *= 0.5f; } while (v > 1.0f && n --> 0);
  asm volatile ("bar.sync 0;" ::: "memory");
  unsigned long long big = 0xFFFFFFFFFFFFFFFFull; int shift = n << 2 >> 1;
  bool ok = !(n & 1) || (n ^ 3) == 2 ? true : false;
  if constexpr (kTile > 16) v++;
  tile.sync(); float y = tile.shfl_down(v, 1);
  x[0] = v, x[1] = y;
  float arr[] = {1.0f, 2.0f}; int a = sizeof(float) * n + sizeof arr;
  goto end;
end:
  return;
}
