// What C's library lacks of CUDA's: each function stands alone or names those above it.
// The transpiler copies into its output only what that output calls.

static inline int max_int(int a, int b) {
  return a > b ? a : b;
}

static inline int min_int(int a, int b) {
  return a < b ? a : b;
}

static inline unsigned max_unsigned(unsigned a, unsigned b) {
  return a > b ? a : b;
}

static inline unsigned min_unsigned(unsigned a, unsigned b) {
  return a < b ? a : b;
}

static inline int64_t max_int64_t(int64_t a, int64_t b) {
  return a > b ? a : b;
}

static inline int64_t min_int64_t(int64_t a, int64_t b) {
  return a < b ? a : b;
}

static inline uint64_t max_uint64_t(uint64_t a, uint64_t b) {
  return a > b ? a : b;
}

static inline uint64_t min_uint64_t(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

// As CUDA's: of a number and a NaN, the number. Two selects: gcc 12 makes no SIMD of ``||`` where
// one of these is an operand of the other.
static inline float max_float(float a, float b) {
  const float c = b != b ? a : b;
  return a > c ? a : c;
}

static inline float min_float(float a, float b) {
  const float c = b != b ? a : b;
  return a < c ? a : c;
}

// As CUDA's: of a number and a NaN, the number.
static inline double max_double(double a, double b) {
  const double c = b != b ? a : b;
  return a > c ? a : c;
}

static inline double min_double(double a, double b) {
  const double c = b != b ? a : b;
  return a < c ? a : c;
}

// As CUDA's: of a number and a NaN, the number.
static inline _Float16 max__Float16(_Float16 a, _Float16 b) {
  float x = a, y = b;
  return (_Float16)(x > y || y != y ? x : y);
}

static inline _Float16 min__Float16(_Float16 a, _Float16 b) {
  float x = a, y = b;
  return (_Float16)(x < y || y != y ? x : y);
}

static inline float saturate(float a) {
  return a > 0.0f ? (a < 1.0f ? a : 1.0f) : 0.0f;
}

static inline int float_as_int(float a) {
  int bits;
  memcpy(&bits, &a, sizeof bits);
  return bits;
}

static inline float int_as_float(int a) {
  float value;
  memcpy(&value, &a, sizeof value);
  return value;
}

static inline unsigned float_as_unsigned(float a) {
  unsigned bits;
  memcpy(&bits, &a, sizeof bits);
  return bits;
}

static inline float unsigned_as_float(unsigned a) {
  float value;
  memcpy(&value, &a, sizeof value);
  return value;
}

static inline int64_t double_as_int64_t(double a) {
  int64_t bits;
  memcpy(&bits, &a, sizeof bits);
  return bits;
}

static inline double int64_t_as_double(int64_t a) {
  double value;
  memcpy(&value, &a, sizeof value);
  return value;
}

static inline uint16_t half_as_uint16_t(_Float16 a) {
  uint16_t bits;
  memcpy(&bits, &a, sizeof bits);
  return bits;
}

static inline _Float16 uint16_t_as_half(uint16_t a) {
  _Float16 value;
  memcpy(&value, &a, sizeof value);
  return value;
}

// Towards zero, held at the ends of the range.
static inline int double_to_int(double a) {
  return a != a ? 0 : a >= 2147483647.0 ? 2147483647 : a <= -2147483648.0 ? -2147483647 - 1 : (int)a;
}

static inline unsigned double_to_unsigned(double a) {
  return !(a > 0.0) ? 0u : a >= 4294967295.0 ? 4294967295u : (unsigned)a;
}

static inline int count_leading_zeros(unsigned a) {
  return a ? __builtin_clz(a) : 32;
}

static inline int count_leading_zeros_64(uint64_t a) {
  return a ? __builtin_clzll(a) : 64;
}

static inline unsigned reverse_bits(unsigned a) {
  a = (a >> 1 & 0x55555555u) | (a & 0x55555555u) << 1;
  a = (a >> 2 & 0x33333333u) | (a & 0x33333333u) << 2;
  a = (a >> 4 & 0x0f0f0f0fu) | (a & 0x0f0f0f0fu) << 4;
  return __builtin_bswap32(a);
}

static inline unsigned byte_perm(unsigned a, unsigned b, unsigned selector) {
  uint64_t bytes = (uint64_t)b << 32 | a;
  unsigned result = 0;
  for (int i = 0; i < 4; ++i) {
    unsigned pick = selector >> (4 * i);
    unsigned byte = (unsigned)(bytes >> (8 * (pick & 7))) & 0xff;
    result |= (pick & 8 ? (byte & 0x80 ? 0xffu : 0u) : byte) << (8 * i);
  }
  return result;
}

static inline unsigned funnel_left(unsigned low, unsigned high, unsigned shift) {
  return (unsigned)((((uint64_t)high << 32 | low) << (shift & 31)) >> 32);
}

static inline unsigned funnel_right(unsigned low, unsigned high, unsigned shift) {
  return (unsigned)(((uint64_t)high << 32 | low) >> (shift & 31));
}

static inline int dot_bytes(int a, int b, int sum) {
  for (int i = 0; i < 32; i += 8) {
    sum += (int8_t)(a >> i) * (int8_t)(b >> i);
  }
  return sum;
}

static inline unsigned dot_bytes_unsigned(unsigned a, unsigned b, unsigned sum) {
  for (int i = 0; i < 32; i += 8) {
    sum += (a >> i & 0xff) * (b >> i & 0xff);
  }
  return sum;
}

static inline int multiply_24(int a, int b) {
  return (a << 8 >> 8) * (b << 8 >> 8);
}

static inline float bf16_to_float(uint16_t a) {
  unsigned bits = (unsigned)a << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

// To the nearest, ties to even.
static inline uint16_t float_to_bf16(float a) {
  unsigned bits;
  memcpy(&bits, &a, sizeof bits);
  return a != a ? 0x7fff : (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static inline float normal_cdf(float a) {
  return 0.5f * erfcf(-0.70710678f * a);
}

static inline double normal_cdf_double(double a) {
  return 0.5 * erfc(-0.70710678118654752440 * a);
}

// Newton's method on erf, from Winitzki's first guess.
static inline double inverse_erf(double a) {
  if (!(a > -1.0 && a < 1.0)) {
    return a == 1.0 ? INFINITY : a == -1.0 ? -INFINITY : NAN;
  }
  double l = log1p(-a * a);
  double u = 4.3307467508 + l / 2;
  double x = copysign(sqrt(sqrt(u * u - l / 0.147) - u), a);
  for (int i = 0; i < 4; ++i) {
    x -= (erf(x) - a) * 0.88622692545275801365 * exp(x * x);
  }
  return x;
}

static inline float atomic_add_float(float *address, float value) {
  unsigned seen = __atomic_load_n((unsigned *)address, __ATOMIC_RELAXED), next;
  float old;
  do {
    memcpy(&old, &seen, sizeof old);
    float sum = old + value;
    memcpy(&next, &sum, sizeof next);
  } while (!__atomic_compare_exchange_n((unsigned *)address, &seen, next, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
  return old;
}

static inline double atomic_add_double(double *address, double value) {
  uint64_t seen = __atomic_load_n((uint64_t *)address, __ATOMIC_RELAXED), next;
  double old;
  do {
    memcpy(&old, &seen, sizeof old);
    double sum = old + value;
    memcpy(&next, &sum, sizeof next);
  } while (!__atomic_compare_exchange_n((uint64_t *)address, &seen, next, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
  return old;
}

static inline _Float16 atomic_add__Float16(_Float16 *address, _Float16 value) {
  uint16_t seen = __atomic_load_n((uint16_t *)address, __ATOMIC_RELAXED), next;
  _Float16 old;
  do {
    memcpy(&old, &seen, sizeof old);
    _Float16 sum = old + value;
    memcpy(&next, &sum, sizeof next);
  } while (!__atomic_compare_exchange_n((uint16_t *)address, &seen, next, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
  return old;
}

static inline int atomic_max_int(int *address, int value) {
  int old = __atomic_load_n(address, __ATOMIC_RELAXED);
  while (value > old && !__atomic_compare_exchange_n(address, &old, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
  }
  return old;
}

static inline int atomic_min_int(int *address, int value) {
  int old = __atomic_load_n(address, __ATOMIC_RELAXED);
  while (value < old && !__atomic_compare_exchange_n(address, &old, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
  }
  return old;
}

static inline unsigned atomic_max_unsigned(unsigned *address, unsigned value) {
  unsigned old = __atomic_load_n(address, __ATOMIC_RELAXED);
  while (value > old && !__atomic_compare_exchange_n(address, &old, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
  }
  return old;
}

static inline unsigned atomic_min_unsigned(unsigned *address, unsigned value) {
  unsigned old = __atomic_load_n(address, __ATOMIC_RELAXED);
  while (value < old && !__atomic_compare_exchange_n(address, &old, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
  }
  return old;
}

static inline int64_t atomic_max_int64_t(int64_t *address, int64_t value) {
  int64_t old = __atomic_load_n(address, __ATOMIC_RELAXED);
  while (value > old && !__atomic_compare_exchange_n(address, &old, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
  }
  return old;
}

static inline int64_t atomic_min_int64_t(int64_t *address, int64_t value) {
  int64_t old = __atomic_load_n(address, __ATOMIC_RELAXED);
  while (value < old && !__atomic_compare_exchange_n(address, &old, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
  }
  return old;
}

static inline uint64_t atomic_max_uint64_t(uint64_t *address, uint64_t value) {
  uint64_t old = __atomic_load_n(address, __ATOMIC_RELAXED);
  while (value > old && !__atomic_compare_exchange_n(address, &old, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
  }
  return old;
}

static inline uint64_t atomic_min_uint64_t(uint64_t *address, uint64_t value) {
  uint64_t old = __atomic_load_n(address, __ATOMIC_RELAXED);
  while (value < old && !__atomic_compare_exchange_n(address, &old, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
  }
  return old;
}

static inline int atomic_swap_if_int(int *address, int wanted, int value) {
  __atomic_compare_exchange_n(address, &wanted, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  return wanted;
}

static inline unsigned atomic_swap_if_unsigned(unsigned *address, unsigned wanted, unsigned value) {
  __atomic_compare_exchange_n(address, &wanted, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  return wanted;
}

static inline int64_t atomic_swap_if_int64_t(int64_t *address, int64_t wanted, int64_t value) {
  __atomic_compare_exchange_n(address, &wanted, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  return wanted;
}

static inline uint64_t atomic_swap_if_uint64_t(uint64_t *address, uint64_t wanted, uint64_t value) {
  __atomic_compare_exchange_n(address, &wanted, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  return wanted;
}

static inline unsigned atomic_increment(unsigned *address, unsigned most) {
  unsigned old = __atomic_load_n(address, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(address, &old, old >= most ? 0 : old + 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
  }
  return old;
}

static inline unsigned atomic_decrement(unsigned *address, unsigned most) {
  unsigned old = __atomic_load_n(address, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(address, &old, old == 0 || old > most ? most : old - 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
  }
  return old;
}

static inline float atomic_exchange_float(float *address, float value) {
  float old;
  __atomic_exchange(address, &value, &old, __ATOMIC_SEQ_CST);
  return old;
}

static inline void matrix_fill_float(float *to, float value, int count) {
  for (int i = 0; i < count; ++i) {
    to[i] = value;
  }
}

static inline void matrix_load_float(float *to, const float *from, int rows, int columns, int down, int right) {
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < columns; ++j) {
      to[i * columns + j] = from[i * down + j * right];
    }
  }
}

static inline void matrix_store_float(const float *from, float *to, int rows, int columns, int down, int right) {
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < columns; ++j) {
      to[i * down + j * right] = from[i * columns + j];
    }
  }
}

// d = a b + c, summed as float.
static inline void matrix_multiply_float(float *d, const _Float16 *a, const _Float16 *b, const float *c, int rows, int columns, int inner) {
  for (int i = 0; i < rows; ++i) {
    float sums[32];
    for (int j = 0; j < columns; ++j) {
      sums[j] = (float)c[i * columns + j];
    }
    for (int k = 0; k < inner; ++k) {
      for (int j = 0; j < columns; ++j) {
        sums[j] += (float)a[i * inner + k] * (float)b[k * columns + j];
      }
    }
    for (int j = 0; j < columns; ++j) {
      d[i * columns + j] = (float)sums[j];
    }
  }
}

static inline void matrix_fill__Float16(_Float16 *to, _Float16 value, int count) {
  for (int i = 0; i < count; ++i) {
    to[i] = value;
  }
}

static inline void matrix_load__Float16(_Float16 *to, const _Float16 *from, int rows, int columns, int down, int right) {
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < columns; ++j) {
      to[i * columns + j] = from[i * down + j * right];
    }
  }
}

static inline void matrix_store__Float16(const _Float16 *from, _Float16 *to, int rows, int columns, int down, int right) {
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < columns; ++j) {
      to[i * down + j * right] = from[i * columns + j];
    }
  }
}

// d = a b + c, summed as float.
static inline void matrix_multiply__Float16(_Float16 *d, const _Float16 *a, const _Float16 *b, const _Float16 *c, int rows, int columns, int inner) {
  for (int i = 0; i < rows; ++i) {
    float sums[32];
    for (int j = 0; j < columns; ++j) {
      sums[j] = (float)c[i * columns + j];
    }
    for (int k = 0; k < inner; ++k) {
      for (int j = 0; j < columns; ++j) {
        sums[j] += (float)a[i * inner + k] * (float)b[k * columns + j];
      }
    }
    for (int j = 0; j < columns; ++j) {
      d[i * columns + j] = (_Float16)sums[j];
    }
  }
}
