/**
 * Programs for NVIDIA GPUs: NVIDIA's libraries found and loaded, kernels compiled by NVRTC and
 * launched on PyTorch's stream, through Bytedeco's binding.
 *
 * <p>Nothing here may touch the binding's classes before {@link io.sparkfocal.cuda.CudaLibraries}
 * has loaded what they need: a class initialisation that failed is final for the JVM.
 */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.cuda;
