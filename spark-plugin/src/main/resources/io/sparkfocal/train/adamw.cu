// AdamW over flat tensors: division by the weight of all rows, clipping, weight decay, the update
// and the zeros for the next step, every value read and written once. Two launches: "squares", then
// "update".

#define SMALLEST_WEIGHT 1.17549435e-38f
#define NORM_EPSILON 1e-6f

typedef struct {
  float *weights;      // (size), on a multiple of 16 bytes, as are the next three
  float *gradients;    // (size), summed over all ranks; zeros afterwards
  float *mean;         // (size)
  float *variance;     // (size)
  float *sums;         // (2): loss and weight of the rows of this step; zeros afterwards
  float *totals;       // (2): sums since they were last read
  float *step;         // (2), from the first launch to the second: the sums
  float *partials;     // (partial_count), likewise: sums of squares of the gradients
  unsigned short *halves;  // (size), the weights as binary16; null for none
  float *scale;        // (2): loss scale and steps since it changed; null for none
  long long size;
  long long partial_count;  // blocks of the first launch; 0 where the norm is not needed
  float clip_norm;          // infinity for no limit
  float keep;     // 1 - learning rate times weight decay
  float rate;     // learning rate with both corrections for the first steps
  float epsilon;  // with the correction of the variance
  float beta1;
  float beta2;
  float rest1;  // 1 - beta1
  float rest2;  // 1 - beta2
  float steps_to_double;
  float largest_scale;
} AdamArguments;

DEVICE float square_sum(float4 v) { return v.x * v.x + v.y * v.y + v.z * v.z + v.w * v.w; }

KERNEL(squares, AdamArguments) {
  if (blockIdx.x == 0 && threadIdx.x == 0) {
    a.step[0] = a.sums[0];
    a.step[1] = a.sums[1];
    a.sums[0] = 0.0f;
    a.sums[1] = 0.0f;
  }
  if (a.partial_count == 0) {
    return;
  }
  long long stride = gridDim.x * (long long)THREADS;
  long long first = blockIdx.x * (long long)THREADS + threadIdx.x;
  const float4 *fours = (const float4 *)a.gradients;
  float sum = 0.0f;
  for (long long i = first; i < a.size / 4; i += stride) {
    sum += square_sum(fours[i]);
  }
  long long last = a.size / 4 * 4 + first;
  if (last < a.size) {
    sum += a.gradients[last] * a.gradients[last];
  }
  sum = sum_of_block(sum);
  if (threadIdx.x == 0) {
    a.partials[blockIdx.x] = sum;
  }
}

typedef struct {
  float weight;
  float mean;
  float variance;
} Moments;

DEVICE Moments adam(
    const AdamArguments *a, float weight, float gradient, float mean, float variance) {
  Moments next;
  next.mean = a->beta1 * mean + a->rest1 * gradient;
  next.variance = a->beta2 * variance + a->rest2 * gradient * gradient;
  next.weight = a->keep * weight - a->rate * next.mean / (sqrtf(next.variance) + a->epsilon);
  return next;
}

// Nothing else of this launch or the first one of the next step reads what is written here.
DEVICE void end_step(const AdamArguments *a, int leaves_out) {
  a->totals[0] += a->step[0];
  a->totals[1] += a->step[1];
  if (a->scale != 0) {
    float clean = leaves_out ? 0.0f : a->scale[1] + 1.0f;
    int doubles = clean >= a->steps_to_double;
    float times = leaves_out ? 0.5f : doubles ? 2.0f : 1.0f;
    a->scale[0] = fminf(a->scale[0] * times, a->largest_scale);
    a->scale[1] = doubles ? 0.0f : clean;
  }
}

KERNEL(update, AdamArguments) {
  float divisor = fmaxf(a.step[1], SMALLEST_WEIGHT);
  float scale = 1.0f;
  int leaves_out = 0;
  if (a.partial_count > 0) {
    float sum = 0.0f;
    for (long long i = threadIdx.x; i < a.partial_count; i += THREADS) {
      sum += a.partials[i];
    }
    sum = sum_of_block(sum);
    leaves_out = a.scale != 0 && !(sum < INFINITY);
    float norm = sqrtf(sum) / divisor;
    scale = a.clip_norm / (norm + NORM_EPSILON);
    // Not fminf, which would hide that the norm is not a number.
    scale = scale > 1.0f ? 1.0f : scale;
  }
  long long stride = gridDim.x * (long long)THREADS;
  long long first = blockIdx.x * (long long)THREADS + threadIdx.x;
  if (first == 0) {
    end_step(&a, leaves_out);
  }
  if (leaves_out) {
    for (long long i = first; i < a.size; i += stride) {
      a.gradients[i] = 0.0f;
    }
    return;
  }
  float4 *weights = (float4 *)a.weights;
  float4 *gradients = (float4 *)a.gradients;
  float4 *means = (float4 *)a.mean;
  float4 *variances = (float4 *)a.variance;
  for (long long i = first; i < a.size / 4; i += stride) {
    float4 w = weights[i], g = gradients[i], m = means[i], v = variances[i];
    Moments x = adam(&a, w.x, g.x / divisor * scale, m.x, v.x);
    Moments y = adam(&a, w.y, g.y / divisor * scale, m.y, v.y);
    Moments z = adam(&a, w.z, g.z / divisor * scale, m.z, v.z);
    Moments u = adam(&a, w.w, g.w / divisor * scale, m.w, v.w);
    weights[i] = make_float4(x.weight, y.weight, z.weight, u.weight);
    means[i] = make_float4(x.mean, y.mean, z.mean, u.mean);
    variances[i] = make_float4(x.variance, y.variance, z.variance, u.variance);
    gradients[i] = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    if (a.halves != 0) {
      ((ushort4 *)a.halves)[i] = make_ushort4(
          to_half(x.weight), to_half(y.weight), to_half(z.weight), to_half(u.weight));
    }
  }
  long long last = a.size / 4 * 4 + first;
  if (last < a.size) {
    Moments x = adam(
        &a, a.weights[last], a.gradients[last] / divisor * scale, a.mean[last], a.variance[last]);
    a.weights[last] = x.weight;
    a.mean[last] = x.mean;
    a.variance[last] = x.variance;
    a.gradients[last] = 0.0f;
    if (a.halves != 0) {
      a.halves[last] = to_half(x.weight);
    }
  }
}
