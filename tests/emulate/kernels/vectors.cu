__global__ void vectors(const float *x, float *y, const int *a, int *b) {
  int i = threadIdx.x;
  float4 v = reinterpret_cast<const float4 *>(x)[i];
  float2 w = make_float2(v.x + v.y, v.z + v.w);
  *(float4 *)(y + 4 * i) = make_float4(w.x, w.y, v.w, v.x);
  int4 k = *(const int4 *)(a + 4 * i);
  ((int2 *)b)[2 * i] = make_int2(k.w, k.z);
  ((int2 *)b)[2 * i + 1] = make_int2(k.y, k.x);
}
