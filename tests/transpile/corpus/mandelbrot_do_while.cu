__global__ void mandelbrot(int *iterations, int width, int height, int limit)
{
  int px = blockIdx.x * blockDim.x + threadIdx.x, py = blockIdx.y * blockDim.y + threadIdx.y;
  if (!(px < width && py < height)) return;
  double cx = -2.0 + 3.0 * px / width, cy = -1.0 + 2.0 * py / height;
  double zx = 0, zy = 0;
  int k = 0;
  do {
    double t = zx * zx - zy * zy + cx;
    zy = 2 * zx * zy + cy;
    zx = t;
  } while (zx * zx + zy * zy <= 4.0 && ++k < limit);
  iterations[py * width + px] = k;
}
