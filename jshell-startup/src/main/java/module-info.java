/// All of Partita: `import module dev.partita;` is the whole import list of a session.
@SuppressWarnings("requires-automatic") // org.jline
module dev.partita {
    requires transitive java.base;
    requires transitive jdk.jshell;
    requires transitive dev.partita.compiler;
    requires transitive dev.partita.dsl;
    requires transitive dev.partita.kernels;
    requires transitive dev.partita.runtime;
    requires com.google.gson;
    requires info.picocli;
    requires jdk.management;
    requires jdk.incubator.vector;
    requires org.jline;

    exports dev.partita.models;
    exports dev.partita.shell.draw;
    exports dev.partita.shell.engine;
    exports dev.partita.shell.notebook;

    opens dev.partita.shell.bench to
            com.google.gson;
    opens dev.partita.shell.command to
            com.google.gson,
            info.picocli;
}
