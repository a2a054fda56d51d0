/**
 * Collectives over NCCL, through Bytedeco's binding: the ranks' GPUs exchange device memory
 * directly.
 *
 * <p>Nothing here may touch the binding's classes before {@link
 * io.sparkfocal.collective.nccl.NcclLibraries} has loaded what they need: a class initialisation
 * that failed is final for the JVM.
 */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.collective.nccl;
