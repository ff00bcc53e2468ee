/// Tensors as types: element type, named dims, shape, and a block's place in the whole.
///
/// Printed grammar: `type := dtype '[' (dim (', ' dim)*)? ']'`, `dim := name '=' size`, for example
/// `f32[batch=32, model=512]`.
@NullMarked
package dev.partita.dsl.tensor;

import org.jspecify.annotations.NullMarked;
