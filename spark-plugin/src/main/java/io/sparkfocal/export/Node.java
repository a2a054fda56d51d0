package io.sparkfocal.export;

import java.util.List;

/**
 * One operation.
 *
 * @param numbers as the operation says; empty for most
 * @param section what it is a part of, for people who read the code
 */
record Node(
    Op op, List<Operand> inputs, List<Long> numbers, Operand.Value output, String section) {}
