#include <torch/extension.h>
#include <cuda_runtime.h>
#include <cfloat>

// One warp a row; a block holds WARPS rows.
template <int WARPS>
__global__ void softmax_warp_kernel(const float* __restrict__ x, float* __restrict__ y, int rows, int cols) {
    const int lane = threadIdx.x;
    const int row = blockIdx.x * WARPS + threadIdx.y;
    if (row >= rows) return;
    x += row * cols;
    y += row * cols;

    float biggest = -FLT_MAX;
    for (int c = lane; c < cols; c += 32) biggest = max(biggest, x[c]);
    #pragma unroll
    for (int mask = 16; mask > 0; mask /= 2)
        biggest = max(biggest, __shfl_xor_sync(0xFFFFFFFF, biggest, mask));

    float total = 0.0f;
    for (int c = lane; c < cols; c += 32) total += __expf(x[c] - biggest);
    #pragma unroll
    for (int mask = 16; mask > 0; mask /= 2)
        total += __shfl_xor_sync(0xFFFFFFFF, total, mask);

    const float scale = 1.0f / total;
    for (int c = lane; c < cols; c += 32) y[c] = __expf(x[c] - biggest) * scale;
}

torch::Tensor softmax(torch::Tensor x) {
    auto y = torch::empty_like(x);
    const int rows = x.size(0);
    const int cols = x.size(1);
    const dim3 block(32, 4);
    const dim3 grid((rows + 3) / 4);
    softmax_warp_kernel<4><<<grid, block>>>(x.data_ptr<float>(), y.data_ptr<float>(), rows, cols);
    return y;
}

PYBIND11_MODULE(TORCH_EXTENSION_NAME, m) {
    m.def("softmax", &softmax, "row softmax");
}
