// Group normalisation: a block per (image, group); sums in double.
__global__ void groupNorm(const float *__restrict__ X, const float *__restrict__ weight,
                          const float *__restrict__ bias, float *__restrict__ Y,
                          int C, int HW, int G, float eps)
{
    const int channels = C / G;
    const int n = blockIdx.x / G, g = blockIdx.x % G;
    const long base = ((long)n * C + (long)g * channels) * HW;
    const int count = channels * HW;

    double s = 0.0, ss = 0.0;
    for (int i = threadIdx.x; i < count; i += blockDim.x) {
        double v = X[base + i];
        s += v;
        ss += v * v;
    }
    __shared__ double S[128], SS[128];
    S[threadIdx.x] = s;
    SS[threadIdx.x] = ss;
    __syncthreads();
    for (int w = blockDim.x >> 1; w; w >>= 1) {
        if (threadIdx.x < w) {
            S[threadIdx.x] += S[threadIdx.x + w];
            SS[threadIdx.x] += SS[threadIdx.x + w];
        }
        __syncthreads();
    }
    const double mean = S[0] / count;
    const double var = SS[0] / count - mean * mean;
    const float inv = (float)rsqrt(var + (double)eps);
    for (int i = threadIdx.x; i < count; i += blockDim.x) {
        int c = g * channels + i / HW;
        Y[base + i] = ((float)(X[base + i] - mean)) * inv * weight[c] + bias[c];
    }
}
