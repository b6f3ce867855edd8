#include <torch/extension.h>

struct AdamState {
  float m;
  float v;
};

__device__ inline AdamState advance(AdamState s, float g, float beta1, float beta2) {
  s.m = beta1 * s.m + (1.0f - beta1) * g;
  s.v = beta2 * s.v + (1.0f - beta2) * g * g;
  return s;
}

__global__ void adam_kernel(float* __restrict__ p, float* __restrict__ m, float* __restrict__ v,
                            const float* __restrict__ g, float lr, float beta1, float beta2,
                            float eps, float decay, int step, size_t n) {
  size_t i = static_cast<size_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= n) return;
  AdamState s{m[i], v[i]};
  float grad = g[i] + decay * p[i];
  s = advance(s, grad, beta1, beta2);
  const float m_hat = s.m / (1.0f - powf(beta1, (float)step));
  const float v_hat = s.v / (1.0f - powf(beta2, (float)step));
  p[i] -= lr * m_hat / (sqrtf(v_hat) + eps);
  m[i] = s.m;
  v[i] = s.v;
}

void adam(torch::Tensor p, torch::Tensor m, torch::Tensor v, torch::Tensor g, double lr, int64_t step) {
  const size_t n = p.numel();
  constexpr int block = 256;
  adam_kernel<<<(n + block - 1) / block, block>>>(p.data_ptr<float>(), m.data_ptr<float>(),
      v.data_ptr<float>(), g.data_ptr<float>(), (float)lr, 0.9f, 0.999f, 1e-8f, 0.01f, (int)step, n);
}

PYBIND11_MODULE(TORCH_EXTENSION_NAME, m) { m.def("adam", &adam); }
