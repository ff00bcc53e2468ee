package dev.partita.compiler.sharding;

import dev.partita.compiler.ShardRequest;
import dev.partita.compiler.plan.Price;
import dev.partita.dsl.problem.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// What the user asked to be split, and what the same step would cost if it were asked otherwise: a
/// message about requests that cannot be kept lists those that can, each with the price of its
/// plan.
///
/// @param trial the price of a step with other requests, or empty if these cannot be kept either
public record Choices(
        List<ShardRequest> requests, Function<List<ShardRequest>, Optional<Price>> trial) {
    public Choices {
        requests = List.copyOf(requests);
    }

    /// Requests to which no others are compared.
    public static Choices only(List<ShardRequest> requests) {
        return new Choices(requests, _ -> Optional.empty());
    }

    /// The same without a request.
    Choices without(ShardRequest request) {
        return new Choices(requests.stream().filter(r -> !r.equals(request)).toList(), trial);
    }

    /// Adds what it costs to leave a request out, called `name`.
    Problem without(Problem problem, String name, ShardRequest request) {
        return priced(problem, name, without(request).requests);
    }

    /// Adds what it costs to ask for something else instead of `request`.
    Problem instead(Problem problem, ShardRequest request, ShardRequest other) {
        List<ShardRequest> others = new ArrayList<>(requests);
        others.set(others.indexOf(request), other);
        return priced(problem, other.toString(), others);
    }

    /// Adds what it costs to ask for something more.
    Problem with(Problem problem, ShardRequest more) {
        List<ShardRequest> others = new ArrayList<>(requests);
        others.add(more);
        return priced(problem, more.toString(), others);
    }

    private Problem priced(Problem problem, String name, List<ShardRequest> others) {
        return trial.apply(others).map(price -> problem.fact(name, price)).orElse(problem);
    }
}
