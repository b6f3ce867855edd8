#include <torch/extension.h>

__device__ __forceinline__ float lerp1(float a, float b, float t) { return a + t * (b - a); }

__global__ void upsample_bilinear2d(const float* __restrict__ in, float* __restrict__ out, int planes, int ih, int iw,
                                    int oh, int ow, bool align_corners) {
  int idx = blockIdx.x * blockDim.x + threadIdx.x;
  const int count = planes * oh * ow;
  if (idx >= count) return;
  const int x = idx % ow, y = idx / ow % oh, p = idx / (ow * oh);
  const float sy = align_corners ? (oh > 1 ? float(ih - 1) / (oh - 1) : 0.f) : float(ih) / oh;
  const float sx = align_corners ? (ow > 1 ? float(iw - 1) / (ow - 1) : 0.f) : float(iw) / ow;
  float fy = align_corners ? sy * y : fmaxf(sy * (y + 0.5f) - 0.5f, 0.f);
  float fx = align_corners ? sx * x : fmaxf(sx * (x + 0.5f) - 0.5f, 0.f);
  int y0 = (int)fy, x0 = (int)fx;
  int y1 = y0 + (y0 < ih - 1), x1 = x0 + (x0 < iw - 1 ? 1 : 0);
  fy -= y0;
  fx -= x0;
  const float* src = in + p * ih * iw;
  out[idx] = lerp1(lerp1(src[y0 * iw + x0], src[y0 * iw + x1], fx), lerp1(src[y1 * iw + x0], src[y1 * iw + x1], fx), fy);
}

torch::Tensor upsample(torch::Tensor in, int oh, int ow, bool align_corners) {
  int planes = in.size(0), ih = in.size(1), iw = in.size(2);
  auto out = torch::empty({planes, oh, ow}, in.options());
  int count = planes * oh * ow;
  upsample_bilinear2d<<<(count + 255) / 256, 256>>>(in.data_ptr<float>(), out.data_ptr<float>(), planes, ih, iw, oh, ow, align_corners);
  return out;
}
