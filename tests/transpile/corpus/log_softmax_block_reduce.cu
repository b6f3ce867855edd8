#include <torch/extension.h>

enum ReduceOp { kMax, kSum };

template <ReduceOp op>
__inline__ __device__ float combine(float a, float b) {
  return op == kMax ? fmaxf(a, b) : a + b;
}

template <ReduceOp op>
__inline__ __device__ float warpReduce(float val) {
  for (int offset = warpSize / 2; offset > 0; offset /= 2)
    val = combine<op>(val, __shfl_down_sync(0xffffffff, val, offset));
  return val;
}

template <ReduceOp op>
__inline__ __device__ float blockReduce(float val, float neutral) {
  static __shared__ float shared[32];
  int lane = threadIdx.x % warpSize;
  int wid = threadIdx.x / warpSize;
  val = warpReduce<op>(val);
  __syncthreads();
  if (lane == 0) shared[wid] = val;
  __syncthreads();
  val = (threadIdx.x < blockDim.x / warpSize) ? shared[lane] : neutral;
  if (wid == 0) val = warpReduce<op>(val);
  if (threadIdx.x == 0) shared[0] = val;
  __syncthreads();
  return shared[0];
}

template <typename scalar_t>
__global__ void log_softmax_kernel(const scalar_t* in, scalar_t* out, int dim) {
  const scalar_t* row = in + (long)blockIdx.x * dim;
  float peak = -INFINITY;
  for (int j = threadIdx.x; j < dim; j += blockDim.x) peak = fmaxf(peak, (float)row[j]);
  peak = blockReduce<kMax>(peak, -INFINITY);
  float sum = 0.f;
  for (int j = threadIdx.x; j < dim; j += blockDim.x) sum += expf((float)row[j] - peak);
  sum = blockReduce<kSum>(sum, 0.f);
  const float shift = peak + logf(sum);
  for (int j = threadIdx.x; j < dim; j += blockDim.x)
    out[(long)blockIdx.x * dim + j] = static_cast<scalar_t>((float)row[j] - shift);
}

at::Tensor log_softmax_cuda(at::Tensor in) {
  auto out = at::empty_like(in);
  const int batch = in.size(0);
  const int dim = in.size(1);
  AT_DISPATCH_FLOATING_TYPES_AND_HALF(in.scalar_type(), "log_softmax", [&] {
    log_softmax_kernel<scalar_t><<<batch, 128>>>(in.data_ptr<scalar_t>(), out.data_ptr<scalar_t>(), dim);
  });
  return out;
}
