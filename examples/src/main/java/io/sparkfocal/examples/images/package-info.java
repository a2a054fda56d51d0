/** Networks for images, whose pixels come as the features of a row. */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.examples.images;
