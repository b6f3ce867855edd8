// Pointers and references to arrays.
#define WIDTH 8

__device__ float row_sum(const float (&row)[WIDTH]) {
  float sum = 0;
  for (int i = 0; i < WIDTH; ++i) sum += row[i];
  return sum;
}

template <int ROWS, int COLUMNS>
__device__ void fill(float (&tile)[ROWS][COLUMNS], const float *x) {
  for (int i = threadIdx.x; i < ROWS * COLUMNS; i += blockDim.x) tile[i / COLUMNS][i % COLUMNS] = x[i];
}

__global__ void far_pointers(const float *x, float *y) {
  __shared__ float tile[4][WIDTH];
  fill(tile, x);
  __syncthreads();
  const float (*rows)[WIDTH] = reinterpret_cast<const float (*)[WIDTH]>(x);
  float (*mine)[WIDTH] = &tile[threadIdx.x];
  y[threadIdx.x] = row_sum(*mine) + rows[threadIdx.x][1] * (*mine)[2];
}
