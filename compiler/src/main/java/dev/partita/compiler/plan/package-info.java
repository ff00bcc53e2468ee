/// The execution plan as pure data and its printed form: all that the runtime knows of the
/// compiler.
///
/// Printed grammar:
///
/// ```
/// plan MODEL on MESH: N devices, BYTES bytes each
///   (input | parameter | state | output) NAME sID TYPE PLACEMENT
///   STEP  OP (' sID')* '->' (' sID')* : TYPE, …  ; because, layer file:line
///   STEP  start #TAG COLLECTIVE … | finish #TAG | require-finite WHAT sID [or halve sID sID]
/// ```
///
/// Where devices do different things, the heading ends after the devices, and each role begins with
/// `at ROLE: rank RANK, …, BYTES bytes each`: `at data=1..3: rank 1, 2, 3, 1552 bytes each`. A
/// collective that gives a device nothing has no slot behind the arrow, and the types of what it
/// brings.
@NullMarked
package dev.partita.compiler.plan;

import org.jspecify.annotations.NullMarked;
