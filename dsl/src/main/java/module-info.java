/// The words a user speaks: tensors, meshes, problems, graphs, layers and annotations.
module dev.partita.dsl {
    requires static transitive org.jspecify;

    exports dev.partita.dsl.annotation;
    exports dev.partita.dsl.graph;
    exports dev.partita.dsl.layer;
    exports dev.partita.dsl.mesh;
    exports dev.partita.dsl.problem;
    exports dev.partita.dsl.tensor;
}
