package dev.partita.example;

import dev.partita.compiler.pipeline.DualPipeV;
import dev.partita.compiler.pipeline.GPipe;
import dev.partita.compiler.pipeline.Interleaved;
import dev.partita.compiler.pipeline.OneForwardOneBackward;
import dev.partita.compiler.pipeline.ScheduleStyle;
import dev.partita.compiler.pipeline.Schedules;
import dev.partita.compiler.pipeline.Sequential;
import dev.partita.compiler.pipeline.ZeroBubble;
import dev.partita.compiler.pipeline.ZeroBubbleV;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/// The text of a known schedule into which mistakes are typed, drawn from a seed: some are still
/// schedules, some no text of one.
public final class RandomSchedule {
    private static final List<String> TYPED =
            List.of("0F0", "0W0", "1B9", "7F0", "999999F0", "0B999999", "0F-1", "F0", "2G2", "#");

    private final Draw draw;
    private final List<List<String>> devices = new ArrayList<>();

    private RandomSchedule(long seed) {
        this.draw = new Draw(seed, 0, "schedule");
        ScheduleStyle style = draw.pick(Schedules.STYLES);
        int count = draw.pick(1, 2, 2, 3, 4);
        int microBatches =
                switch (style) {
                    case DualPipeV _, Interleaved _ -> 2 * count;
                    case Sequential _,
                            GPipe _,
                            OneForwardOneBackward _,
                            ZeroBubble _,
                            ZeroBubbleV _ ->
                            count + draw.below(4);
                };
        Schedules.of(style, count, microBatches, 0)
                .print()
                .lines()
                .forEach(line -> devices.add(new ArrayList<>(Arrays.asList(line.split(" ", -1)))));
    }

    /// Lines of actions, or of what was to be some.
    public static String draw(long seed) {
        var drawn = new RandomSchedule(seed);
        for (int i = 1 + drawn.draw.below(4); i > 0; i--) {
            drawn.mistake();
        }
        return drawn.devices.stream()
                .map(actions -> String.join(" ", actions))
                .collect(Collectors.joining("\n", "", "\n"));
    }

    private void mistake() {
        List<String> own = draw.pick(devices);
        List<String> other = draw.pick(devices);
        if (own.isEmpty()) {
            return;
        }
        int at = draw.below(own.size());
        switch (draw.below(10)) {
            case 0, 1, 2 -> Collections.swap(own, at, draw.below(own.size()));
            // neighbours that change places often still run
            case 3, 4 -> Collections.swap(own, at, Math.max(0, at - 1));
            case 5 -> own.remove(at);
            case 6 -> own.add(draw.below(own.size()), own.get(at));
            case 7 -> {
                String moved = own.remove(at);
                other.add(draw.below(other.size() + 1), moved);
            }
            case 8 -> own.set(at, digitsOfOthers(own.get(at)));
            default -> own.set(at, draw.pick(TYPED));
        }
        if (draw.once(20)) {
            Collections.swap(devices, 0, draw.below(devices.size()));
        }
        if (draw.once(20)) {
            devices.add(new ArrayList<>(draw.pick(devices)));
        }
        if (draw.once(20) && devices.size() > 1) {
            devices.remove(draw.below(devices.size()));
        }
    }

    /// The same action of another stage or micro-batch.
    private String digitsOfOthers(String action) {
        char[] letters = action.toCharArray();
        int at = draw.below(letters.length);
        letters[at] = (char) ('0' + draw.below(10));
        return new String(letters);
    }
}
