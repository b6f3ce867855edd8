// y = A x with A in CSR: a warp of sub-lanes a row.
template <int LANES>
__global__ void spmv_csr(int rows, const int *rowptr, const int *colidx, const float *values, const float *x, float *y)
{
    const int gid = blockIdx.x * blockDim.x + threadIdx.x;
    const int lane = gid & (LANES - 1);
    for (int row = gid / LANES; row < rows; row += gridDim.x * blockDim.x / LANES) {
        float dot = 0;
        for (int j = rowptr[row] + lane; j < rowptr[row + 1]; j += LANES) dot += values[j] * x[colidx[j]];
        for (int o = LANES / 2; o; o /= 2) dot += __shfl_xor_sync(0xffffffff, dot, o, LANES);
        if (lane == 0) y[row] = dot;
    }
}
