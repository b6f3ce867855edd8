#include <torch/extension.h>
#include <cuda_runtime.h>

__global__ void conv2d_kernel(const float* __restrict__ input, const float* __restrict__ weight,
                              const float* __restrict__ bias, float* __restrict__ output,
                              int batch, int in_channels, int out_channels, int height, int width,
                              int kernel_size, int stride, int padding, int out_height, int out_width) {
  int ow = blockIdx.x * blockDim.x + threadIdx.x;
  int oh = blockIdx.y * blockDim.y + threadIdx.y;
  int n = blockIdx.z / out_channels;
  int oc = blockIdx.z % out_channels;
  if (ow >= out_width || oh >= out_height || n >= batch) return;

  float sum = bias ? bias[oc] : 0.0f;
  for (int ic = 0; ic < in_channels; ++ic) {
    for (int kh = 0; kh < kernel_size; ++kh) {
      int ih = oh * stride - padding + kh;
      if (ih < 0 || ih >= height) continue;
      for (int kw = 0; kw < kernel_size; ++kw) {
        int iw = ow * stride - padding + kw;
        if (iw >= 0 && iw < width) {
          int input_idx = ((n * in_channels + ic) * height + ih) * width + iw;
          int weight_idx = ((oc * in_channels + ic) * kernel_size + kh) * kernel_size + kw;
          sum += input[input_idx] * weight[weight_idx];
        }
      }
    }
  }
  output[((n * out_channels + oc) * out_height + oh) * out_width + ow] = sum;
}

torch::Tensor conv2d(torch::Tensor input, torch::Tensor weight, torch::Tensor bias, int stride, int padding) {
  const int batch = input.size(0), in_channels = input.size(1), height = input.size(2), width = input.size(3);
  const int out_channels = weight.size(0), kernel_size = weight.size(2);
  const int out_height = (height + 2 * padding - kernel_size) / stride + 1;
  const int out_width = (width + 2 * padding - kernel_size) / stride + 1;
  auto output = torch::zeros({batch, out_channels, out_height, out_width}, input.options());
  const dim3 threads(8, 8);
  const dim3 blocks((out_width + threads.x - 1) / threads.x, (out_height + threads.y - 1) / threads.y,
                    batch * out_channels);
  conv2d_kernel<<<blocks, threads>>>(input.data_ptr<float>(), weight.data_ptr<float>(), bias.data_ptr<float>(),
      output.data_ptr<float>(), batch, in_channels, out_channels, height, width, kernel_size, stride, padding,
      out_height, out_width);
  return output;
}
