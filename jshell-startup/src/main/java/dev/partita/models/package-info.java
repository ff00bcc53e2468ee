/// The models that come with Partita, written with the words any user has.
@NullMarked
package dev.partita.models;

import org.jspecify.annotations.NullMarked;
