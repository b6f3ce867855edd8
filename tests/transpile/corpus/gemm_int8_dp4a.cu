#include <stdint.h>

// int8 x int8 -> int32, four products an instruction, rescaled to float.
__global__ void gemm_s8(const int8_t* __restrict__ a, const int8_t* __restrict__ bt, const float* scale,
                        float* __restrict__ c, int m, int n, int k) {
  int col = blockIdx.x * blockDim.x + threadIdx.x;
  int row = blockIdx.y;
  if (col >= n) return;
  const int* pa = reinterpret_cast<const int*>(a + row * k);
  const int* pb = reinterpret_cast<const int*>(bt + col * k);
  int acc = 0;
  for (int i = 0; i < k >> 2; ++i) acc = __dp4a(pa[i], pb[i], acc);
  c[row * n + col] = __int2float_rn(acc) * scale[col];
}
