package dev.partita.compiler.testing;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.problem.ProblemException;
import java.util.function.Supplier;

/// Fails a build with the Problems of a plan that is not constant, and therefore not seen by the
/// javac plugin: models made by methods, sizes read from files, meshes of a cluster.
///
/// ```java
/// @Test
/// void the_large_model_fits_the_cluster() {
///     assertCompiles(() -> Compiler.compile(large(), cluster()));
/// }
/// ```
public final class PlanAssertions {
    private PlanAssertions() {}

    /// Compiles a training step, and proves that it keeps what every plan must keep.
    ///
    /// @return the plan, to be asked further
    /// @throws AssertionError its message is every Problem as it prints, with the user's line
    public static Compilation assertCompiles(Model model, CompileOptions options) {
        return assertCompiles(() -> Compiler.compile(model, options));
    }

    /// Makes a plan; model and options may be made in `plan` too, so that their Problems count.
    ///
    /// @return what `plan` gives
    /// @throws AssertionError its message is every Problem as it prints, with the user's line
    public static <T> T assertCompiles(Supplier<T> plan) {
        try {
            return plan.get();
        } catch (ProblemException refused) {
            throw new AssertionError("The plan is refused.\n" + refused.getMessage(), refused);
        }
    }
}
