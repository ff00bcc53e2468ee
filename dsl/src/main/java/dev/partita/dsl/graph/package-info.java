/// The typed program every pass reads and writes: sealed ops, nodes in single-assignment form,
/// printer and verifier.
///
/// Printed grammar, one node a line:
///
/// ```
/// graph NAME
///   (%id (', ' %id)* ' = ')? op (' ' %id)* (' : ' type (', ' type)*)? ('  ; ' layer file:line)?
///   return NAME = %id
/// ```
@NullMarked
package dev.partita.dsl.graph;

import org.jspecify.annotations.NullMarked;
