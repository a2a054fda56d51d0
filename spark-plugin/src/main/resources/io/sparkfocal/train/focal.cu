// Focal loss of every row, its gradient by the logits, and the sums over all rows, in one launch:
// logits read and gradients written once.
//
// Built for one shape of the loss by macros:
//   CLASSES        logits of a row
//   LANES          threads that share a row: a power of two, 32 at most
//   SIGMOID        1: a sigmoid of each logit; 0: a softmax over a row, of 2 classes at least
//   HALF           1: logits and gradients are binary16; 0: binary32
//   GAMMA          the exponent, as a float literal
//   GAMMA_FACTORS  GAMMA where it is a small whole number, else -1
//
// The formulas are those of FocalTerms: with d the log odds against the truth, p = sigmoid(-d) and
// q = sigmoid(d), value = q^gamma softplus(d) and slope = q^gamma (q + gamma p softplus(d)).

#if HALF
typedef unsigned short LOGIT;
#define LOAD(x) from_half(x)
#define STORE(x) to_half(x)
#else
typedef float LOGIT;
#define LOAD(x) (x)
#define STORE(x) (x)
#endif

#define PER_LANE ((CLASSES + LANES - 1) / LANES)
// So many fit into a thread's registers; a wider row is read three times, from the cache mostly.
#define HELD (PER_LANE <= 64)

typedef struct {
  const LOGIT *logits;           // (rows, CLASSES)
  const long long *labels;       // (rows); 0 or 1 where CLASSES is 1
  const float *alphas;           // softmax: (alpha_count); sigmoid: weights of target 0 and target 1
  const float *sample_weights;   // (rows), which gradients are multiplied by; null for ones
  const float *scale;            // (1), which gradients are multiplied by too; null for 1
  LOGIT *gradients;              // (rows, CLASSES)
  float *values;                 // (rows); null, as weights are, where the sums are asked for
  float *weights;                // (rows)
  float *sums;                   // (2): of the weighted values, and their denominator
  float *partials;               // (2 * blocks): the same of each block
  unsigned *ended;               // (1): 0 before and after the launch
  long long rows;
  long long alpha_count;         // CLASSES, or 1 for all classes
  long long divides_by_rows;     // 1: the denominator is the sum of the sample weights
  long long divides_by_alpha;    // 1: that of the sample weights times the weights; else 1
} FocalArguments;

DEVICE float sum_of_lanes(float value) {
  for (int offset = LANES / 2; offset > 0; offset /= 2) {
    value += __shfl_xor_sync(0xffffffffu, value, offset);
  }
  return value;
}

#if !SIGMOID
DEVICE float largest_of_lanes(float value) {
  for (int offset = LANES / 2; offset > 0; offset /= 2) {
    value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, offset));
  }
  return value;
}
#endif

typedef struct {
  float value;
  float slope;
} Terms;

DEVICE Terms focal_terms(float d) {
  float cross_entropy = fmaxf(d, 0.0f) + log1pf(expf(-fabsf(d)));
  float q = 1.0f / (1.0f + expf(-d));
  float p = 1.0f / (1.0f + expf(d));
  float focus = 1.0f;
#if GAMMA_FACTORS < 0
  focus = powf(q, GAMMA);
#else
  for (int i = 0; i < GAMMA_FACTORS; i++) {
    focus *= q;
  }
#endif
  Terms terms;
  terms.value = focus * cross_entropy;
  terms.slope = focus * (q + GAMMA * p * cross_entropy);
  return terms;
}

// The block that ends last adds up what all have found, in their order, so that the bits do not
// depend on which one that is.
DEVICE void add_up(const FocalArguments *a, float value, float weight) {
  __shared__ int is_last;
  value = sum_of_block(value);
  weight = sum_of_block(weight);
  if (threadIdx.x == 0) {
    a->partials[2 * blockIdx.x] = value;
    a->partials[2 * blockIdx.x + 1] = weight;
    __threadfence();
    is_last = atomicAdd(a->ended, 1u) == gridDim.x - 1;
  }
  __syncthreads();
  if (!is_last) {
    return;
  }
  __threadfence();
  // Past the cache of this multiprocessor, which may know older ones.
  const volatile float *partials = a->partials;
  value = 0.0f;
  weight = 0.0f;
  for (unsigned i = threadIdx.x; i < gridDim.x; i += THREADS) {
    value += partials[2 * i];
    weight += partials[2 * i + 1];
  }
  value = sum_of_block(value);
  weight = sum_of_block(weight);
  if (threadIdx.x == 0) {
    a->sums[0] = value;
    a->sums[1] = a->divides_by_rows || a->divides_by_alpha ? weight : 1.0f;
    *a->ended = 0;
  }
}

