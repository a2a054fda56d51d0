package io.sparkfocal.export;

/**
 * What is done to numbers, in the vocabulary that PyTorch and ONNX share.
 *
 * <p>Operations that have the same form in both are known by their two names; the others are
 * described where they stand, with their numbers in {@link Node#numbers}.
 */
enum Op {
  ADD("add", "Add"),
  SUB("sub", "Sub"),
  MUL("mul", "Mul"),
  DIV("div", "Div"),
  SMALLER("minimum", "Min"),
  LARGER("maximum", "Max"),
  AT_LEAST("ge", "GreaterOrEqual"),
  EQUAL("eq", "Equal"),
  NEG("neg", "Neg"),
  ABS("abs", "Abs"),
  EXP("exp", "Exp"),
  LOG("log", "Log"),
  SQRT("sqrt", "Sqrt"),
  COS("cos", "Cos"),
  RELU("relu", "Relu"),
  SIGMOID("sigmoid", "Sigmoid"),
  IS_NAN("isnan", "IsNaN"),
  WHERE("where", "Where"),
  MATMUL("matmul", "MatMul"),
  /** To the type of the output. */
  CAST("", "Cast"),
  /** x, weight (out, in), bias (out): x weight' + bias, for x of shape (B, in). */
  LINEAR("", "Gemm"),
  /** Along the last dimension. */
  SOFTMAX("softmax", "Softmax"),
  /** Along the last dimension. */
  LOG_SOFTMAX("log_softmax", "LogSoftmax"),
  /** Along the last dimension. */
  CONCAT("cat", "Concat"),
  /** To the shape that the numbers say, in which one may be -1. */
  RESHAPE("reshape", "Reshape"),
  /** Dimensions in the order that the numbers say. */
  TRANSPOSE("permute", "Transpose"),
  /** x (B, F), indices (C): those columns, shape (B, C). */
  COLUMNS("index_select", "Gather"),
  /** x (B, F): the column of that number, shape (B). */
  COLUMN("select", "Gather"),
  /** table (V), indices of any shape: the values there. */
  TAKE("take", "Gather"),
  /** table (V, D), indices (B): the rows there, shape (B, D). */
  ROWS("embedding", "Gather"),
  /**
   * x (B, N), knots (N, K), each row ascending: how many knots of row n are at most x[b, n], int64
   * of shape (B, N). The numbers say how many knots at most are no infinities.
   */
  KNOTS("searchsorted", ""),
  /** Over the dimensions that the numbers say, which go. */
  MEAN("mean", "ReduceMean"),
  /** Over the dimensions that the numbers say, which go. */
  LARGEST("amax", "ReduceMax"),
  /** x (B, C, H, W), weight (O, C, k, k), bias (O); stride and padding. */
  CONVOLUTION("conv2d", "Conv"),
  /** x (B, C, H, W); kernel, stride and padding. */
  MAX_POOL("max_pool2d", "MaxPool");

  private final String torch;
  private final String onnx;

  Op(String torch, String onnx) {
    this.torch = torch;
    this.onnx = onnx;
  }

  /** The function of PyTorch; empty if there is not one for all. */
  String torch() {
    return torch;
  }

  /** The operator of ONNX; empty if it is several. */
  String onnx() {
    return onnx;
  }
}
