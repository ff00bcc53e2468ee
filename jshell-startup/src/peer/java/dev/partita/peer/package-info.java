/// A peer to be measured beside: the same training steps in libtorch, in a process of its own. No
/// module of Partita knows it; [dev.partita.peer.Libtorch] says how to talk to it.
@NullMarked
package dev.partita.peer;

import org.jspecify.annotations.NullMarked;
