#define NUM_BINS 64

__global__ void histogram_kernel(const unsigned int* data, unsigned int* bins, unsigned int n) {
    __shared__ unsigned int histo_s[NUM_BINS];
    for (unsigned int b = threadIdx.x; b < NUM_BINS; b += blockDim.x) histo_s[b] = 0u;
    __syncthreads();
    // runs of equal values are added at once
    unsigned int accumulator = 0;
    int prev = -1;
    const unsigned int chunk = (n + gridDim.x * blockDim.x - 1) / (gridDim.x * blockDim.x);
    const unsigned int first = (blockIdx.x * blockDim.x + threadIdx.x) * chunk;
    for (unsigned int i = first; i < min(first + chunk, n); ++i) {
        int bin = data[i] & (NUM_BINS - 1);
        if (bin == prev) {
            ++accumulator;
        } else {
            if (accumulator > 0) atomicAdd(&histo_s[prev], accumulator);
            accumulator = 1;
            prev = bin;
        }
    }
    if (accumulator > 0) atomicAdd(&histo_s[prev], accumulator);
    __syncthreads();
    for (unsigned int b = threadIdx.x; b < NUM_BINS; b += blockDim.x) {
        unsigned int v = histo_s[b];
        if (v > 0) atomicAdd(bins + b, v);
    }
}
