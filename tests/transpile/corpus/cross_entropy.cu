#include <torch/extension.h>
#include <cuda_runtime.h>

__global__ void cross_entropy_kernel(const float* __restrict__ logits, const int64_t* __restrict__ targets,
                                     float* __restrict__ losses, float* __restrict__ mean,
                                     int batch_size, int num_classes, int64_t ignore) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < batch_size) {
    int64_t target = targets[i];
    float loss = 0.0f;
    if (target != ignore) {
      float max_logit = logits[i * num_classes];
      for (int j = 1; j < num_classes; j++) {
        float logit = logits[i * num_classes + j];
        if (logit > max_logit) max_logit = logit;
      }
      float sum_exp = 0.0f;
      for (int j = 0; j < num_classes; j++)
        sum_exp += expf(logits[i * num_classes + j] - max_logit);
      loss = logf(sum_exp) + max_logit - logits[i * num_classes + target];
    }
    losses[i] = loss;
    atomicAdd(mean, loss / batch_size);
  }
}

torch::Tensor cross_entropy(torch::Tensor logits, torch::Tensor targets) {
  int batch_size = logits.size(0);
  int num_classes = logits.size(1);
  auto losses = torch::empty({batch_size}, logits.options());
  auto mean = torch::zeros({1}, logits.options());
  int threads = 64;
  int blocks = (batch_size + threads - 1) / threads;
  cross_entropy_kernel<<<blocks, threads>>>(logits.data_ptr<float>(), targets.data_ptr<int64_t>(),
      losses.data_ptr<float>(), mean.data_ptr<float>(), batch_size, num_classes, -100);
  return mean;
}
