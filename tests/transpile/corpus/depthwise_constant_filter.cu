#define K 3
#define RADIUS (K / 2)

__constant__ float d_filter[K * K] = {0.0625f, 0.125f, 0.0625f, 0.125f, 0.25f, 0.125f, 0.0625f, 0.125f, 0.0625f};

// Blur of every channel by a constant filter; borders are clamped.
__global__ void blur(const unsigned char *in, unsigned char *out, int w, int h)
{
    const int x = blockIdx.x * blockDim.x + threadIdx.x;
    const int y = blockIdx.y * blockDim.y + threadIdx.y;
    const int plane = blockIdx.z * w * h;
    if (x >= w || y >= h) return;
    float acc = 0.f;
    for (int dy = -RADIUS; dy <= RADIUS; dy++)
        for (int dx = -RADIUS; dx <= RADIUS; dx++) {
            int xx = min(max(x + dx, 0), w - 1);
            int yy = min(max(y + dy, 0), h - 1);
            acc += d_filter[(dy + RADIUS) * K + dx + RADIUS] * in[plane + yy * w + xx];
        }
    out[plane + y * w + x] = (unsigned char)(acc + 0.5f);
}
