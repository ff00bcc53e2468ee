/// The proof that a plan is sound, read out of the plan alone: no rank can wait for one that never
/// comes ([dev.partita.compiler.verify.PlanVerifier] says in which order the parts are asked), no
/// byte is read before it is written or while another writes it, every result has the placement
/// that its op makes of its operands, and a ring brings every device the blocks it attends to.
///
/// The passes are not believed: the verifiers know the plan and the rules of the ops, nothing of
/// how the plan was made.
@NullMarked
package dev.partita.compiler.verify;

import org.jspecify.annotations.NullMarked;
