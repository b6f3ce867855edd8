enum class Activation : int { Identity = 0, Relu, Elu, Softplus, Sigmoid = 7 };

__device__ float activate(float v, Activation kind, float alpha)
{
    switch (kind) {
    case Activation::Relu:
        return v > 0.f ? v : 0.f;
    case Activation::Elu:
        if (v > 0.f) return v;
        return alpha * (expf(v) - 1.f);
    case Activation::Softplus:
        return v > 20.f ? v : log1pf(expf(v));
    case Activation::Sigmoid:
        return 1.f / (1.f + expf(-v));
    default:
        return v;
    }
}

__global__ void apply(const float* in, float* out, int mode, float alpha, int n)
{
    int idx = blockIdx.x * blockDim.x + threadIdx.x;
    if (idx >= n) return;
    out[idx] = activate(in[idx], static_cast<Activation>(mode), alpha);
}
