package dev.partita.kernels.cpu;

import static com.google.common.truth.TruthJUnit.assume;

import dev.partita.dsl.tensor.Dtype;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;

/// oneDNN in half floats, where the machine has code for them.
class OneDnnHalfTest {
    abstract static class Contract extends ContractionsContract {
        private final Dtype half;

        Contract(Dtype half) {
            super(new OneDnnLibrary(), half);
            this.half = half;
        }

        @BeforeEach
        void isNative() {
            assume().withMessage("%s in %s", half, OneDnn.describe())
                    .that(OneDnn.computes(half))
                    .isTrue();
        }
    }

    @Nested
    class InBfloat16 extends Contract {
        InBfloat16() {
            super(Dtype.BF16);
        }
    }

    @Nested
    class InFloat16 extends Contract {
        InFloat16() {
            super(Dtype.F16);
        }
    }
}
