/// Running an execution plan: a [dev.partita.runtime.execute.Session] opens kernels, memory and
/// communicators once, then runs the plan step after step without allocating on the Java heap.
///
/// A step is all or nothing. Devices agree, without waiting for each other, on whether a step is
/// cancelled or committed, and only a committed step changes weights: whatever ends a step early
/// leaves the weights of the last complete step.
@NullMarked
package dev.partita.runtime.execute;

import org.jspecify.annotations.NullMarked;
