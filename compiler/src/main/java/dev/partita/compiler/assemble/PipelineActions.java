package dev.partita.compiler.assemble;

import dev.partita.compiler.schedule.Action;
import dev.partita.compiler.schedule.DeviceSequence;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Value;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// Which action of a pipeline's schedule each entry of a device's sequence is part of, such as
/// `2F0`; empty for what is part of none: what all micro-batches share, sends, updates.
///
/// What lies between computations of one action is part of it, too: communication inside it, and
/// what passes have inserted. With the norm of the gradients begins what the whole step does once.
final class PipelineActions {
    private final DeviceSequence sequence;
    private final Map<Value, String> known;

    private PipelineActions(DeviceSequence sequence, Map<Value, String> known) {
        this.sequence = sequence;
        this.known = known;
    }

    /// One word for each entry.
    ///
    /// @param known of values of the whole, undivided graph
    static List<String> of(DeviceSequence sequence, Map<Value, String> known) {
        return new PipelineActions(sequence, known).words();
    }

    private List<String> words() {
        List<Action> actions = sequence.actions();
        var words = new String[actions.size()];
        int last = -1;
        boolean over = false;
        for (int i = 0; i < words.length; i++) {
            over |= actions.get(i).node().op() instanceof Op.SumSquares;
            boolean runs = actions.get(i) instanceof Action.Run && !over;
            words[i] = runs ? word(actions.get(i).node()) : "";
            if (!words[i].isEmpty()) {
                if (last >= 0 && words[last].equals(words[i])) {
                    Arrays.fill(words, last + 1, i, words[i]);
                }
                last = i;
            }
        }
        send(words);
        return List.of(words);
    }

    /// What is sent between stages is part of the action that sends it, on both devices.
    private void send(String[] words) {
        for (int i = 0; i < words.length; i++) {
            Node node = sequence.actions().get(i).node();
            if (node.op() instanceof Reshard.Send) {
                words[i] = word(node);
            }
        }
    }

    private String word(Node node) {
        for (Value result : node.results()) {
            String word = known.get(sequence.local().block(result).whole());
            if (word != null) {
                return word;
            }
        }
        return "";
    }
}