// A label out of range makes the values and gradients of its row NaN, which ends a training with a
// sentence; a trap would end the process's use of the GPU.
KERNEL(focal, FocalArguments) {
  long long thread = blockIdx.x * (long long)THREADS + threadIdx.x;
  int lane = (int)(thread % LANES);
  // All lanes of a warp take part in its exchanges, so those behind the last row repeat it.
  int present = thread / LANES < a.rows;
  long long row = present ? thread / LANES : a.rows - 1;
  const LOGIT *logits = a.logits + row * CLASSES;
  LOGIT *gradients = a.gradients + row * CLASSES;
  long long label = a.labels[row];
  float sample_weight = a.sample_weights == 0 ? 1.0f : a.sample_weights[row];
  float scale = a.scale == 0 ? 1.0f : a.scale[0];
  int known = label >= 0 && label < (CLASSES == 1 ? 2 : CLASSES);

#if SIGMOID
  float value = 0.0f;
  for (int c = lane; c < CLASSES; c += LANES) {
    int positive = CLASSES == 1 ? label == 1 : c == label;
    float sign = positive ? -1.0f : 1.0f;
    float weight = a.alphas[positive];
    Terms terms = focal_terms(known ? sign * LOAD(logits[c]) : NAN);
    value += weight * terms.value;
    if (present) {
      gradients[c] = STORE(scale * (sample_weight * sign * weight * terms.slope));
    }
  }
  value = sum_of_lanes(value);
  float weight = CLASSES == 1
      ? a.alphas[label == 1]
      : ((CLASSES - 1) * a.alphas[0] + a.alphas[1]) / CLASSES;
#else
  // The true class is left out of the softmax, so that nothing cancels where it is next to 1.
#if HELD
  float z[PER_LANE];
  UNROLL
  for (int i = 0; i < PER_LANE; i++) {
    // None of these loads waits for that of the label.
    int c = lane + i * LANES;
    z[i] = c < CLASSES ? LOAD(logits[c]) : -INFINITY;
  }
  float largest = -INFINITY;
  UNROLL
  for (int i = 0; i < PER_LANE; i++) {
    z[i] = lane + i * LANES != label ? z[i] : -INFINITY;
    largest = fmaxf(largest, z[i]);
  }
  largest = largest_of_lanes(largest);
  float sum = 0.0f;
  UNROLL
  for (int i = 0; i < PER_LANE; i++) {
    z[i] = expf(z[i] - largest);
    sum += z[i];
  }
#else
  float largest = -INFINITY;
  for (int c = lane; c < CLASSES; c += LANES) {
    if (c != label) {
      largest = fmaxf(largest, LOAD(logits[c]));
    }
  }
  largest = largest_of_lanes(largest);
  float sum = 0.0f;
  for (int c = lane; c < CLASSES; c += LANES) {
    sum += c != label ? expf(LOAD(logits[c]) - largest) : 0.0f;
  }
#endif
  sum = sum_of_lanes(sum);
  float target = known ? LOAD(logits[label]) : NAN;
  // In this order: the logarithm would be lost beside a large logit.
  Terms terms = focal_terms((largest - target) + logf(sum));
  float weight = a.alphas[known && a.alpha_count > 1 ? label : 0];
  float value = weight * terms.value;
  float slope = scale * (sample_weight * weight * terms.slope);
  float share = slope / sum;
  if (present) {
#if HELD
    UNROLL
    for (int i = 0; i < PER_LANE; i++) {
      int c = lane + i * LANES;
      if (c < CLASSES) {
        gradients[c] = STORE(c == label ? -slope : share * z[i]);
      }
    }
#else
    for (int c = lane; c < CLASSES; c += LANES) {
      gradients[c] = STORE(c == label ? -slope : share * expf(LOAD(logits[c]) - largest));
    }
#endif
  }
#endif
  int speaks = present && lane == 0;
  if (a.sums != 0) {
    add_up(
        &a, speaks ? sample_weight * value : 0.0f,
        speaks ? sample_weight * (a.divides_by_alpha ? weight : 1.0f) : 0.0f);
  } else if (speaks) {
    a.values[row] = value;
    a.weights[row] = weight;
  }
}
