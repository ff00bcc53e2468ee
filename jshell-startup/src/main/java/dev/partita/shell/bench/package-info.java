/// Benchmarks: training steps measured beside what else computes the same, contestants taking turns
/// in one run. A benchmark is a [dev.partita.shell.bench.Contest] between
/// [dev.partita.shell.bench.Contestant]s; what it finds is a [dev.partita.shell.bench.BenchResult].
@NullMarked
package dev.partita.shell.bench;

import org.jspecify.annotations.NullMarked;
