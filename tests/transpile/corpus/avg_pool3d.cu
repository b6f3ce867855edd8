/* Average pooling in three dimensions, padding not counted. */
struct Pool3d {
    int kernel, stride, pad;
    __host__ __device__ int out(int size) const { return (size + 2 * pad - kernel) / stride + 1; }
    __device__ int first(int o) const { return max(o * stride - pad, 0); }
    __device__ int last(int o, int size) const { return min(o * stride - pad + kernel, size); }
};

__global__ void avgPool3d(const float *x, float *y, int D, int H, int W, int oD, int oH, int oW, int kernel, int stride, int pad)
{
    const Pool3d pool = {kernel, stride, pad};
    int ox = threadIdx.x + blockIdx.x * blockDim.x;
    int oy = threadIdx.y + blockIdx.y * blockDim.y;
    int oz = threadIdx.z;
    int plane = blockIdx.z;
    if (ox >= oW || oy >= oH || oz >= oD) return;
    float total = 0.f;
    int count = 0;
    for (int z = pool.first(oz); z < pool.last(oz, D); z++)
        for (int r = pool.first(oy); r < pool.last(oy, H); r++)
            for (int c = pool.first(ox); c < pool.last(ox, W); c++, count++)
                total += x[((plane * D + z) * H + r) * W + c];
    y[((plane * oD + oz) * oH + oy) * oW + ox] = total / count;
}
