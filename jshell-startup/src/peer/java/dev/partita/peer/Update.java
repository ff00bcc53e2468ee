package dev.partita.peer;

import java.util.Locale;

/// The rule by which weights follow their gradients, in one call for all of them. The numbers are
/// those of the benchmark's workloads.
enum Update {
    ADAM(
            "torch._fused_adam_(w, g, m, v, [], n, lr=1e-3, beta1=0.9, beta2=0.999, weight_decay=0.0,"
                    + " eps=1e-8, amsgrad=False, maximize=False)"),
    ADAMW(
            "torch._fused_adamw_(w, g, m, v, [], n, lr=1e-3, beta1=0.9, beta2=0.999,"
                    + " weight_decay=0.01, eps=1e-8, amsgrad=False, maximize=False)"),
    FUSED_SGD(
            "torch._fused_sgd_(w, g, [], weight_decay=0.0, momentum=0.0, lr=1e-3, dampening=0.0,"
                    + " nesterov=False, maximize=False, is_first_step=False)"),
    FOREACH_SGD("torch._foreach_add_(w, g, alpha=-1e-3)");

    private final String call;

    Update(String call) {
        this.call = call;
    }

    /// The function `update(weights, gradients, first moments, second moments, step counts)`.
    String script() {
        boolean counts = this == ADAM || this == ADAMW;
        return """
        def update(w: List[Tensor], g: List[Tensor], m: List[Tensor], v: List[Tensor],
                   n: List[Tensor]):
          %s%s

        """
                .formatted(counts ? "torch._foreach_add_(n, 1)\n  " : "", call);
    }

    String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
