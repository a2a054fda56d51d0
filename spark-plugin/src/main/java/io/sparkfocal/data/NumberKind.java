package io.sparkfocal.data;

import org.apache.spark.sql.Column;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.ShortType;

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
  /** Also what other types are cast to. */
  DOUBLE {
    @Override
    double read(InternalRow row, int ordinal) {
      return row.getDouble(ordinal);
    }
  };

  /** The number, which is not null. */
  abstract double read(InternalRow row, int ordinal);

  /** That of a column of this numeric type, after {@link #expression}. */
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
    return type instanceof ByteType ? BYTE : DOUBLE;
  }

  /** The column, cast if it is none of the other kinds. */
  Column expression(Column column) {
    return this == DOUBLE ? column.cast(DataTypes.DoubleType) : column;
  }
}
