package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// A model and how it is spread over a mesh, as a record: its first component is the input, the
/// others are the layers in order, several on a component from left to right. For the record
/// `ConvNet` a class `ConvNetModel` is made, whose methods `model()`, `mesh()` and `options()` say
/// the same in the words of [dev.partita.dsl.layer.Layers].
///
/// ```java
/// @ShardedModel(
///         name = "convnet",
///         batch = 256,
///         loss = CROSS_ENTROPY,
///         mesh = {@MeshAxis(name = "data", size = 2), @MeshAxis(name = "tensor", size = 2)},
///         shard = {@ShardDim(dim = "batch", over = "data"), @ShardDim(dim = "hidden", over = "tensor")})
/// record ConvNet(
///         @Image(channels = 1, height = 28, width = 28) ModelInput pixels,
///         @Conv2d(channels = 32, kernel = 3) @Relu @MaxPool(2) Layer c1,
///         @Conv2d(channels = 64, kernel = 3) @Relu @MaxPool(2) Layer c2,
///         @Flatten @Linear(256) @Relu Layer hidden,
///         @Linear(10) Layer classes) {}
/// ```
///
/// JShell runs no annotation processor; there the words are said themselves.
@Retention(RetentionPolicy.SOURCE)
@Target(ElementType.TYPE)
public @interface ShardedModel {
    String name();

    /// Examples per step, over all devices.
    int batch();

    Loss loss();

    /// The axes of the mesh, the major one first; none for one device.
    MeshAxis[] mesh() default {};

    /// What is sharded; nothing if left out.
    ShardDim[] shard() default {};

    /// What training makes small.
    enum Loss {
        /// `crossEntropy()`.
        CROSS_ENTROPY,
        /// `meanSquared()`.
        MEAN_SQUARED
    }
}
