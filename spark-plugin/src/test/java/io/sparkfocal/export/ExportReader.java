package io.sparkfocal.export;

import ai.djl.MalformedModelException;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.DefaultTranslatorFactory;
import ai.djl.translate.TranslateException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Reads an export as DJL's Spark extension does: its {@code ModelLoader} makes this {@link
 * Criteria}, and its predictors pass on rows one by one, or with batchifier "stack" side by side.
 */
public final class ExportReader implements AutoCloseable {

  private final ZooModel<NDList, NDList> model;
  private final Predictor<NDList, NDList> predictor;
  private final NDManager manager = NDManager.newBaseManager("PyTorch");

  /** Of a folder with a file of TorchScript. */
  public ExportReader(Path folder)
      throws IOException, ModelNotFoundException, MalformedModelException {
    model =
        Criteria.builder()
            .setTypes(NDList.class, NDList.class)
            .optEngine("PyTorch")
            .optModelUrls(folder.toUri().toString())
            .optTranslatorFactory(new DefaultTranslatorFactory())
            .optArguments(Map.of("batchifier", "none"))
            .build()
            .loadModel();
    predictor = model.newPredictor();
  }

  /** Of one row after the other. */
  public List<float[]> rows(List<double[]> rows, DataType type) throws TranslateException {
    List<float[]> all = new ArrayList<>();
    for (double[] row : rows) {
      NDArray given = manager.create(row).toType(type, false);
      NDArray output = predictor.predict(new NDList(given)).singletonOrThrow();
      if (output.getShape().dimension() != 1) {
        throw new AssertionError("A row gives " + output.getShape());
      }
      all.add(output.toFloatArray());
    }
    return all;
  }

  /** Of all rows at once. */
  public List<float[]> batch(List<double[]> rows, DataType type) throws TranslateException {
    int width = rows.get(0).length;
    double[] flat = rows.stream().flatMapToDouble(Arrays::stream).toArray();
    NDArray given = manager.create(flat, new Shape(rows.size(), width)).toType(type, false);
    NDArray output = predictor.predict(new NDList(given)).singletonOrThrow();
    List<float[]> all = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      all.add(output.get(i).toFloatArray());
    }
    return all;
  }

  /** What another method of the network gives. */
  NDArray of(String method, double... row) throws TranslateException {
    NDArray name = manager.create(0);
    name.setName("module_method:" + method);
    return predictor.predict(new NDList(manager.create(row), name)).singletonOrThrow();
  }

  /** Of an array as it is. */
  NDArray of(NDArray given) throws TranslateException {
    return predictor.predict(new NDList(given)).singletonOrThrow();
  }

  @Override
  public void close() {
    manager.close();
    predictor.close();
    model.close();
  }
}
