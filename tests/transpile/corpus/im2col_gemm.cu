#include <cuda_runtime.h>

#define CUDA_KERNEL_LOOP(i, n) \
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < (n); i += blockDim.x * gridDim.x)

// Caffe's way: unfold the image, then one product of matrices.
__global__ void im2col(const int n, const float* im, const int height, const int width, const int ksize,
                       const int pad, const int stride, const int h_out, const int w_out, float* col) {
  CUDA_KERNEL_LOOP(index, n) {
    int w = index % w_out;
    int h_index = index / w_out;
    int h = h_index % h_out;
    int channel = h_index / h_out;
    int h_in = h * stride - pad;
    int w_in = w * stride - pad;
    float* ptr = col + (channel * ksize * ksize * h_out + h) * w_out + w;
    const float* src = im + (channel * height + h_in) * width + w_in;
    for (int i = 0; i < ksize; ++i)
      for (int j = 0; j < ksize; ++j) {
        int y = h_in + i, x = w_in + j;
        *ptr = (y >= 0 && x >= 0 && y < height && x < width) ? src[i * width + j] : 0;
        ptr += h_out * w_out;
      }
  }
}

__global__ void gemm_nn(const float* A, const float* B, float* C, int M, int N, int K) {
  CUDA_KERNEL_LOOP(index, M * N) {
    const int m = index / N, n = index % N;
    float acc = 0.f;
    for (int k = 0; k < K; ++k) acc += A[m * K + k] * B[k * N + n];
    C[index] = acc;
  }
}

void forward(const float* im, const float* w, float* col, float* out, int c, int h, int wd, int k, int oc, int oh, int ow) {
  int n = c * oh * ow;
  im2col<<<(n + 127) / 128, 128>>>(n, im, h, wd, k, 1, 2, oh, ow, col);
  gemm_nn<<<(oc * oh * ow + 127) / 128, 128>>>(w, col, out, oc, oh * ow, c * k * k);
}
