// Complex numbers in float2, with operators as people define them.
__device__ inline float2 operator+(float2 a, float2 b) { return make_float2(a.x + b.x, a.y + b.y); }
__device__ inline float2 operator*(const float2 &a, const float2 &b) {
  return make_float2(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}
__device__ inline float norm2(float2 a) { return a.x * a.x + a.y * a.y; }

__global__ void julia_step(const float2 *z, float2 *out, float *mag, float cr, float ci, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) {
    float2 v = z[i];
    const float2 c = {cr, ci};
    v = v * v + c;
    out[i] = v;
    mag[i] = norm2(v);
  }
}
