package io.sparkfocal.ml;

import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.ml.linalg.Matrix;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.TimestampType;
import org.jspecify.annotations.Nullable;

/** How much of the heap rows of a schema take, roughly. */
final class RowBytes {

  /** A boxed number, and other small objects. */
  private static final long OBJECT = 24;

  private final DataType[] types;

  /** Those columns whose values differ in size. */
  private final int[] varying;

  private final long fixed;

  /** Of structs within, by their type. */
  private final Map<StructType, RowBytes> nested = new HashMap<>();

  RowBytes(StructType schema) {
    types = Arrays.stream(schema.fields()).map(StructField::dataType).toArray(DataType[]::new);
    varying = IntStream.range(0, types.length).filter(i -> varies(types[i])).toArray();
    fixed = OBJECT + (long) types.length * Long.BYTES + (types.length - varying.length) * OBJECT;
  }

  private static boolean varies(DataType type) {
    return !(type instanceof NumericType
        || type instanceof BooleanType
        || type instanceof DateType
        || type instanceof TimestampType);
  }

  /** Of a row and all that hangs on it. */
  long of(Row row) {
    long bytes = fixed;
    for (int i : varying) {
      bytes += of(row, i, types[i]);
    }
    return bytes;
  }

  private long of(Row row, int i, DataType type) {
    if (row.isNullAt(i)) {
      return 0;
    }
    // The collections are Scala's, which a row gives out as Java's.
    if (type instanceof ArrayType array) {
      return OBJECT + of(row.<Object>getList(i), array.elementType());
    }
    if (type instanceof MapType map) {
      Map<Object, Object> entries = row.getJavaMap(i);
      return OBJECT + of(entries.keySet(), map.keyType()) + of(entries.values(), map.valueType());
    }
    return type instanceof StructType struct
        ? nested.computeIfAbsent(struct, RowBytes::new).of(row.getStruct(i))
        : OBJECT + of(row.get(i));
  }

  private long of(Collection<?> elements, DataType type) {
    long bytes = (long) Long.BYTES * elements.size();
    if (!varies(type)) {
      // Of a fixed size, so that nobody has to read them.
      return bytes + OBJECT * elements.size();
    }
    for (Object element : elements) {
      bytes += of(RowFactory.create(element), 0, type);
    }
    return bytes;
  }

  private static long of(@Nullable Object value) {
    if (value instanceof String text) {
      return (long) Character.BYTES * text.length();
    }
    if (value instanceof byte[] bytes) {
      return bytes.length;
    }
    if (value instanceof Vector vector) {
      return (long) (Integer.BYTES + Double.BYTES) * vector.numActives();
    }
    return value instanceof Matrix matrix ? (long) Double.BYTES * matrix.numActives() : 0;
  }
}
