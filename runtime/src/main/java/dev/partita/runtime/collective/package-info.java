/// Collectives between devices that share memory.
///
/// A [dev.partita.runtime.collective.LocalGroup] holds what its members share; each member talks
/// through its own [dev.partita.runtime.collective.Communicator]. A collective is opened once per
/// plan, then started and finished in every step. Sums are taken in rank order, each element by one
/// member, so that every member gets the same bits in every run.
@NullMarked
package dev.partita.runtime.collective;

import org.jspecify.annotations.NullMarked;
