package io.sparkfocal.blocks;

import io.sparkfocal.compat.RddLineage;
import io.sparkfocal.data.BlockSlice;
import io.sparkfocal.data.ClassRows;
import io.sparkfocal.data.LabelCounts;
import io.sparkfocal.data.PartitionRows;
import io.sparkfocal.data.PartitionRows.BlockInfo;
import io.sparkfocal.data.RowReader;
import io.sparkfocal.data.TrainingColumns;
import io.sparkfocal.train.Shuffle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The input of one {@code fit}, read once: the driver's view of its blocks. It holds the lineage,
 * so that lost blocks can be made again, until it is closed.
 */
public final class InputBlocks implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(InputBlocks.class);

  private static final int MOST_READINGS = 3;

  private final SparkContext spark;
  private final TrainingColumns columns;
  private final Dataset<?> dataset;
  private final int ranks;
  private @Nullable Reading reading;
  private PartitionRows[] made = {};
  private LabelCounts counts = new LabelCounts(new long[0], 0, 0, 0);
  private boolean allTrain;

  /**
   * One reading of the input: its plan has shuffles of its own, since those of an earlier one may
   * have lost rows and made others in their place.
   *
   * @param store where the blocks go
   */
  private record Reading(InputPlan input, BlockStore store) {

    static Reading of(InputPlan input, SparkContext spark) {
      boolean evicts = !RddLineage.isPersisted(input.rdd());
      return new Reading(input, new BlockStore(spark.newRddId(), evicts));
    }

    int partitions() {
      return input.rdd().getNumPartitions();
    }

    JavaRDD<byte[]> job(RowReader reader) {
      return input
          .rdd()
          .toJavaRDD()
          .mapPartitionsWithIndex(
              new BlockTask(store, partitions(), reader, input.exchanged()), true);
    }
  }

  private InputBlocks(SparkContext spark, TrainingColumns columns, Dataset<?> dataset, int ranks) {
    this.spark = spark;
    this.columns = columns;
    this.dataset = dataset;
    this.ranks = ranks;
  }

  /**
   * Reads the input, with one Spark job.
   *
   * @param ranks how many will train
   * @throws IllegalArgumentException if a row cannot be trained on
   */
  public static InputBlocks read(
      SparkContext spark, TrainingColumns columns, Dataset<?> dataset, int ranks) {
    int declaredWidth = columns.features().declaredWidth(dataset.schema());
    if (declaredWidth >= 0) {
      columns.features().requireReadable(declaredWidth);
    }
    InputBlocks blocks = new InputBlocks(spark, columns, dataset, ranks);
    try {
      blocks.make(new RowReader(columns, declaredWidth));
      return blocks;
    } catch (Throwable e) {
      blocks.close();
      throw e;
    }
  }

  private void make(RowReader reader) {
    List<PartitionReport> reports = reports(reader);
    made = new PartitionRows[reading().partitions()];
    for (PartitionReport report : reports) {
      made[report.partition()] = report.rows();
    }
    requireOneWidth();
    long[] rows = classRows(reports);
    boolean held = columns.validationFraction() > 0;
    counts =
        held
            ? LabelCounts.ofHeld(
                Arrays.asList(made), rows, columns.declaredClasses(), columns.fewestToHold())
            : LabelCounts.of(Arrays.asList(made), rows, columns.declaredClasses());
    allTrain = held && counts.validationRows() == 0;
    if (skippedRows() > 0) {
      LOG.warn("{} rows are left out, since a feature is missing.", skippedRows());
    }
    LOG.info(
        "The input is read: {} partitions, {} blocks of {} bytes",
        made.length,
        blocks().count(),
        blocks().mapToLong(BlockInfo::bytes).sum());
  }

  private Reading reading() {
    return Objects.requireNonNull(reading, "the input has not been read");
  }

  /**
   * Once more from the beginning where Spark repeated a stage meanwhile, in what lies before the
   * exchange or behind it: an exchange that lost rows may have been filled up with other ones.
   */
  private List<PartitionReport> reports(RowReader reader) {
    for (int attempt = 1; ; attempt++) {
      try (StageRepeats repeats = new StageRepeats(spark)) {
        reading = Reading.of(InputPlan.of(columns.rows(dataset), reader, ranks), spark);
        List<PartitionReport> reports =
            reading().job(reader).collect().stream().map(PartitionReport::decode).toList();
        if (!reading().input().exchanged() || !repeats.any()) {
          return reports;
        }
        if (attempt == MOST_READINGS) {
          LOG.warn(
              "An executor was lost in each of {} readings of the input; unless its rows are deterministic, some may be missing or there twice.",
              MOST_READINGS);
          return reports;
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("fit() was interrupted while it read the input.", e);
      }
      LOG.warn("An executor was lost while the input was read; its rows are read again.");
      close();
    }
  }

  private void requireOneWidth() {
    int width = width();
    for (PartitionRows rows : made) {
      if (rows.blocks().isEmpty()) {
        continue;
      }
      if (rows.width() != width) {
        columns.features().requireWidth(rows.width(), width);
      }
      columns.features().requireWidths(rows.widths(), widths());
      columns.requireTargets(rows.targets(), targets());
    }
  }

  /** By executors where there are too many for the driver. */
  private long[] classRows(List<PartitionReport> reports) {
    long[] sums = {};
    List<Integer> elsewhere = new ArrayList<>();
    for (PartitionReport report : reports) {
      if (report.classRows().length > 0) {
        sums = ClassRows.add(sums, report.classRows());
      } else {
        elsewhere.add(
            PartitionReport.id(report.partition(), report.rows().blocks().size(), made.length));
      }
    }
    if (!elsewhere.isEmpty()) {
      int tasks = (int) Math.ceil(Math.sqrt(elsewhere.size()));
      for (byte[] part :
          JavaSparkContext.fromSparkContext(spark)
              .parallelize(elsewhere, tasks)
              .mapPartitions(new SumClassRows(reading().store()))
              .collect()) {
        sums = ClassRows.add(sums, part);
      }
    }
    return sums;
  }

  /** Features of a row; 0 without rows. */
  public int width() {
    return Arrays.stream(made).mapToInt(PartitionRows::width).max().orElse(0);
  }

  /** How many features each column has; empty without rows. */
  public int[] widths() {
    return Arrays.stream(made)
        .map(PartitionRows::widths)
        .filter(widths -> widths.length > 0)
        .findFirst()
        .orElse(new int[0]);
  }

  /** How many labels a row has that has several; 0 where it has a class. */
  public int targets() {
    return Arrays.stream(made).mapToInt(PartitionRows::targets).max().orElse(0);
  }

  /** Whether any of several labels lies between 0 and 1. */
  public boolean hasShares() {
    return Arrays.stream(made).anyMatch(PartitionRows::hasShares);
  }

  /** How many rows have a missing feature. */
  public long missingRows() {
    return Arrays.stream(made).mapToLong(PartitionRows::missing).sum();
  }

  /** How many rows were left out for one. */
  private long skippedRows() {
    return Arrays.stream(made).mapToLong(PartitionRows::skipped).sum();
  }

  /** How many rows there are. */
  public LabelCounts counts() {
    return counts;
  }

  /** Whether most values are 0, so that rows are kept as sparse ones. */
  public boolean isSparse() {
    long rows = blocks().mapToLong(BlockInfo::rows).sum();
    long ofLabels = rows * Math.max(0, targets() - 1) * Float.BYTES;
    return blocks().mapToLong(BlockInfo::bytes).sum() - ofLabels < rows * width();
  }

  private Stream<BlockInfo> blocks() {
    return Arrays.stream(made).flatMap(p -> p.blocks().stream());
  }

  /** The same for the same rows in any order, however they are cut. */
  public long content() {
    return blocks().mapToLong(b -> b.validation() ? 31 * b.content() : b.content()).sum();
  }

  /**
   * The rows of each rank, by rank: as many as any other has, of blocks from all over the input.
   *
   * @param ranks how many
   * @param validated whether validation rows are of use
   */
  public List<RankShare> shares(int ranks, boolean validated) {
    List<List<BlockSlice>> training = slices(ranks, false);
    List<List<BlockSlice>> validation = slices(validated ? ranks : 0, true);
    return IntStream.range(0, ranks)
        .mapToObj(
            rank ->
                new RankShare(
                    reading().store(),
                    training.get(rank),
                    validated ? validation.get(rank) : List.of()))
        .toList();
  }

  private List<List<BlockSlice>> slices(int ranks, boolean validation) {
    List<BlockSlice> all = new ArrayList<>();
    for (int p = 0; p < made.length; p++) {
      List<BlockInfo> blocks = made[p].blocks();
      for (int i = 0; i < blocks.size(); i++) {
        BlockInfo block = blocks.get(i);
        if ((block.validation() && !allTrain) == validation) {
          all.add(
              new BlockSlice(
                  PartitionReport.id(p, i, made.length),
                  0,
                  block.rows(),
                  block.bytes(),
                  block.hash()));
        }
      }
    }
    // A random order, which is the same for every fit of as many blocks.
    int[] order = Shuffle.of(0, 0, 0).order(all.size());
    return SliceCut.evenly(Arrays.stream(order).mapToObj(all::get).toList(), ranks);
  }

  /**
   * Makes blocks again that no process has, with a job over their partitions.
   *
   * @param validated whether the validation rows are of use
   * @return whether all blocks are what they were; if not, nothing that was made of them is of use
   */
  public boolean restore(boolean validated) {
    int[] partitionsOfLost =
        IntStream.range(0, made.length).filter(p -> isLost(p, validated)).toArray();
    if (partitionsOfLost.length == 0) {
      return true;
    }
    LOG.warn(
        "Blocks of {} of {} partitions of the input are lost and made again.",
        partitionsOfLost.length,
        made.length);
    RowReader reader = new RowReader(columns, width());
    for (List<byte[]> results : reading().job(reader).collectPartitions(partitionsOfLost)) {
      PartitionReport report = PartitionReport.decode(results.get(0));
      if (!report.rows().isSame(made[report.partition()])) {
        return false;
      }
    }
    return true;
  }

  private boolean isLost(int partition, boolean validated) {
    List<BlockInfo> blocks = made[partition].blocks();
    return IntStream.range(0, blocks.size())
        .filter(i -> validated || allTrain || !blocks.get(i).validation())
        .anyMatch(i -> !reading().store().exists(PartitionReport.id(partition, i, made.length)));
  }

  /** Reads the whole input anew, as what it is now. */
  public void readAgain() {
    close();
    make(new RowReader(columns, width()));
  }

  /** Removes the blocks, without waiting for it. */
  @Override
  public void close() {
    if (reading != null) {
      removeAll(reading.store());
    }
  }

  private static void removeAll(BlockStore store) {
    // It asks another process, which an interrupted thread cannot.
    boolean interrupted = Thread.interrupted();
    try {
      store.removeAll();
    } catch (Exception e) {
      // Scala declares no exceptions.
      LOG.warn("The blocks of the input are not removed: {}", e.toString());
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
