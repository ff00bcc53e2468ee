package example;

import static dev.partita.runtime.train.Words.digits;
import static dev.partita.runtime.train.Words.train;

/// Trains both networks on digits that are drawn.
final class Train {
    private Train() {}

    public static void main(String[] arguments) {
        System.out.println(train(Plans.annotated(), digits()).epochs(1));
        System.out.println(train(Plans.fluent(), digits()).epochs(1));
    }
}
