package dev.partita.dsl.layer;

import java.util.OptionalDouble;

/// How far the normal first weights of a layer of several linear maps spread. Their biases are 0
/// then.
///
/// @param inside of all maps but the last
/// @param output of the last, whose results a residual adds up: GPT-2 divides it by the root of
///   their number (Radford et al. 2019, section 2.3)
public record Deviations(double inside, double output) {
    public Deviations {
        Arguments.notNegative("a layer", "deviation", inside);
        Arguments.notNegative("a layer", "deviation of the output", output);
    }

    OptionalDouble ofInside() {
        return OptionalDouble.of(inside);
    }

    OptionalDouble ofOutput() {
        return OptionalDouble.of(output);
    }
}
