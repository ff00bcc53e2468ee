/// What the steps of a plan cost in time on given devices: arithmetic and memory traffic against
/// what a device can do (a roofline), messages against latency and bandwidth of the links between
/// devices.
///
/// Devices are data: one file each, with its sources, in the resources of this package.
@NullMarked
package dev.partita.compiler.cost;

import org.jspecify.annotations.NullMarked;
