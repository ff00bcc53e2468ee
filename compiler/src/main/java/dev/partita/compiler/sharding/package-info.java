/// Where every value lies: sharding rules per op, and their propagation from what the user asked
/// for.
///
/// Printed rule: `(b,k),(o,k)->(b,o)`, a factor per dim, `-` for a dim that must be whole.
@NullMarked
package dev.partita.compiler.sharding;

import org.jspecify.annotations.NullMarked;
