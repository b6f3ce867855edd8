#include <algorithm>
#include <vector>
#include <iostream>
#include <functional>
#include <memory>
#include <string>
#include <map>
#include <numeric>
#include <tuple>
#include <array>
#include <optional>
#include <mutex>
#include <chrono>
#include <thread>
#include <random>
#include <cuda_runtime.h>
#include <device_launch_parameters.h>
using namespace std;
struct alignas(16) Four { float v[4]; };
__global__ void add(const Four *x, Four *y) {
  __shared__ alignas(16) Four s[8];
  s[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  for (int i = 0; i < 4; ++i) y[threadIdx.x].v[i] = max(s[threadIdx.x].v[i], s[0].v[i]) + min(i, 2) + abs(-1.5f);
}
