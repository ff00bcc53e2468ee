/// A user's networks, outside Partita's own packages, so that their lines are the user's.
@NullMarked
package dev.partita.example;

import org.jspecify.annotations.NullMarked;
