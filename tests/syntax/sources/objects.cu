// What C++ adds around kernels: operators, constructors, lambdas, specialisations, far pointers.
enum class Mode : unsigned char { Sum = 1, Max = 1 << 2 };
struct Welford {
  float mean = 0.f, m2 = 0.f;
  __device__ Welford() {}
  __device__ Welford(float m, float v) : mean(m), m2{v} { m2 *= 2; }
  __device__ float operator()(float x) const { return x - mean; }
  Welford &operator+=(const Welford &other) { mean += other.mean; return *this; }
  template <typename T> __device__ T scaled(T x) const { return x * mean; }
};
__device__ inline float2 operator*(const float2 &a, float b) { return make_float2(a.x * b, a.y * b); }
template <int N> __device__ int last(int x) { return last<N - 1>(x) + N; }
template <> __device__ int last<0>(int x) { return x; }
template <typename T> struct Limits { static constexpr int width = 4; };
template <> struct Limits<double> { static constexpr int width = 2; };
__device__ void fill(float (&tile)[8][9], const float (*rows)[4], float *kept[2]) {
  float (*other)[4] = reinterpret_cast<float (*)[4]>(kept[0]);
  float (&first)[9] = tile[0];
  first[threadIdx.x] = (*other)[1] + ((const float (*)[4])rows)[1][2];
}
__global__ void apply(float *x, int n) {
  int seen = 0, known[2] = {[0] = 1, [1] = 2};
  auto clip = [=, &seen](float v) -> float { if (v > 1.f) { ++seen; return 1.f; } return v; };
  auto twice = [] __device__ (auto v) { return v + v; };
  x[threadIdx.x] = twice(clip(x[n])) + known[seen & 1];
}
