// Jacobi steps of the heat equation, a tile and its border in dynamic shared memory.
extern "C" __global__ void heat_step(const float *u, float *v, int nx, int ny, float alpha)
{
    extern __shared__ float s[];
    const int w = blockDim.x + 2;
    const int gx = blockIdx.x * blockDim.x + threadIdx.x, gy = blockIdx.y * blockDim.y + threadIdx.y;
    for (int i = threadIdx.y * blockDim.x + threadIdx.x; i < w * (blockDim.y + 2); i += blockDim.x * blockDim.y) {
        int x = (int)(blockIdx.x * blockDim.x) + i % w - 1;
        int y = (int)(blockIdx.y * blockDim.y) + i / w - 1;
        x = x < 0 ? 0 : (x >= nx ? nx - 1 : x);
        y = y < 0 ? 0 : (y >= ny ? ny - 1 : y);
        s[i] = u[y * nx + x];
    }
    __syncthreads();
    if (gx < nx && gy < ny) {
        const float *c = &s[(threadIdx.y + 1) * w + threadIdx.x + 1];
        v[gy * nx + gx] = c[0] + alpha * (c[-1] + c[1] + c[-w] + c[w] - 4.f * c[0]);
    }
}
