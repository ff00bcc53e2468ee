/// Which strategy trains a model fastest on a cluster: every way to use the devices, estimated from
/// small plans of the same model, ranked, with the reason for each that is not.
@NullMarked
package dev.partita.compiler.search;

import org.jspecify.annotations.NullMarked;
