package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// A model and how it is spread over a mesh, as a record: its first component is the input, the
/// others are the layers in order, several on a component from left to right. A component whose
/// type is a record stands for the layers of that, once, or [Times] over. The other annotations on
/// the record say what is not usual: how the model is placed and how it is trained.
///
/// ```java
/// @ShardedModel
/// @MeshAxis(name = "data", size = 2)
/// @MeshAxis(name = "tensor", size = 2)
/// @Shard(dim = "batch", over = "data")
/// @Shard(dim = "hidden", over = "tensor")
/// @Batch(256)
/// @Adam(1e-3)
/// @CrossEntropy
/// record ConvNet(
///         @Image(channels = 1, height = 28, width = 28) ModelInput pixels,
///         @Conv2d(channels = 32, kernel = 3) @Relu @MaxPool(2) Layer c1,
///         @Conv2d(channels = 64, kernel = 3) @Relu @MaxPool(2) Layer c2,
///         @Flatten @Linear(256) @Relu Layer hidden,
///         @Linear(10) Layer classes) {}
/// ```
///
/// javac compiles the plan of the step: what the compiler would refuse is an error where the
/// annotation stands. `ConvNetModel` says the same in the words of [dev.partita.dsl.layer.Layers],
/// `ConvNetPlan` has a method for every layer, and `META-INF/partita/ConvNet.txt` is what the
/// devices do.
///
/// JShell runs no annotation processor; there the words are said themselves.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface ShardedModel {
    /// The model's name; that of the record in small letters if left out.
    String value() default "";
}
