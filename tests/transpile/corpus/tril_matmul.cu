#include <torch/extension.h>
#include <c10/cuda/CUDAException.h>

// C = tril(A) @ tril(B), both n x n: only what is not zero is read.
__global__ void tril_matmul_kernel(const float* __restrict__ A, const float* __restrict__ B, float* __restrict__ C, int n) {
    const int j = blockIdx.x * blockDim.x + threadIdx.x;
    const int i = blockIdx.y * blockDim.y + threadIdx.y;
    if (i >= n || j >= n) return;
    if (j > i) {
        C[i * n + j] = 0.f;
        return;
    }
    float acc = 0.f;
    #pragma unroll 4
    for (int k = j; k <= i; ++k) acc += __ldg(A + i * n + k) * __ldg(B + k * n + j);
    C[i * n + j] = acc;
}

at::Tensor forward(at::Tensor A, at::Tensor B) {
    TORCH_CHECK(A.is_cuda() && B.is_cuda(), "CUDA only");
    const int n = A.size(0);
    auto C = torch::empty_like(A);
    const dim3 threads(16, 16);
    const dim3 blocks((n + 15) / 16, (n + 15) / 16);
    tril_matmul_kernel<<<blocks, threads>>>(A.data_ptr<float>(), B.data_ptr<float>(), C.data_ptr<float>(), n);
    C10_CUDA_CHECK(cudaGetLastError());
    return C;
}

PYBIND11_MODULE(TORCH_EXTENSION_NAME, m) { m.def("forward", &forward, "tril matmul"); }
