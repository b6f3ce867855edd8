// Online softmax (maximum and denominator in one pass), the pair carried in a struct.
struct __align__(8) MD {
  float m;
  float d;
};

__device__ __forceinline__ MD combine(MD a, MD b) {
  bool a_bigger = a.m > b.m;
  MD big = a_bigger ? a : b;
  MD small = a_bigger ? b : a;
  MD r;
  r.m = big.m;
  r.d = big.d + small.d * __expf(small.m - big.m);
  return r;
}

template <int THREADS>
__global__ void online_softmax(const float* __restrict__ x, float* __restrict__ y, int V) {
  x += blockIdx.x * V;
  y += blockIdx.x * V;

  MD part = {-1e30f, 0.0f};
  for (int i = threadIdx.x; i < V; i += THREADS) {
    MD one;
    one.m = x[i];
    one.d = 1.0f;
    part = combine(part, one);
  }

  __shared__ MD shared[THREADS];
  shared[threadIdx.x] = part;
  __syncthreads();
  for (int half = THREADS / 2; half > 0; half >>= 1) {
    if (threadIdx.x < half) shared[threadIdx.x] = combine(shared[threadIdx.x], shared[threadIdx.x + half]);
    __syncthreads();
  }
  const MD total = shared[0];
  for (int i = threadIdx.x; i < V; i += THREADS) y[i] = __expf(x[i] - total.m) / total.d;
}

template __global__ void online_softmax<64>(const float*, float*, int);

void run(const float* x, float* y, int batch, int V) {
  online_softmax<64><<<batch, 64>>>(x, y, V);
}
