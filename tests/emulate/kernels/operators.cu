// Operators that the source defines, for vectors and for a struct of its own.
__device__ float2 operator+(float2 a, float2 b) { return make_float2(a.x + b.x, a.y + b.y); }
__device__ float2 operator*(const float2 &a, float s) { return make_float2(a.x * s, a.y * s); }
__device__ float2 &operator+=(float2 &a, float2 b) { a.x += b.x; a.y += b.y; return a; }

struct Modular {
  int value;
  __device__ Modular operator*(const Modular &o) const { return Modular{value * o.value % 97}; }
  __device__ Modular &operator+=(const Modular &o) { value = (value + o.value) % 97; return *this; }
  __device__ bool operator==(const Modular &o) const { return value == o.value; }
  __device__ int operator[](int bit) const { return value >> bit & 1; }
};

__global__ void operators(const float2 *x, float2 *y, int *z) {
  const int i = threadIdx.x;
  float2 v = x[i] + x[i] * 2.0f;
  v += x[i];
  y[i] = v;
  Modular a{i}, b{i + 5};
  Modular c = a * b;
  c += a;
  z[i] = c.value * 10 + (a == b) + c[0] * 2;
}
