#include <torch/extension.h>
#include <limits>

template <typename scalar_t>
__global__ void max_pool2d_with_indices(const scalar_t* __restrict__ in, scalar_t* __restrict__ out,
                                        int64_t* __restrict__ mask, int channels, int H, int W, int oH, int oW,
                                        int k, int s, int p) {
  for (int index = blockIdx.x * blockDim.x + threadIdx.x; index < channels * oH * oW; index += blockDim.x * gridDim.x) {
    const int pw = index % oW;
    const int ph = (index / oW) % oH;
    const int c = index / oW / oH;
    int hstart = ph * s - p, wstart = pw * s - p;
    const int hend = min(hstart + k, H), wend = min(wstart + k, W);
    hstart = max(hstart, 0);
    wstart = max(wstart, 0);
    scalar_t maxval = -std::numeric_limits<scalar_t>::infinity();
    int64_t maxidx = -1;
    const scalar_t* plane = in + c * H * W;
    for (int h = hstart; h < hend; ++h) {
      for (int w = wstart; w < wend; ++w) {
        if (plane[h * W + w] > maxval) {
          maxidx = h * W + w;
          maxval = plane[maxidx];
        }
      }
    }
    out[index] = maxval;
    mask[index] = maxidx;
  }
}

std::tuple<torch::Tensor, torch::Tensor> max_pool(torch::Tensor x, int k, int s, int p) {
  const int C = x.size(0), H = x.size(1), W = x.size(2);
  const int oH = (H + 2 * p - k) / s + 1, oW = (W + 2 * p - k) / s + 1;
  auto y = torch::empty({C, oH, oW}, x.options());
  auto i = torch::empty({C, oH, oW}, x.options().dtype(torch::kLong));
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "max_pool", [&] {
    const int blocks = std::min<int>((C * oH * oW + 127) / 128, 8);
    max_pool2d_with_indices<scalar_t><<<blocks, 128>>>(x.data_ptr<scalar_t>(), y.data_ptr<scalar_t>(),
        i.data_ptr<int64_t>(), C, H, W, oH, oW, k, s, p);
  });
  return {y, i};
}
