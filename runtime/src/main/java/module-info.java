/// Running an execution plan on devices.
module dev.partita.runtime {
    requires transitive dev.partita.compiler;
    requires transitive dev.partita.kernels;
    requires com.google.gson;
    requires jdk.management;

    exports dev.partita.runtime.collective;
    exports dev.partita.runtime.data;
    exports dev.partita.runtime.device;
    exports dev.partita.runtime.execute;
    exports dev.partita.runtime.state;
    exports dev.partita.runtime.train;

    opens dev.partita.runtime.state to
            com.google.gson;
}
