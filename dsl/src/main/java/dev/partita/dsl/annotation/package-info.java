/// The words of [dev.partita.dsl.layer.Layers] as annotations on a record:
/// [dev.partita.dsl.annotation.ShardedModel].
@NullMarked
package dev.partita.dsl.annotation;

import org.jspecify.annotations.NullMarked;
