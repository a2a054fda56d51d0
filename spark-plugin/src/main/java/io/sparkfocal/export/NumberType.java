package io.sparkfocal.export;

/** What numbers are, by the names that each format has for it. */
enum NumberType {
  FLOAT(4, 6, "torch.float32", "FloatStorage", 1),
  DOUBLE(8, 7, "torch.float64", "DoubleStorage", 11),
  LONG(8, 4, "torch.int64", "LongStorage", 7),
  /** Only between operations. */
  BOOLEAN(1, 11, "torch.bool", "BoolStorage", 9);

  private final int bytes;
  private final int scalarType;
  private final String python;
  private final String storage;
  private final int onnx;

  NumberType(int bytes, int scalarType, String python, String storage, int onnx) {
    this.bytes = bytes;
    this.scalarType = scalarType;
    this.python = python;
    this.storage = storage;
    this.onnx = onnx;
  }

  /** Of one number. */
  int bytes() {
    return bytes;
  }

  /** PyTorch's {@code c10::ScalarType}. */
  int scalarType() {
    return scalarType;
  }

  /** The name in Python. */
  String python() {
    return python;
  }

  /** The name of PyTorch's storage in files. */
  String storage() {
    return storage;
  }

  /** ONNX's {@code TensorProto.DataType}. */
  int onnx() {
    return onnx;
  }
}
