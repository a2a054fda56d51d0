/**
 * Says, before anybody trains, whether an environment can be trusted, and what to set if not. Needs
 * the plugin's jar and slf4j-api only, unless it is asked to look at a Spark application.
 */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.doctor;
