package dev.partita.kernels.cpu;

import dev.partita.dsl.graph.EinsumSpec;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Epilogue;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.ResultTypes;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.graph.Window;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Buffer;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelLibrary;
import dev.partita.kernels.KernelRequest;
import dev.partita.kernels.Types;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// One training step of the ConvNet as a plan would run it: every kernel in order, on one thread.
final class ConvNetStep implements AutoCloseable {
    /// A kernel and the op it computes.
    record Named(String name, Kernel kernel) {}

    private static final Window CONVOLUTION = Window.square(3, 1, 0);
    private static final Window POOL = Window.square(2, 2, 0);
    private static final double LEARNING_RATE = 1e-3;

    private final Arena arena = Arena.ofShared();
    private final Random random = new Random(1);
    private final List<Named> kernels = new ArrayList<>();
    private final KernelLibrary library;
    private final Buffer learningRate = scalar();
    private final Buffer step =
            Buffer.whole(TensorType.scalar(Dtype.I64), arena.allocate(Long.BYTES, 64));

    ConvNetStep(KernelLibrary library, int batch) {
        this.library = library;
        step.memory().set(ValueLayout.JAVA_LONG, 0, 1);
        Buffer image = noise(Types.f32(batch + ",28,28,1"));
        Buffer w1 = noise(Types.f32("32,3,3,1"));
        Buffer b1 = noise(Types.f32("32"));
        Buffer w2 = noise(Types.f32("64,3,3,32"));
        Buffer b2 = noise(Types.f32("64"));
        Buffer w3 = noise(Types.f32("256,1600"));
        Buffer b3 = noise(Types.f32("256"));
        Buffer w4 = noise(Types.f32("10,256"));
        Buffer b4 = noise(Types.f32("10"));
        Buffer y1 = add(new Op.Conv2d(CONVOLUTION, Epilogue.BIAS), image, w1, b1).getFirst();
        List<Buffer> p1 = add(new Op.MaxPool(POOL), y1);
        Buffer r1 = add(new Elementwise.Relu(), p1.getFirst()).getFirst();
        Buffer y2 = add(new Op.Conv2d(CONVOLUTION, Epilogue.BIAS), r1, w2, b2).getFirst();
        List<Buffer> p2 = add(new Op.MaxPool(POOL), y2);
        Buffer r2 = add(new Elementwise.Relu(), p2.getFirst()).getFirst();
        Buffer flat = Buffer.whole(Types.f32(batch + ",1600"), r2.memory());
        Buffer hidden = add(linear(Epilogue.BIAS_RELU), flat, w3, b3).getFirst();
        Buffer logits = add(linear(Epilogue.BIAS), hidden, w4, b4).getFirst();
        Buffer labels = Buffer.whole(Types.i32("" + batch), arena.allocate(batch * 4L, 64));
        List<Buffer> loss = add(new Op.CrossEntropy(), logits, labels);
        Buffer dloss = noise(loss.getFirst().type());
        Buffer dlogits =
                add(new Op.CrossEntropyGrad(), logits, labels, loss.get(1), dloss).getFirst();
        Buffer dw4 = add(Op.Einsum.of("bo,bk->ok"), dlogits, hidden).getFirst();
        Buffer db4 = add(new Op.Sum(List.of(0)), dlogits).getFirst();
        Buffer dhidden = add(Op.Einsum.of("bo,ok->bk"), dlogits, w4).getFirst();
        Buffer dz3 = add(new Elementwise.ReluGrad(), hidden, dhidden).getFirst();
        Buffer dw3 = add(Op.Einsum.of("bo,bk->ok"), dz3, flat).getFirst();
        Buffer db3 = add(new Op.Sum(List.of(0)), dz3).getFirst();
        Buffer dflat = add(Op.Einsum.of("bo,ok->bk"), dz3, w3).getFirst();
        Buffer dr2 = Buffer.whole(r2.type(), dflat.memory());
        Buffer dp2 = add(new Elementwise.ReluGrad(), r2, dr2).getFirst();
        Buffer dy2 = add(new Op.MaxPoolGrad(POOL, y2.type().shape()), dp2, p2.get(1)).getFirst();
        var grad2 = new Op.Conv2dWeightGrad(CONVOLUTION, true, w2.type().shape());
        List<Buffer> d2 = add(grad2, dy2, r1);
        var input2 = new Op.Conv2dInputGrad(CONVOLUTION, r1.type().shape());
        Buffer dr1 = add(input2, dy2, w2).getFirst();
        Buffer dp1 = add(new Elementwise.ReluGrad(), r1, dr1).getFirst();
        Buffer dy1 = add(new Op.MaxPoolGrad(POOL, y1.type().shape()), dp1, p1.get(1)).getFirst();
        var grad1 = new Op.Conv2dWeightGrad(CONVOLUTION, true, w1.type().shape());
        List<Buffer> d1 = add(grad1, dy1, image);
        adam(w1, d1.get(0));
        adam(b1, d1.get(1));
        adam(w2, d2.get(0));
        adam(b2, d2.get(1));
        adam(w3, dw3);
        adam(b3, db3);
        adam(w4, dw4);
        adam(b4, db4);
    }

    List<Named> kernels() {
        return kernels;
    }

    void run() {
        for (Named named : kernels) {
            named.kernel.run();
        }
    }

    private static Op linear(Epilogue epilogue) {
        return new Op.Einsum(EinsumSpec.parse("bk,ok->bo"), epilogue);
    }

    private void adam(Buffer weight, Buffer gradient) {
        var op = new Update.AdamStep(0.9, 0.999, 1e-8, 0, false);
        Buffer first = Buffer.whole(weight.type(), arena.allocate(weight.type().bytes(), 64));
        Buffer second = Buffer.whole(weight.type(), arena.allocate(weight.type().bytes(), 64));
        open(
                op,
                List.of(weight, gradient, first, second, learningRate, step),
                List.of(weight, first, second));
    }

    private List<Buffer> add(Op op, Buffer... operands) {
        List<TensorType> types =
                ResultTypes.of(op, List.of(operands).stream().map(Buffer::type).toList());
        List<Buffer> results = types.stream().map(this::noise).toList();
        open(op, List.of(operands), results);
        return results;
    }

    private void open(Op op, List<Buffer> operands, List<Buffer> results) {
        Kernel kernel = library.require(new KernelRequest(op, operands, results));
        kernels.add(new Named(op + " : " + results.getFirst().type(), kernel));
    }

    private Buffer noise(TensorType type) {
        var buffer = Buffer.whole(type, arena.allocate(type.bytes(), 64));
        for (long i = 0; type.dtype() == Dtype.F32 && i < type.shape().elements(); i++) {
            buffer.memory()
                    .setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (0.1 * random.nextGaussian()));
        }
        return buffer;
    }

    private Buffer scalar() {
        var buffer = Buffer.whole(TensorType.scalar(Dtype.F32), arena.allocate(Float.BYTES, 64));
        buffer.memory().set(ValueLayout.JAVA_FLOAT, 0, (float) LEARNING_RATE);
        return buffer;
    }

    @Override
    public void close() {
        kernels.forEach(named -> named.kernel.close());
        arena.close();
    }
}
