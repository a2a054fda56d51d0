package io.sparkfocal.data;

import org.apache.spark.sql.Column;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.TimestampNTZType;
import org.apache.spark.sql.types.TimestampType;

/** How a number lies in a row; read as it is, a column needs no projection before. */
enum NumberKind {
  BYTE {
    @Override
    double read(InternalRow row, int ordinal) {
      return row.getByte(ordinal);
    }
  },
  SHORT {
    @Override
    double read(InternalRow row, int ordinal) {
      return row.getShort(ordinal);
    }
  },
  INT {
    @Override
    double read(InternalRow row, int ordinal) {
      return row.getInt(ordinal);
    }
  },
  LONG {
    @Override
    double read(InternalRow row, int ordinal) {
      return row.getLong(ordinal);
    }
  },
  FLOAT {
    @Override
    double read(InternalRow row, int ordinal) {
      return row.getFloat(ordinal);
    }
  },
  BOOLEAN {
    @Override
    double read(InternalRow row, int ordinal) {
      return row.getBoolean(ordinal) ? 1 : 0;
    }
  },
  /** As days since 1970-01-01. */
  DATE {
    @Override
    double read(InternalRow row, int ordinal) {
      return row.getInt(ordinal);
    }
  },
  /** As seconds since 1970-01-01 00:00:00. */
  TIMESTAMP {
    @Override
    double read(InternalRow row, int ordinal) {
      return row.getLong(ordinal) / MICROS_PER_SECOND;
    }
  },
  /** Also what other types are cast to. */
  DOUBLE {
    @Override
    double read(InternalRow row, int ordinal) {
      return row.getDouble(ordinal);
    }
  };

  private static final double MICROS_PER_SECOND = 1e6;

  /** The number, which is not null. */
  abstract double read(InternalRow row, int ordinal);

  /** Whether values of this type become numbers. */
  static boolean takes(DataType type) {
    return type instanceof NumericType || of(type) != DOUBLE;
  }

  /** That of a column of this type, after {@link #expression}. */
  static NumberKind of(DataType type) {
    if (type instanceof IntegerType) {
      return INT;
    }
    if (type instanceof LongType) {
      return LONG;
    }
    if (type instanceof FloatType) {
      return FLOAT;
    }
    if (type instanceof ShortType) {
      return SHORT;
    }
    if (type instanceof BooleanType) {
      return BOOLEAN;
    }
    if (type instanceof DateType) {
      return DATE;
    }
    if (type instanceof TimestampType || type instanceof TimestampNTZType) {
      return TIMESTAMP;
    }
    return type instanceof ByteType ? BYTE : DOUBLE;
  }

  /** The column, cast if it is none of the other kinds. */
  Column expression(Column column) {
    return this == DOUBLE ? column.cast(DataTypes.DoubleType) : column;
  }
}
