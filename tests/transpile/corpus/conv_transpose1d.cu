#include <torch/extension.h>

__global__ void conv_transpose1d_kernel(const float* x, const float* w, float* y, int C_in, int C_out, int L, int K,
                                        int stride, int pad, int dil, int L_out, long total)
{
    long idx = (long)blockIdx.x * blockDim.x + threadIdx.x;
    if (idx >= total) return;
    int o = idx % L_out;
    int co = (idx / L_out) % C_out;
    int n = idx / ((long)L_out * C_out);
    float acc = 0;
    for (int k = 0; k < K; k++) {
        int pos = o + pad - k * dil;
        if (pos % stride != 0) continue;
        int i = pos / stride;
        if (i < 0 || i >= L) continue;
        for (int ci = 0; ci < C_in; ci++)
            acc += x[((long)n * C_in + ci) * L + i] * w[((long)ci * C_out + co) * K + k];
    }
    y[idx] = acc;
}

torch::Tensor run(torch::Tensor x, torch::Tensor w, int stride, int pad, int dil)
{
    int N = x.size(0), C_in = x.size(1), L = x.size(2);
    int C_out = w.size(1), K = w.size(2);
    int L_out = (L - 1) * stride - 2 * pad + dil * (K - 1) + 1;
    auto y = torch::empty({N, C_out, L_out}, x.options());
    long total = y.numel();
    int threads = 256;
    int blocks = std::ceil(total / (float)threads);
    conv_transpose1d_kernel<<<blocks, threads>>>(x.data_ptr<float>(), w.data_ptr<float>(), y.data_ptr<float>(),
        C_in, C_out, L, K, stride, pad, dil, L_out, total);
    return y;
}
