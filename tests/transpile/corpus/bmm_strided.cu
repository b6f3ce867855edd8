template <typename T>
struct MatrixView {
    const T* data;
    int stride;
    __device__ MatrixView(const T* d, int s) : data(d), stride(s) {}
    __device__ T operator()(int r, int c) const { return data[r * stride + c]; }
};

template <typename T>
__global__ void bmm(const T* a, const T* b, T* c, int m, int n, int k)
{
    int batch = blockIdx.z;
    MatrixView<T> left(a + batch * m * k, k);
    MatrixView<T> right(b + batch * k * n, n);
    int col = blockIdx.x * blockDim.x + threadIdx.x;
    int row = blockIdx.y * blockDim.y + threadIdx.y;
    if (row < m && col < n) {
        T sum = 0;
        for (int i = 0; i < k; i++)
            sum += left(row, i) * right(i, col);
        c[(batch * m + row) * n + col] = sum;
    }
}

void launch(const double* a, const double* b, double* c, int batches, int m, int n, int k)
{
    dim3 block(8, 8, 1);
    dim3 grid((n + 7) / 8, (m + 7) / 8, batches);
    bmm<double><<<grid, block>>>(a, b, c, m, n, k);
}
