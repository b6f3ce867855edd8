#include <torch/extension.h>

__device__ __forceinline__ void atomic_add(float* p, float v) { atomicAdd(p, v); }
__device__ __forceinline__ void atomic_add(double* p, double v) {
  unsigned long long* address = (unsigned long long*)p;
  unsigned long long old = *address, assumed;
  do {
    assumed = old;
    old = atomicCAS(address, assumed, __double_as_longlong(v + __longlong_as_double(assumed)));
  } while (assumed != old);
}

template <typename T>
__global__ void index_add_kernel(T* out, const int64_t* index, const T* src, int rows, int cols, T alpha) {
  int c = blockIdx.x * blockDim.x + threadIdx.x;
  int r = blockIdx.y;
  if (c < cols && r < rows) atomic_add(&out[index[r] * cols + c], alpha * src[r * cols + c]);
}

torch::Tensor index_add(torch::Tensor out, torch::Tensor index, torch::Tensor src, double alpha) {
  int rows = src.size(0), cols = src.size(1);
  AT_DISPATCH_FLOATING_TYPES(src.scalar_type(), "index_add", [&] {
    index_add_kernel<scalar_t><<<dim3((cols + 31) / 32, rows), 32>>>(out.data_ptr<scalar_t>(), index.data_ptr<int64_t>(),
        src.data_ptr<scalar_t>(), rows, cols, (scalar_t)alpha);
  });
  return out;
}
