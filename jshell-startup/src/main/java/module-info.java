/// All of Partita: `import module dev.partita;` is the whole import list of a session.
@SuppressWarnings("requires-automatic") // JLine names its module in the manifest only
module dev.partita {
    requires jdk.jshell;
    requires transitive dev.partita.compiler;
    requires transitive dev.partita.dsl;
    requires transitive dev.partita.kernels;
    requires transitive dev.partita.runtime;
    requires com.google.gson;
    requires info.picocli;
    requires org.jline;

// javac exports no package without a class; once it has one:
// exports dev.partita.shell;
}
