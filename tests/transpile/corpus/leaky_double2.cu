__global__ void LeakyReLU(const double *A, double *B, const double slope, const int N)
{
  const int tid = blockDim.x * blockIdx.x + threadIdx.x;
  if (2 * tid + 1 < N) {
    double2 v = *reinterpret_cast<const double2*>(A + 2 * tid);
    v.x = v.x < 0.0 ? slope * v.x : v.x;
    v.y = v.y < 0.0 ? slope * v.y : v.y;
    *reinterpret_cast<double2*>(B + 2 * tid) = v;
  } else if (2 * tid < N) {
    B[2 * tid] = A[2 * tid] >= 0.0 ? A[2 * tid] : slope * A[2 * tid];
  }
}
