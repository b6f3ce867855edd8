// Constructors, members with initialisers, methods that change, traits, specialisations, inner types.
template <typename T> struct Limits { static constexpr int width = 4; using wide = float; };
template <> struct Limits<int> { static constexpr int width = 2; using wide = long long; };

template <int N> __device__ int sum_to() { return N + sum_to<N - 1>(); }
template <> __device__ int sum_to<0>() { return 0; }

class Tally {
 public:
  struct Pair { float low, high; };
  float total = 0.5f;
  __device__ Tally() {}
  __device__ Tally(float start, float scale) : total(start), factor{scale} { total *= 2.0f; }
  __device__ void add(float v) { total += factor * v; ++count; }
  __device__ float mean() const { return total / count; }
  static __device__ float half(float v) { return v / 2; }

 private:
  float factor = 1.0f;
  int count = 0;
};

template <typename T>
__global__ void objects(const float *x, float *y, int n) {
  const int i = threadIdx.x;
  Tally plain, scaled(1.0f, 3.0f);
  for (int k = 0; k < n; ++k) {
    plain.add(x[i * n + k]);
    scaled.add(x[i * n + k]);
  }
  typename Limits<T>::wide big = Limits<T>::width * 1000;
  Tally::Pair both = {plain.mean(), scaled.total};
  y[4 * i] = both.low;
  y[4 * i + 1] = both.high;
  y[4 * i + 2] = Tally::half(big) + sum_to<4>();
  y[4 * i + 3] = Limits<float>::width;
}
