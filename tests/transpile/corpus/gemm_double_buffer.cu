#define BLOCK 16

// Two shared tiles: one is computed with while the next is loaded.
__device__ void load_tile(float (&dst)[BLOCK][BLOCK], const float *src, int row, int col, int rows, int cols)
{
    const int r = row + threadIdx.y, c = col + threadIdx.x;
    dst[threadIdx.y][threadIdx.x] = (r < rows && c < cols) ? src[r * cols + c] : 0.f;
}

__global__ void gemm_db(const float *A, const float *B, float *C, int M, int N, int K)
{
    __shared__ float a[2][BLOCK][BLOCK], b[2][BLOCK][BLOCK];
    const int row0 = blockIdx.y * BLOCK, col0 = blockIdx.x * BLOCK;
    int cur = 0;
    load_tile(a[cur], A, row0, 0, M, K);
    load_tile(b[cur], B, 0, col0, K, N);
    __syncthreads();
    float sum = 0.f;
    for (int k0 = 0; k0 < K; k0 += BLOCK) {
        if (k0 + BLOCK < K) {
            load_tile(a[cur ^ 1], A, row0, k0 + BLOCK, M, K);
            load_tile(b[cur ^ 1], B, k0 + BLOCK, col0, K, N);
        }
        #pragma unroll 4
        for (int k = 0; k < BLOCK; k++) sum += a[cur][threadIdx.y][k] * b[cur][k][threadIdx.x];
        __syncthreads();
        cur ^= 1;
    }
    const int r = row0 + threadIdx.y, c = col0 + threadIdx.x;
    if (r < M && c < N) C[r * N + c] = sum;
}
