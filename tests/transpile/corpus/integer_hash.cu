typedef unsigned long long u64;

__device__ __host__ inline unsigned murmur_mix(unsigned h)
{
    h ^= h >> 16; h *= 0x85ebca6bU;
    h ^= h >> 13; h *= 0xc2b2ae35U;
    return h ^ (h >> 16);
}

__device__ u64 splitmix(u64 *state)
{
    u64 z = (*state += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

__global__ void hash_all(const unsigned *keys, unsigned *h32, u64 *h64, int n, int rounds)
{
    int i = threadIdx.x + blockDim.x * blockIdx.x;
    if (i >= n) return;
    u64 state = keys[i], last = 0;
    int r = 0;
    do {
        last = splitmix(&state);
    } while (++r < rounds);
    h32[i] = murmur_mix(keys[i]);
    h64[i] = last;
}
