package dev.partita.compiler.plan;

/// What a plan asks of its devices.
///
/// @param peakBytes memory of the device that needs most
/// @param sentBytes what the device that brings most brings to the collectives of a step
public record Price(long peakBytes, long sentBytes) {
    public static Price of(ExecutionPlan plan) {
        long sent = plan.programs().stream().mapToLong(Program::sentBytes).max().orElseThrow();
        return new Price(plan.peakBytes(), sent);
    }

    @Override
    public String toString() {
        return "a device holds %,d bytes and sends %,d a step".formatted(peakBytes, sentBytes);
    }
}
