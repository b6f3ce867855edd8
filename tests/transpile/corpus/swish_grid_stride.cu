#include <cuda_runtime.h>

__global__ void swish(float *out, const float *in, float beta, unsigned int n)
{
	unsigned int stride = gridDim.x * blockDim.x;
	for (unsigned int i = threadIdx.x + blockIdx.x * blockDim.x; i < n; i += stride)
	{
		float v = in[i];
		out[i] = __fdividef(v, 1.0f + __expf(-beta * v));
	}
}

extern "C" void launch_swish(float *out, const float *in, float beta, unsigned int n)
{
	swish<<<4, 128>>>(out, in, beta, n);
}
