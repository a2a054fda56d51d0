// Rows of a batch out of those on the device.

typedef struct {
  const float *features;         // (all, width)
  const long long *labels;       // (all)
  const float *weights;          // (all)
  const long long *order;        // (rows): which ones
  float *batch_features;         // (rows, width)
  long long *batch_labels;       // (rows)
  float *batch_weights;          // (rows)
  long long rows;
  long long width;
} RowArguments;

// Fours where the width allows it. There are fewer than 2^32 values: their division is a fast one.
KERNEL(gather, RowArguments) {
  unsigned stride = gridDim.x * THREADS;
  unsigned first = blockIdx.x * THREADS + threadIdx.x;
  unsigned rows = (unsigned)a.rows;
  for (unsigned i = first; i < rows; i += stride) {
    long long row = a.order[i];
    a.batch_labels[i] = a.labels[row];
    a.batch_weights[i] = a.weights[row];
  }
  if (a.width % 4 == 0) {
    unsigned width = (unsigned)(a.width / 4);
    unsigned long long count = (unsigned long long)rows * width;
    const float4 *features = (const float4 *)a.features;
    float4 *batch = (float4 *)a.batch_features;
    for (unsigned long long i = first; i < count; i += stride) {
      unsigned row = (unsigned)i / width;
      batch[i] = features[a.order[row] * width + ((unsigned)i - row * width)];
    }
  } else {
    unsigned width = (unsigned)a.width;
    unsigned long long count = (unsigned long long)rows * width;
    for (unsigned long long i = first; i < count; i += stride) {
      unsigned row = (unsigned)i / width;
      a.batch_features[i] = a.features[a.order[row] * width + ((unsigned)i - row * width)];
    }
  }
}
