// Smallest and largest float by integer atomics on an order-preserving code, and by CAS.
__device__ unsigned encode(float f) {
  unsigned u = __float_as_uint(f);
  return u & 0x80000000u ? ~u : u | 0x80000000u;
}

__device__ float atomicMinFloat(float* addr, float value) {
  int* as_int = reinterpret_cast<int*>(addr);
  int old = *as_int, assumed;
  while (value < __int_as_float(old)) {
    assumed = old;
    old = atomicCAS(as_int, assumed, __float_as_int(value));
    if (old == assumed) break;
  }
  return __int_as_float(old);
}

__global__ void extremes(const float* x, unsigned* codes, float* smallest, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += blockDim.x * gridDim.x) {
    atomicMax(&codes[0], encode(x[i]));
    atomicMin(&codes[1], encode(x[i]));
    atomicMinFloat(smallest, x[i]);
  }
}
