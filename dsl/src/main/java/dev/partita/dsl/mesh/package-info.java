/// Device meshes and how a tensor is placed over one.
///
/// Printed grammar: `mesh := 'mesh[' axis=size, … ']'`; `placement := '[' sharding, … ']' (' sum{'
/// axis, … '}')? (' at{' axis=index, … '}')?`; `sharding := '{' axis, … ' balanced'? (' turned '
/// turns)? '}'`, one per dim, major axis first.
@NullMarked
package dev.partita.dsl.mesh;

import org.jspecify.annotations.NullMarked;
