// A block tile of BM x BN, a thread tile of TM x TN in registers, loads of four floats.
#include <cuda_runtime.h>

template <int BM, int BN, int BK, int TM, int TN>
__global__ void __launch_bounds__((BM * BN) / (TM * TN))
sgemm_2d(int M, int N, int K, float alpha, const float *A, const float *B, float beta, float *C) {
  const unsigned int cRow = blockIdx.y;
  const unsigned int cCol = blockIdx.x;
  constexpr int THREADS = (BM * BN) / (TM * TN);

  __shared__ float As[BM * BK];
  __shared__ float Bs[BK * BN];
  const int threadCol = threadIdx.x % (BN / TN);
  const int threadRow = threadIdx.x / (BN / TN);
  A += cRow * BM * K;
  B += cCol * BN;
  C += cRow * BM * N + cCol * BN;

  float threadResults[TM * TN] = {0.0f};
  float regM[TM] = {0.0f};
  float regN[TN] = {0.0f};

  for (int bkIdx = 0; bkIdx < K; bkIdx += BK) {
    for (int i = threadIdx.x * 4; i < BM * BK; i += THREADS * 4) {
      const float4 tmp = reinterpret_cast<const float4 *>(&A[(i / BK) * K + i % BK])[0];
      As[(i % BK + 0) * BM + i / BK] = tmp.x;
      As[(i % BK + 1) * BM + i / BK] = tmp.y;
      As[(i % BK + 2) * BM + i / BK] = tmp.z;
      As[(i % BK + 3) * BM + i / BK] = tmp.w;
    }
    for (int i = threadIdx.x * 4; i < BK * BN; i += THREADS * 4)
      reinterpret_cast<float4 *>(&Bs[i])[0] =
          reinterpret_cast<const float4 *>(&B[(i / BN) * N + i % BN])[0];
    __syncthreads();
    A += BK;
    B += BK * N;
    for (int dot = 0; dot < BK; ++dot) {
      for (int i = 0; i < TM; ++i) regM[i] = As[dot * BM + threadRow * TM + i];
      for (int i = 0; i < TN; ++i) regN[i] = Bs[dot * BN + threadCol * TN + i];
#pragma unroll
      for (int m = 0; m < TM; ++m)
#pragma unroll
        for (int n = 0; n < TN; ++n) threadResults[m * TN + n] += regM[m] * regN[n];
    }
    __syncthreads();
  }
  for (int m = 0; m < TM; ++m)
    for (int n = 0; n < TN; n += 4) {
      float4 tmp = reinterpret_cast<float4 *>(&C[(threadRow * TM + m) * N + threadCol * TN + n])[0];
      tmp.x = alpha * threadResults[m * TN + n] + beta * tmp.x;
      tmp.y = alpha * threadResults[m * TN + n + 1] + beta * tmp.y;
      tmp.z = alpha * threadResults[m * TN + n + 2] + beta * tmp.z;
      tmp.w = alpha * threadResults[m * TN + n + 3] + beta * tmp.w;
      reinterpret_cast<float4 *>(&C[(threadRow * TM + m) * N + threadCol * TN + n])[0] = tmp;
    }
}

void run(int M, int N, int K, float alpha, const float *A, const float *B, float beta, float *C) {
  const int BM = 32, BN = 32;
  dim3 gridDim((N + BN - 1) / BN, (M + BM - 1) / BM);
  sgemm_2d<32, 32, 8, 4, 4><<<gridDim, 64>>>(M, N, K, alpha, A, B, beta, C);
}
