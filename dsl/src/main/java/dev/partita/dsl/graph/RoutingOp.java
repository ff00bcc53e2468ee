package dev.partita.dsl.graph;

import dev.partita.dsl.tensor.Shape;

/// Which tokens meet which experts, and the ways there and back (GShard, Lepikhin et al. 2020,
/// section 3.2).
///
/// The positions of one example are a group: they alone compete for the slots that each expert has
/// for the example, so how a batch is spread over devices or micro-batches changes nothing. What is
/// in slots is `[expert, batch, capacity, ...]`, so that all slots of an expert lie side by side.
///
/// [Dispatch] and [Combine] are each other's gradients, and with weights [SlotDot] is the gradient
/// of those.
public sealed interface RoutingOp extends Op {
    /// Operand `probabilities[batch, position, expert]`: every position chooses its most probable
    /// experts; of equal ones the first. First choices get slots before all second ones, and among
    /// those earlier positions before later ones; a choice that finds its expert's slots taken is
    /// dropped.
    ///
    /// Results `weights[expert, batch, capacity]` of the slots, `positions i32[expert, batch,
    /// capacity]` in them, and `chosen[batch, expert]` and `dropped[batch, expert]`: how many
    /// positions chose an expert, and how many of those in vain. An empty slot has the weight 0 and
    /// the position -1. One choice weighs its probability (Switch Transformer, Fedus et al. 2021),
    /// of several each its share of their sum.
    ///
    /// @param choices of every position
    /// @param capacity slots that each expert has for each example
    record Route(int choices, long capacity) implements RoutingOp {
        @Override
        public String toString() {
            return "route " + choices + " into " + capacity;
        }
    }

    /// Operands `probabilities, positions, dweights`: the gradient of the probabilities. A dropped
    /// choice still takes its share of the sum.
    record RouteGrad(int choices) implements RoutingOp {
        @Override
        public String toString() {
            return "route-grad " + choices;
        }
    }

    /// Operands `x[batch, position, model]`, `positions` and perhaps `weights`; result, of shape
    /// `to`, in every slot the `x` of its position, times the weight of the slot; zeros in an empty
    /// slot.
    record Dispatch(Shape to) implements RoutingOp, Op.Shaped {
        @Override
        public Op to(Shape shape) {
            return new Dispatch(shape);
        }

        @Override
        public String toString() {
            return "dispatch";
        }
    }

    /// Operands `y[expert, batch, capacity, model]`, `positions` and perhaps `weights`; result, of
    /// shape `to`, at every position the sum of its slots, each times its weight.
    record Combine(Shape to) implements RoutingOp, Op.Shaped {
        @Override
        public Op to(Shape shape) {
            return new Combine(shape);
        }

        @Override
        public String toString() {
            return "combine";
        }
    }

    /// Operands `y[expert, batch, capacity, model]`, `x[batch, position, model]`, `positions`;
    /// result for every slot the dot product of its `y` with the `x` of its position, 0 for an
    /// empty slot.
    record SlotDot() implements RoutingOp {
        @Override
        public String toString() {
            return "slot-dot";
        }
    }
}
