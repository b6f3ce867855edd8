#include <cuda_runtime.h>

struct Welford
{
    float mean = 0.f;
    float m2 = 0.f;
    float count = 0.f;

    __device__ void push(float x)
    {
        count += 1.f;
        float delta = x - mean;
        mean += delta / count;
        m2 += delta * (x - mean);
    }
};

__device__ Welford merge(const Welford& a, const Welford& b)
{
    Welford r;
    r.count = a.count + b.count;
    if (r.count == 0.f) return r;
    float delta = b.mean - a.mean;
    r.mean = a.mean + delta * b.count / r.count;
    r.m2 = a.m2 + b.m2 + delta * delta * a.count * b.count / r.count;
    return r;
}

__global__ void layer_norm_welford(const float* x, const float* gamma, const float* beta, float* y, int width, float eps)
{
    __shared__ float mean_s, inv_s;
    const float* row = x + blockIdx.x * width;
    Welford w;
    for (int i = threadIdx.x; i < width; i += 32) w.push(row[i]);
    for (int d = 16; d > 0; d /= 2) {
        Welford other;
        other.mean = __shfl_down_sync(~0u, w.mean, d);
        other.m2 = __shfl_down_sync(~0u, w.m2, d);
        other.count = __shfl_down_sync(~0u, w.count, d);
        w = merge(w, other);
    }
    if (threadIdx.x == 0) {
        mean_s = w.mean;
        inv_s = rsqrtf(w.m2 / w.count + eps);
    }
    __syncthreads();
    for (int i = threadIdx.x; i < width; i += 32)
        y[blockIdx.x * width + i] = (row[i] - mean_s) * inv_s * gamma[i] + beta[i];
}
