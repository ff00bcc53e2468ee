/// Tensors outside the devices: whole, on the Java side, to be read, compared, written back and
/// kept; and checkpoints of a training, which any mesh and strategy reads.
///
/// The folder of a training holds a folder `step-N` per checkpoint, complete whenever it is there.
/// In it lies a file `rank-R-of-N.safetensors` per device, each with blocks of tensors that no
/// other has, and `index.json`: what was trained, how far, and for every tensor its role, its whole
/// type and its blocks, for every file its size and CRC-32C. A block's `at` lists, per dim, where
/// its stretches begin in the whole; they are equally long and follow each other in the block.
///
/// A file explains itself, too: in its header `__metadata__[tensor] := whole type ';' starts ';'
/// sizes`, where `starts` has per dim one number, or several joined by `+`, such as `f32[rows=2,
/// columns=4];0,2;2,2` for the right half. The best weights of a training that is tested are called
/// `best/` and their name.
@NullMarked
package dev.partita.runtime.state;

import org.jspecify.annotations.NullMarked;
