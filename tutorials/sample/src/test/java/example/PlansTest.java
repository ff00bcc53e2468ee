package example;

import static dev.partita.compiler.testing.PlanAssertions.assertCompiles;
import static dev.partita.runtime.train.Words.digits;
import static dev.partita.runtime.train.Words.train;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PlansTest {
    @Test
    void both_plans_compile() {
        assertEquals(2, assertCompiles(Plans::annotated).plan().devices());
        assertEquals(2, assertCompiles(Plans::fluent).plan().devices());
    }

    @Test
    void a_few_steps_can_be_trained() {
        var run = train(Plans.annotated(), digits().train()).steps(3);
        assertTrue(run.toString().startsWith("3 steps"), run.toString());
    }
}
