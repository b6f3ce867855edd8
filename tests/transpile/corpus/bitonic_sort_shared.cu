template <class T>
__device__ inline void swap_if(T &a, T &b, bool up)
{
    if ((a > b) == up) {
        T t = a;
        a = b;
        b = t;
    }
}

// Each block sorts SIZE values, ascending in even blocks and descending in odd ones.
template <int SIZE>
__global__ void bitonic(int *keys)
{
    __shared__ int s[SIZE];
    const int tid = threadIdx.x;
    int *mine = keys + blockIdx.x * SIZE;
    s[tid] = mine[tid];
    s[tid + SIZE / 2] = mine[tid + SIZE / 2];
    const bool direction = (blockIdx.x & 1) == 0;
    for (int size = 2; size <= SIZE; size <<= 1) {
        const bool up = size == SIZE ? direction : (tid & (size / 2)) == 0;
        for (int stride = size / 2; stride > 0; stride >>= 1) {
            __syncthreads();
            const int pos = 2 * tid - (tid & (stride - 1));
            swap_if(s[pos], s[pos + stride], up);
        }
    }
    __syncthreads();
    mine[tid] = s[tid];
    mine[tid + SIZE / 2] = s[tid + SIZE / 2];
}
