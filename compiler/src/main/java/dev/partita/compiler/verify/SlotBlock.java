package dev.partita.compiler.verify;

import dev.partita.compiler.plan.Slot;
import dev.partita.dsl.mesh.Placement;
import dev.partita.dsl.tensor.TensorType;

/// Which part of which tensor a slot holds, apart from where it is in memory.
record SlotBlock(TensorType whole, Placement placement) {
    static SlotBlock of(Slot slot) {
        return new SlotBlock(slot.whole(), slot.placement());
    }

    @Override
    public String toString() {
        return whole + " " + placement;
    }
}
