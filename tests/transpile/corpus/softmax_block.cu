#include <cuda_runtime.h>
#include <math_constants.h>

extern __shared__ float sdata[];

__global__ void softmax_block(const float* input, float* output, int cols)
{
    int tid = threadIdx.x;
    const float* row_in = input + blockIdx.x * cols;
    float* row_out = output + blockIdx.x * cols;

    float local_max = -CUDART_INF_F;
    for (int i = tid; i < cols; i += blockDim.x)
        local_max = fmaxf(local_max, row_in[i]);
    sdata[tid] = local_max;
    __syncthreads();
    for (unsigned int s = blockDim.x / 2; s > 0; s >>= 1) {
        if (tid < s) sdata[tid] = fmaxf(sdata[tid], sdata[tid + s]);
        __syncthreads();
    }
    float row_max = sdata[0];
    __syncthreads();

    float local_sum = 0;
    for (int i = tid; i < cols; i += blockDim.x) {
        float e = expf(row_in[i] - row_max);
        row_out[i] = e;
        local_sum += e;
    }
    sdata[tid] = local_sum;
    __syncthreads();
    for (unsigned int s = blockDim.x / 2; s > 0; s >>= 1) {
        if (tid < s) sdata[tid] += sdata[tid + s];
        __syncthreads();
    }
    float row_sum = sdata[0];

    for (int i = tid; i < cols; i += blockDim.x)
        row_out[i] /= row_sum;
}

extern "C" void softmax(const float* input, float* output, int rows, int cols)
{
    const int threads = 128;
    softmax_block<<<rows, threads, threads * sizeof(float)>>>(input, output, cols);
}
