/**
 * What lives in Spark's processes beside the jobs: the plugin's driver and executor halves, the
 * native library, messages of progress.
 */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.plugin;
