/// The words a user describes a network with: [dev.partita.dsl.layer.Layers] has them all.
///
/// Every word checks its arguments at once, and every `then` checks that the layer fits the one
/// before it, so that a mistake is reported on the line that it stands on. Numbers that the user
/// does not give are PyTorch's.
@NullMarked
package dev.partita.dsl.layer;

import org.jspecify.annotations.NullMarked;
