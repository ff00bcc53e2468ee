/// The annotation processor of [dev.partita.dsl.annotation.ShardedModel]: it says the annotations
/// in the words of the DSL, once to itself, so that every Problem of a word is an error of javac
/// where the annotation stands, and once as source.
@NullMarked
package dev.partita.compiler.processor;

import org.jspecify.annotations.NullMarked;
