package dev.partita.runtime.execute;

import static com.google.common.truth.Truth.assertThat;

import dev.partita.compiler.plan.Arithmetic;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.tensor.Dtype;
import org.junit.jupiter.api.Test;

final class StepProfileTest {
    @Test
    void a_profile_has_every_plan_step_and_the_arithmetic_of_all() {
        ExecutionPlan plan = Plans.compile(Mesh.of("data", 2), Dtype.F32).plan();
        try (var session = Session.open(plan, Plans.REFERENCE)) {
            Plans.fill(session.feed(), 1);
            StepProfile profile = session.profile(3);
            assertThat(profile.entries().stream().mapToInt(StepProfile.Entry::times).sum())
                    .isEqualTo(plan.program(0).steps().size());
            assertThat(profile.entries().stream().mapToLong(StepProfile.Entry::arithmetic).sum())
                    .isEqualTo(Arithmetic.of(plan.program(0)));
            assertThat(profile.opMillis()).isGreaterThan(0.0);
            assertThat(profile.opMillis()).isAtMost(profile.millis());
            assertThat(profile.entries().stream().map(StepProfile.Entry::op))
                    .contains("finish all-reduce data");
            session.run();
        }
    }
}
