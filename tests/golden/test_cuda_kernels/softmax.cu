// row_max, row_exp, row_sum, softmax: x -> y
extern "C" __global__ void __launch_bounds__(256)
softmax_kernel(const float* __restrict__ x, float* __restrict__ y) {
  const int bx = blockIdx.x;
  const int tx = threadIdx.x;
  float in_thread_row_max_shared;
  __shared__ alignas(64) float red_result[1];
  __shared__ alignas(64) float row_max_shared[1];
  float in_thread_row_sum_shared;
  __shared__ alignas(64) float red_result_1[1];
  __shared__ alignas(64) float row_sum_shared[1];
  in_thread_row_max_shared = -3.4028235e+38f;
  if (tx < 100) {
    in_thread_row_max_shared = max(in_thread_row_max_shared, x[bx * 100 + tx]);
  }
  __shared__ alignas(64) float red_buf_staging[8];
  float t0;
  unsigned int mask;
  float red_buf0;
  float t0_1;
  unsigned int mask_1;
  float red_buf0_1;
  red_buf0 = in_thread_row_max_shared;
  mask = __activemask();
  t0 = __shfl_down_sync(mask, red_buf0, 16, 32);
  red_buf0 = max(red_buf0, t0);
  t0 = __shfl_down_sync(mask, red_buf0, 8, 32);
  red_buf0 = max(red_buf0, t0);
  t0 = __shfl_down_sync(mask, red_buf0, 4, 32);
  red_buf0 = max(red_buf0, t0);
  t0 = __shfl_down_sync(mask, red_buf0, 2, 32);
  red_buf0 = max(red_buf0, t0);
  t0 = __shfl_down_sync(mask, red_buf0, 1, 32);
  red_buf0 = max(red_buf0, t0);
  if ((tx % 32) == 0) {
    red_buf_staging[tx >> 5] = red_buf0;
  }
  __syncthreads();
  if (tx < 8) {
    red_buf0_1 = red_buf_staging[tx];
  }
  mask_1 = __activemask();
  t0_1 = __shfl_down_sync(mask_1, red_buf0_1, 4, 32);
  red_buf0_1 = max(red_buf0_1, t0_1);
  t0_1 = __shfl_down_sync(mask_1, red_buf0_1, 2, 32);
  red_buf0_1 = max(red_buf0_1, t0_1);
  t0_1 = __shfl_down_sync(mask_1, red_buf0_1, 1, 32);
  red_buf0_1 = max(red_buf0_1, t0_1);
  if (tx == 0) {
    ((volatile float*)red_result)[0] = red_buf0_1;
  }
  __syncthreads();
  if (tx == 0) {
    row_max_shared[0] = ((volatile float*)red_result)[0];
  }
  in_thread_row_sum_shared = 0.0f;
  __syncthreads();
  if (tx < 100) {
    in_thread_row_sum_shared = in_thread_row_sum_shared + expf(x[bx * 100 + tx] - row_max_shared[0]);
  }
  __shared__ alignas(64) float red_buf_staging_1[8];
  float t0_2;
  unsigned int mask_2;
  float red_buf0_2;
  float t0_3;
  unsigned int mask_3;
  float red_buf0_3;
  red_buf0_2 = in_thread_row_sum_shared;
  mask_2 = __activemask();
  t0_2 = __shfl_down_sync(mask_2, red_buf0_2, 16, 32);
  red_buf0_2 = red_buf0_2 + t0_2;
  t0_2 = __shfl_down_sync(mask_2, red_buf0_2, 8, 32);
  red_buf0_2 = red_buf0_2 + t0_2;
  t0_2 = __shfl_down_sync(mask_2, red_buf0_2, 4, 32);
  red_buf0_2 = red_buf0_2 + t0_2;
  t0_2 = __shfl_down_sync(mask_2, red_buf0_2, 2, 32);
  red_buf0_2 = red_buf0_2 + t0_2;
  t0_2 = __shfl_down_sync(mask_2, red_buf0_2, 1, 32);
  red_buf0_2 = red_buf0_2 + t0_2;
  if ((tx % 32) == 0) {
    red_buf_staging_1[tx >> 5] = red_buf0_2;
  }
  __syncthreads();
  if (tx < 8) {
    red_buf0_3 = red_buf_staging_1[tx];
  }
  mask_3 = __activemask();
  t0_3 = __shfl_down_sync(mask_3, red_buf0_3, 4, 32);
  red_buf0_3 = red_buf0_3 + t0_3;
  t0_3 = __shfl_down_sync(mask_3, red_buf0_3, 2, 32);
  red_buf0_3 = red_buf0_3 + t0_3;
  t0_3 = __shfl_down_sync(mask_3, red_buf0_3, 1, 32);
  red_buf0_3 = red_buf0_3 + t0_3;
  if (tx == 0) {
    ((volatile float*)red_result_1)[0] = red_buf0_3;
  }
  __syncthreads();
  if (tx == 0) {
    row_sum_shared[0] = ((volatile float*)red_result_1)[0];
  }
  __syncthreads();
  if (tx < 100) {
    y[bx * 100 + tx] = expf(x[bx * 100 + tx] - row_max_shared[0]) / row_sum_shared[0];
  }
}
