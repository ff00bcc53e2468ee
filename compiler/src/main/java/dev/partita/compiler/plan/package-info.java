/// The execution plan as pure data, its verifier and its printed form: all that the runtime knows
/// of the compiler.
///
/// Printed grammar:
///
/// ```
/// plan MODEL on MESH: N devices, BYTES bytes each
///   (input | parameter | state | output) NAME sID TYPE PLACEMENT
///   STEP  OP (' sID')* '->' (' sID')* : TYPE, …  ; because, layer file:line
///   STEP  start #TAG COLLECTIVE … | finish #TAG | require-finite WHAT sID [or halve sID sID]
/// ```
@NullMarked
package dev.partita.compiler.plan;

import org.jspecify.annotations.NullMarked;
