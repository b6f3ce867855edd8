#define K 4

/* Each thread keeps the K largest of one row, in order, in registers. */
__global__ void topk(const float *x, float *values, int *indices, int rows, int cols)
{
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows)
        return;
    float best[K];
    int at[K];
    for (int k = 0; k < K; k++) { best[k] = -3.402823466e+38F; at[k] = -1; }
    for (int c = 0; c < cols; c++) {
        float v = x[row * cols + c];
        if (v <= best[K - 1])
            continue;
        int p = K - 1;
        while (p > 0 && best[p - 1] < v) {
            best[p] = best[p - 1];
            at[p] = at[p - 1];
            p--;
        }
        best[p] = v;
        at[p] = c;
    }
    for (int k = 0; k < K; k++) {
        values[row * K + k] = best[k];
        indices[row * K + k] = at[k];
    }
}
