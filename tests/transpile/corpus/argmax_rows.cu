// Value and index travel together through the warp; the first of equals wins.
template <typename T>
__device__ void argmax_pair(T& v, int& i, T ov, int oi)
{
    if (ov > v || (ov == v && oi < i)) {
        v = ov;
        i = oi;
    }
}

template <typename T, int BLOCK>
__global__ void argmax_rows(const T* data, int* index, T* value, int cols)
{
    constexpr int WARPS = BLOCK / 32;
    __shared__ T vals[WARPS];
    __shared__ int idxs[WARPS];
    T best = data[blockIdx.x * cols];
    int where = 0;
    for (int c = threadIdx.x; c < cols; c += BLOCK)
        argmax_pair<T>(best, where, data[blockIdx.x * cols + c], c);
    for (int o = 16; o >= 1; o >>= 1) {
        T ov = __shfl_down_sync(0xffffffffu, best, o);
        int oi = __shfl_down_sync(0xffffffffu, where, o);
        argmax_pair<T>(best, where, ov, oi);
    }
    if (threadIdx.x % 32 == 0) {
        vals[threadIdx.x / 32] = best;
        idxs[threadIdx.x / 32] = where;
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        for (int w = 1; w < WARPS; ++w) argmax_pair(best, where, vals[w], idxs[w]);
        index[blockIdx.x] = where;
        value[blockIdx.x] = best;
    }
}

void run(const float* d, int* i, float* v, int rows, int cols) {
    argmax_rows<float, 96><<<rows, 96>>>(d, i, v, cols);
}
