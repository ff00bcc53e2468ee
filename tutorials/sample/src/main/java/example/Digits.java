package example;

import dev.partita.dsl.annotation.Adam;
import dev.partita.dsl.annotation.Batch;
import dev.partita.dsl.annotation.Conv2d;
import dev.partita.dsl.annotation.CrossEntropy;
import dev.partita.dsl.annotation.Flatten;
import dev.partita.dsl.annotation.Image;
import dev.partita.dsl.annotation.Linear;
import dev.partita.dsl.annotation.MaxPool;
import dev.partita.dsl.annotation.MeshAxis;
import dev.partita.dsl.annotation.Relu;
import dev.partita.dsl.annotation.Shard;
import dev.partita.dsl.annotation.ShardedModel;
import dev.partita.dsl.layer.Layer;
import dev.partita.dsl.layer.ModelInput;

/// A network as a record: its components are its layers, in order. javac writes [DigitsModel].
@ShardedModel
@MeshAxis(name = "data", size = 2)
@Shard(dim = "batch", over = "data")
@Batch(64)
@Adam(1e-3)
@CrossEntropy
record Digits(
        @Image(channels = 1, height = 28, width = 28) ModelInput pixels,
        @Conv2d(channels = 8, kernel = 3) @Relu @MaxPool(2) Layer c1,
        @Flatten @Linear(64) @Relu Layer hidden,
        @Linear(10) Layer classes) {}
