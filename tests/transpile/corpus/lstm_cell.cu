#include <torch/extension.h>
#include <vector>

namespace {
template <typename scalar_t>
__device__ __forceinline__ scalar_t sigmoid(scalar_t z) {
  return 1.0 / (1.0 + exp(-z));
}

template <typename scalar_t>
__device__ __forceinline__ scalar_t elu(scalar_t z, scalar_t alpha = 1.0) {
  return fmaxf(0.0, z) + fminf(0.0, alpha * (exp(z) - 1.0));
}

template <typename scalar_t>
__global__ void lltm_cuda_forward_kernel(const scalar_t* __restrict__ gates, const scalar_t* __restrict__ old_cell,
                                         scalar_t* __restrict__ new_h, scalar_t* __restrict__ new_cell,
                                         size_t state_size) {
  const int column = blockIdx.x * blockDim.x + threadIdx.x;
  const int index = blockIdx.y * state_size + column;
  const int gates_row = blockIdx.y * (state_size * 3);
  if (column < state_size) {
    scalar_t input_gate = sigmoid(gates[gates_row + column]);
    scalar_t output_gate = sigmoid(gates[gates_row + state_size + column]);
    scalar_t candidate_cell = elu(gates[gates_row + 2 * state_size + column]);
    new_cell[index] = old_cell[index] + candidate_cell * input_gate;
    new_h[index] = tanh(new_cell[index]) * output_gate;
  }
}
}  // namespace

std::vector<torch::Tensor> lltm_cuda_forward(torch::Tensor gates, torch::Tensor old_cell) {
  auto new_h = torch::zeros_like(old_cell);
  auto new_cell = torch::zeros_like(old_cell);
  const auto batch_size = old_cell.size(0);
  const auto state_size = old_cell.size(1);
  const int threads = 128;
  const dim3 blocks((state_size + threads - 1) / threads, batch_size);
  AT_DISPATCH_FLOATING_TYPES(gates.type(), "lltm_forward_cuda", ([&] {
    lltm_cuda_forward_kernel<scalar_t><<<blocks, threads>>>(
        gates.data<scalar_t>(), old_cell.data<scalar_t>(), new_h.data<scalar_t>(),
        new_cell.data<scalar_t>(), state_size);
  }));
  return {new_h, new_cell};
}
