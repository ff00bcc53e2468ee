/// Running an execution plan on devices.
module dev.partita.runtime {
    requires transitive dev.partita.compiler;
    requires transitive dev.partita.kernels;

// javac exports no package without a class; once it has one:
// exports dev.partita.runtime;
}
