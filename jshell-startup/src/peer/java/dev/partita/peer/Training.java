package dev.partita.peer;

import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.CompilationUnit;
import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// A network that is being trained, all of it in one script: so a step costs what libtorch costs,
/// and nothing of Java.
final class Training implements AutoCloseable {
    /// Optimizer state: two moments and a step count per weight.
    private static final String START =
            """
            def trained(given: List[Tensor]) -> List[Tensor]:
              return [x.clone().detach().requires_grad_(True) for x in weights(given)]

            def shared(w: List[Tensor]) -> List[Tensor]:
              return [x.detach() for x in w]

            def zeros(w: List[Tensor]) -> List[Tensor]:
              return [torch.zeros_like(x) for x in w]

            def counts(w: List[Tensor]) -> List[Tensor]:
              return [torch.zeros([], dtype=6) for x in w]
            """;

    private static final String STEPS =
            """
            def steps(times: int, w: List[Tensor], memory: List[Tensor], m: List[Tensor], v: List[Tensor],
                      n: List[Tensor], x: Tensor, labels: Tensor) -> Tensor:
              out = labels
              for i in range(times):
                out = loss(w, x, labels)
                g: List[Tensor] = []
                for each in torch.grad([out], w):
                  assert each is not None
                  g.append(each)
                update(memory, g, m, v, n)
              return out
            """;

    private final PointerScope scope = new PointerScope();
    private final boolean autocast;
    private final CompilationUnit code;
    private final IValue weights;

    /// The weights as tensors that remember no history, so that updates are none of it.
    private final IValue memory;

    private final IValue first;
    private final IValue second;
    private final IValue counts;
    private final IValue examples;
    private final IValue labels;

    private Training(Variant variant, Given given) {
        autocast = variant.autocast();
        code =
                torch.compile(
                        pack(given.weights().size())
                                + variant.script()
                                + variant.update().script()
                                + START
                                + STEPS);
        var tensors = new IValueVector();
        for (Tensor weight : given.weights()) {
            tensors.push_back(new IValue(weight));
        }
        weights = call("trained", call("pack", tensors));
        memory = call("shared", weights);
        first = call("zeros", weights);
        second = call("zeros", weights);
        counts = call("counts", weights);
        examples = call("examples", new IValue(given.examples()));
        labels = new IValue(given.labels());
    }

    /// Sets libtorch up, and begins with the first weights.
    static Training open(Variant variant, Given given) {
        Context context = torch.globalContext();
        context.setSDPUseFlash(variant.flash());
        context.setSDPUseMath(true);
        torch.set_autocast_enabled(torch.DeviceType.CPU, variant.autocast());
        return new Training(variant, given);
    }

    /// A list can be made in a script alone.
    private static String pack(int size) {
        String names =
                IntStream.range(0, size).mapToObj(i -> "a" + i).collect(Collectors.joining(", "));
        return """
        def pack(%s) -> List[Tensor]:
          return [%s]

        """
                .formatted(names, names);
    }

    private IValue call(String function, IValue argument) {
        return call(function, new IValueVector(argument));
    }

    private IValue call(String function, IValueVector arguments) {
        return code.get_function(new QualifiedName(function)).apply(arguments);
    }

    /// Trains this many steps.
    ///
    /// @return the loss of the last, before its update
    double run(int times) {
        if (!autocast) {
            return script(times);
        }
        // autocast keeps weights in bf16 until it is told that they are old
        double loss = Double.NaN;
        for (int i = 0; i < times; i++) {
            loss = script(1);
            torch.clear_cache();
        }
        return loss;
    }

    private double script(int times) {
        try (var _ = new PointerScope()) {
            var arguments =
                    new IValueVector(
                            new IValue((long) times),
                            weights,
                            memory,
                            first,
                            second,
                            counts,
                            examples,
                            labels);
            return call("steps", arguments).toTensor().item_float();
        }
    }

    @Override
    public void close() {
        scope.close();
    }
}
