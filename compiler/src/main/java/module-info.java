/// The passes that turn a model into an execution plan.
@SuppressWarnings("requires-automatic") // JavaPoet names its module in the manifest only
module dev.partita.compiler {
    requires java.compiler;
    requires static jdk.compiler; // where the plugin runs, javac is
    requires transitive dev.partita.dsl;
    requires com.palantir.javapoet;

    exports dev.partita.compiler;
    exports dev.partita.compiler.autodiff;
    exports dev.partita.compiler.cost;
    exports dev.partita.compiler.pipeline;
    exports dev.partita.compiler.plan;
    exports dev.partita.compiler.sharding;
    exports dev.partita.compiler.search;
    exports dev.partita.compiler.simulate;
    exports dev.partita.compiler.testing;
    exports dev.partita.compiler.verify;

    provides javax.annotation.processing.Processor with
            dev.partita.compiler.processor.ShardedModelProcessor;
    provides com.sun.source.util.Plugin with
            dev.partita.compiler.lint.PartitaPlugin;
}
