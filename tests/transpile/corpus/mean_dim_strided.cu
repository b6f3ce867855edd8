#include <torch/extension.h>

// Mean over the middle dimension of [outer, reduce, inner]; blockDim.y threads share a column.
template <typename T, int TX, int TY>
__global__ void mean_middle(const T* __restrict__ in, T* __restrict__ out, int reduce, int inner) {
  __shared__ T tile[TY][TX];
  int col = blockIdx.x * TX + threadIdx.x;
  const T* base = in + (size_t)blockIdx.y * reduce * inner;
  T acc = T(0);
  if (col < inner)
    for (int r = threadIdx.y; r < reduce; r += TY) acc += base[(size_t)r * inner + col];
  tile[threadIdx.y][threadIdx.x] = acc;
  __syncthreads();
  #pragma unroll
  for (int s = TY / 2; s > 0; s >>= 1) {
    if (threadIdx.y < s) tile[threadIdx.y][threadIdx.x] += tile[threadIdx.y + s][threadIdx.x];
    __syncthreads();
  }
  if (threadIdx.y == 0 && col < inner) out[blockIdx.y * inner + col] = tile[0][threadIdx.x] / T(reduce);
}

torch::Tensor mean_cuda(torch::Tensor x) {
  const int outer = x.size(0), reduce = x.size(1), inner = x.size(2);
  auto out = torch::empty({outer, inner}, x.options());
  const dim3 block(16, 8);
  const dim3 grid((inner + 15) / 16, outer);
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "mean", ([&] {
    mean_middle<scalar_t, 16, 8><<<grid, block>>>(x.data_ptr<scalar_t>(), out.data_ptr<scalar_t>(), reduce, inner);
  }));
  return out;
}
