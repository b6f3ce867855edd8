#include <cuda_runtime.h>
#include <math.h>

struct Mish {
    __device__ float operator()(float x) const { return x * tanhf(log1pf(expf(x))); }
};

struct HardSwish {
    __device__ float operator()(float x) const {
        float t = fminf(fmaxf(x + 3.f, 0.f), 6.f);
        return x * t / 6.f;
    }
};

template <typename Op, int ITEMS>
__global__ void map_kernel(const float *__restrict__ x, float *__restrict__ y, int n) {
    Op op;
    int base = blockIdx.x * blockDim.x * ITEMS + threadIdx.x;
#pragma unroll
    for (int k = 0; k < ITEMS; ++k) {
        int i = base + k * blockDim.x;
        if (i < n) y[i] = op(x[i]);
    }
}

void mish(const float *x, float *y, int n) {
    map_kernel<Mish, 4><<<(n + 511) / 512, 128>>>(x, y, n);
}

void hardswish(const float *x, float *y, int n) {
    map_kernel<HardSwish, 2><<<(n + 255) / 256, 128>>>(x, y, n);
}
