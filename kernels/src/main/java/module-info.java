/// How an op is computed, on each kind of device.
module dev.partita.kernels {
    requires transitive dev.partita.dsl;
    requires jdk.incubator.vector;
    requires org.bytedeco.dnnl;
    requires org.bytedeco.javacpp;

    exports dev.partita.kernels;
    exports dev.partita.kernels.cpu;
    exports dev.partita.kernels.reference;
}
