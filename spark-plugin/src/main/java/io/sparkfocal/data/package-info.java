/**
 * From a DataFrame to the shards that ranks train on: what columns must look like, rows to floats,
 * statistics, canonical order.
 *
 * <p>Rows are read as {@code InternalRow}: no objects per row. A message about bad input names the
 * column, the value and the remedy.
 */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.data;
