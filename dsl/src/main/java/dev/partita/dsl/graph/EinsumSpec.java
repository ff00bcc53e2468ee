package dev.partita.dsl.graph;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;

/// A two-operand einsum: one letter per dim, `bk,ok->bo`. A letter that is missing in the result is
/// summed over; a letter in both operands and the result is a batch letter. Every gradient of an
/// einsum is an einsum again.
public record EinsumSpec(String left, String right, String result) {
    public EinsumSpec {
        boolean bound = result.chars().allMatch(c -> left.indexOf(c) >= 0 || right.indexOf(c) >= 0);
        boolean used =
                (left + right)
                        .chars()
                        .allMatch(c ->
                                result.indexOf(c) >= 0
                                        || (left.indexOf(c) >= 0 && right.indexOf(c) >= 0));
        boolean once = once(left) && once(right) && once(result);
        if (!bound || !used || !once) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "An einsum needs each letter once per tensor and in two tensors.")
                    .fact("spec", left + "," + right + "->" + result)
                    .fix("write for example bk,ok->bo; sum other dims before")
                    .exception();
        }
    }

    private static boolean once(String letters) {
        return letters.chars().distinct().count() == letters.length();
    }

    /// Reads `bk,ok->bo`.
    public static EinsumSpec parse(String text) {
        int comma = text.indexOf(',');
        int arrow = text.indexOf("->");
        if (comma < 0 || arrow < comma) {
            throw Problem.of(ProblemCode.INVALID_ARGUMENT, "Not an einsum.")
                    .fact("given", text)
                    .fix("write for example bk,ok->bo")
                    .exception();
        }
        return new EinsumSpec(
                text.substring(0, comma),
                text.substring(comma + 1, arrow),
                text.substring(arrow + 2));
    }

    /// `left` from `result` and `right`: the gradient of the first operand.
    public EinsumSpec leftGradient() {
        return new EinsumSpec(/* left= */ result, right, /* result= */ left);
    }

    /// `right` from `result` and `left`: the gradient of the second operand.
    public EinsumSpec rightGradient() {
        return new EinsumSpec(/* left= */ result, /* right= */ left, /* result= */ right);
    }

    /// True if the letter is summed over.
    public boolean contracts(char letter) {
        return result.indexOf(letter) < 0;
    }

    @Override
    public String toString() {
        return left + "," + right + "->" + result;
    }
}
