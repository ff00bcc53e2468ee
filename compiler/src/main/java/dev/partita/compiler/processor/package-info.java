/// The annotation processor of [dev.partita.dsl.annotation.ShardedModel]: it says the annotations
/// in the words of the DSL to itself, compiles the plan of what they say, shows every Problem where
/// the annotation stands that it comes from, and writes the words down as source.
@NullMarked
package dev.partita.compiler.processor;

import org.jspecify.annotations.NullMarked;
