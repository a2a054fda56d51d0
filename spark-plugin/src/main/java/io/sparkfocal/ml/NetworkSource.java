package io.sparkfocal.ml;

import io.sparkfocal.network.NetworkDescription;
import java.util.Iterator;
import java.util.Map;

/** Where a network comes from that scores in native memory. */
interface NetworkSource {

  /** Which network it is, for those who share it. */
  String key();

  /** How to build the network, without a file. */
  NetworkDescription description();

  /** How to build the network, with all that this takes. */
  NetworkDescription whole();

  /** Shapes by parameter name, in the order of the flat tensor. */
  Map<String, long[]> shapes();

  /** Values of the parameters, one after the other. */
  Iterator<float[]> parameters();
}
