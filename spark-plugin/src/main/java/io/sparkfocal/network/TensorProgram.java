package io.sparkfocal.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * What DJL does not bind of PyTorch's tensors, on any device.
 *
 * <p>TorchScript has it, so this is a TorchScript program, written as an archive by hand (pytorch,
 * torch/csrc/jit/docs/serialization.md).
 */
final class TensorProgram {

  private static final String CODE =
      """
      class Program(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def move(self: __torch__.Program,
          tensor: Tensor,
          place: Tensor) -> Tensor:
          return torch.set_(tensor, place)
        def same(self: __torch__.Program,
          first: Tensor,
          second: Tensor) -> bool:
          return torch.is_set_to(first, second)
        def graph(self: __torch__.Program,
          tensor: Tensor) -> bool:
          return ops.prim.requires_grad(tensor)
      """;

  /** Protocol 2: an object of the class, whose attribute {@code training} is false. */
  private static final String OBJECT =
      "\u0080\u0002c__torch__\nProgram\nq\0)\u0081}(X\b\0\0\0trainingq\u0001\u0089ubq\u0002.";

  private static final String NO_CONSTANTS = "\u0080\u0002).";

  private final PtSymbolBlock program;

  /** A program that the manager, whose device does not matter, owns. */
  TensorProgram(NDManager manager) {
    try {
      program =
          JniUtils.loadModule(
              (PtNDManager) manager, new ByteArrayInputStream(archive()), true, false);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] archive() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      add(zip, "version", "3\n");
      add(zip, "constants.pkl", NO_CONSTANTS);
      add(zip, "data.pkl", OBJECT);
      add(zip, "code/__torch__.py", CODE);
    }
    return bytes.toByteArray();
  }

  private static void add(ZipOutputStream zip, String name, String content) throws IOException {
    zip.putNextEntry(new ZipEntry("program/" + name));
    zip.write(content.getBytes(StandardCharsets.ISO_8859_1));
    zip.closeEntry();
  }

  /** Whether two tensors have the same values in the same place. */
  boolean isSame(NDArray first, NDArray second) {
    try (IValue result = run("same", first, second)) {
      return result.toBoolean();
    }
  }

  /** Whether a tensor is a leaf of autograd that requires a gradient, or was made of such. */
  boolean hasGraph(NDArray tensor) {
    try (IValue argument = IValue.from((PtNDArray) tensor);
        IValue result = IValueUtils.runMethod(program, "graph", argument)) {
      return result.toBoolean();
    }
  }

  /**
   * Lets a tensor have its values where another has them; both keep that memory then.
   *
   * @param place shape of the tensor
   */
  void move(NDArray tensor, NDArray place) {
    run("move", tensor, place).close();
  }

  private IValue run(String function, NDArray first, NDArray second) {
    try (IValue one = IValue.from((PtNDArray) first);
        IValue other = IValue.from((PtNDArray) second)) {
      return IValueUtils.runMethod(program, function, one, other);
    }
  }
}
