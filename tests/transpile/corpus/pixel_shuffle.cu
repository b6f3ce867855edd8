typedef int index_t;

template <typename T, index_t R>
__global__ void pixel_shuffle(T const *in, T *out, index_t C, index_t H, index_t W)
{
    index_t const w = blockIdx.x * blockDim.x + threadIdx.x;
    index_t const h = blockIdx.y;
    index_t const c = blockIdx.z;
    if (w >= W * R) return;
    index_t const channel = (c * R + h % R) * R + w % R;
    out[(c * H * R + h) * W * R + w] = in[(channel * H + h / R) * W + w / R];
}

extern "C" void pixel_shuffle_2(short const *in, short *out, int C, int H, int W)
{
    pixel_shuffle<short, 2><<<dim3((2 * W + 31) / 32, 2 * H, C), 32>>>(in, out, C, H, W);
}
