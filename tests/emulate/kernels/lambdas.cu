// Lambdas: by value and by reference, generic, handed to a function.
template <typename F>
__device__ float folded(const float *x, int n, F combine) {
  float acc = x[0];
  for (int i = 1; i < n; ++i) acc = combine(acc, x[i]);
  return acc;
}

__global__ void lambdas(const float *x, float *y, int n) {
  const int row = blockIdx.x * blockDim.x + threadIdx.x;
  if (row >= n) return;
  int seen = 0;
  float bound = 0.5f;
  auto clip = [bound, &seen](float v) {
    if (v > bound) { ++seen; return bound; }
    return v;
  };
  bound = 9.0f;  // the copy does not see this
  const float *mine = x + 4 * row;
  float sum = 0;
  for (int i = 0; i < 4; ++i) sum += clip(mine[i]);
  auto twice = [](auto v) { return v + v; };
  const float largest = folded(mine, 4, [](float a, float b) { return a > b ? a : b; });
  y[4 * row] = sum;
  y[4 * row + 1] = seen;
  y[4 * row + 2] = twice(largest);
  y[4 * row + 3] = folded(mine, 4, [=](float a, float b) { return a + b * row; });
}
