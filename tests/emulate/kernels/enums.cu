// Enums with values, scoped and not, as template arguments and in switches.
enum Kind { KIND_A = 1, KIND_B = 1 << 3, KIND_C };
enum class Mode : unsigned char { Low = 'a', High = Low + 2 };

template <Mode mode>
__device__ int weight() {
  return mode == Mode::High ? 100 : 1;
}

__global__ void enums(const int *x, int *y) {
  int v = 0;
  switch (x[threadIdx.x]) {
    case KIND_A: v += 1;  // falls through
    case KIND_B: v += 10; break;
    case KIND_C: v = static_cast<int>(Mode::High); break;
    default: v = -1;
  }
  y[threadIdx.x] = v * weight<Mode::High>() + weight<Mode::Low>();
}
