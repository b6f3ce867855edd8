__global__ void bytes(const unsigned char *x, unsigned char *y, double *d) {
  int i = threadIdx.x;
  uchar4 v = ((const uchar4 *)x)[i];
  ((uchar4 *)y)[i] = make_uchar4(v.w, v.z, v.y, v.x);
  double2 p = make_double2(v.x, v.y);
  d[i] = p.x / (p.y + 1.0);
}
