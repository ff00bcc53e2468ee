package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.MEMORY;
import static dev.partita.kernels.cpu.Floats.ORDER;
import static dev.partita.kernels.cpu.Floats.SPECIES;
import static dev.partita.kernels.cpu.Floats.STEP;
import static dev.partita.kernels.cpu.WinogradTiles.POINTS;
import static dev.partita.kernels.cpu.WinogradTiles.REACH;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import jdk.incubator.vector.FloatVector;

/// The linear maps of Winograd's algorithm, over whole vectors of channels: first along the columns
/// of a tile, then along its rows. In matrices (Lavin & Gray 2016, equation 8) the convolution is
/// `A' ((G g G') * (B' d B)) A`; gradients go through the transposed maps.
///
/// The 16 numbers of a transformed tile lie `apart` bytes apart. Scratch memory holds 16 vectors.
final class WinogradTransforms {
    private WinogradTransforms() {}

    /// `B' d B`: 4x4 pixels at the addresses `at` to the 16 numbers at `to`.
    static void image(long[] at, long bytes, long to, long apart) {
        for (long c = 0; c < bytes; c += STEP) {
            FloatVector a0 = fromMemorySegment(SPECIES, MEMORY, at[0] + c, ORDER);
            FloatVector a1 = fromMemorySegment(SPECIES, MEMORY, at[1] + c, ORDER);
            FloatVector a2 = fromMemorySegment(SPECIES, MEMORY, at[2] + c, ORDER);
            FloatVector a3 = fromMemorySegment(SPECIES, MEMORY, at[3] + c, ORDER);
            FloatVector b0 = fromMemorySegment(SPECIES, MEMORY, at[4] + c, ORDER);
            FloatVector b1 = fromMemorySegment(SPECIES, MEMORY, at[5] + c, ORDER);
            FloatVector b2 = fromMemorySegment(SPECIES, MEMORY, at[6] + c, ORDER);
            FloatVector b3 = fromMemorySegment(SPECIES, MEMORY, at[7] + c, ORDER);
            FloatVector d0 = fromMemorySegment(SPECIES, MEMORY, at[8] + c, ORDER);
            FloatVector d1 = fromMemorySegment(SPECIES, MEMORY, at[9] + c, ORDER);
            FloatVector d2 = fromMemorySegment(SPECIES, MEMORY, at[10] + c, ORDER);
            FloatVector d3 = fromMemorySegment(SPECIES, MEMORY, at[11] + c, ORDER);
            FloatVector e0 = fromMemorySegment(SPECIES, MEMORY, at[12] + c, ORDER);
            FloatVector e1 = fromMemorySegment(SPECIES, MEMORY, at[13] + c, ORDER);
            FloatVector e2 = fromMemorySegment(SPECIES, MEMORY, at[14] + c, ORDER);
            FloatVector e3 = fromMemorySegment(SPECIES, MEMORY, at[15] + c, ORDER);
            FloatVector p0 = a0.sub(d0);
            FloatVector p1 = a1.sub(d1);
            FloatVector p2 = a2.sub(d2);
            FloatVector p3 = a3.sub(d3);
            FloatVector q0 = b0.add(d0);
            FloatVector q1 = b1.add(d1);
            FloatVector q2 = b2.add(d2);
            FloatVector q3 = b3.add(d3);
            FloatVector r0 = d0.sub(b0);
            FloatVector r1 = d1.sub(b1);
            FloatVector r2 = d2.sub(b2);
            FloatVector r3 = d3.sub(b3);
            FloatVector s0 = b0.sub(e0);
            FloatVector s1 = b1.sub(e1);
            FloatVector s2 = b2.sub(e2);
            FloatVector s3 = b3.sub(e3);
            long y = to + c;
            p0.sub(p2).intoMemorySegment(MEMORY, y, ORDER);
            p1.add(p2).intoMemorySegment(MEMORY, y + apart, ORDER);
            p2.sub(p1).intoMemorySegment(MEMORY, y + 2 * apart, ORDER);
            p1.sub(p3).intoMemorySegment(MEMORY, y + 3 * apart, ORDER);
            q0.sub(q2).intoMemorySegment(MEMORY, y + 4 * apart, ORDER);
            q1.add(q2).intoMemorySegment(MEMORY, y + 5 * apart, ORDER);
            q2.sub(q1).intoMemorySegment(MEMORY, y + 6 * apart, ORDER);
            q1.sub(q3).intoMemorySegment(MEMORY, y + 7 * apart, ORDER);
            r0.sub(r2).intoMemorySegment(MEMORY, y + 8 * apart, ORDER);
            r1.add(r2).intoMemorySegment(MEMORY, y + 9 * apart, ORDER);
            r2.sub(r1).intoMemorySegment(MEMORY, y + 10 * apart, ORDER);
            r1.sub(r3).intoMemorySegment(MEMORY, y + 11 * apart, ORDER);
            s0.sub(s2).intoMemorySegment(MEMORY, y + 12 * apart, ORDER);
            s1.add(s2).intoMemorySegment(MEMORY, y + 13 * apart, ORDER);
            s2.sub(s1).intoMemorySegment(MEMORY, y + 14 * apart, ORDER);
            s1.sub(s3).intoMemorySegment(MEMORY, y + 15 * apart, ORDER);
        }
    }

    /// `A' m A + bias`: the 16 numbers at `from` to 2x2 pixels at the addresses `at`.
    static void result(long from, long apart, long bias, long bytes, long[] at) {
        for (long c = 0; c < bytes; c += STEP) {
            long x = from + c;
            FloatVector a0 = fromMemorySegment(SPECIES, MEMORY, x, ORDER);
            FloatVector a1 = fromMemorySegment(SPECIES, MEMORY, x + apart, ORDER);
            FloatVector a2 = fromMemorySegment(SPECIES, MEMORY, x + 2 * apart, ORDER);
            FloatVector a3 = fromMemorySegment(SPECIES, MEMORY, x + 3 * apart, ORDER);
            FloatVector b0 = fromMemorySegment(SPECIES, MEMORY, x + 4 * apart, ORDER);
            FloatVector b1 = fromMemorySegment(SPECIES, MEMORY, x + 5 * apart, ORDER);
            FloatVector b2 = fromMemorySegment(SPECIES, MEMORY, x + 6 * apart, ORDER);
            FloatVector b3 = fromMemorySegment(SPECIES, MEMORY, x + 7 * apart, ORDER);
            FloatVector d0 = fromMemorySegment(SPECIES, MEMORY, x + 8 * apart, ORDER);
            FloatVector d1 = fromMemorySegment(SPECIES, MEMORY, x + 9 * apart, ORDER);
            FloatVector d2 = fromMemorySegment(SPECIES, MEMORY, x + 10 * apart, ORDER);
            FloatVector d3 = fromMemorySegment(SPECIES, MEMORY, x + 11 * apart, ORDER);
            FloatVector e0 = fromMemorySegment(SPECIES, MEMORY, x + 12 * apart, ORDER);
            FloatVector e1 = fromMemorySegment(SPECIES, MEMORY, x + 13 * apart, ORDER);
            FloatVector e2 = fromMemorySegment(SPECIES, MEMORY, x + 14 * apart, ORDER);
            FloatVector e3 = fromMemorySegment(SPECIES, MEMORY, x + 15 * apart, ORDER);
            FloatVector p0 = a0.add(b0).add(d0);
            FloatVector p1 = a1.add(b1).add(d1);
            FloatVector p2 = a2.add(b2).add(d2);
            FloatVector p3 = a3.add(b3).add(d3);
            FloatVector q0 = b0.sub(d0).sub(e0);
            FloatVector q1 = b1.sub(d1).sub(e1);
            FloatVector q2 = b2.sub(d2).sub(e2);
            FloatVector q3 = b3.sub(d3).sub(e3);
            FloatVector more = fromMemorySegment(SPECIES, MEMORY, bias + c, ORDER);
            p0.add(p1).add(p2).add(more).intoMemorySegment(MEMORY, at[0] + c, ORDER);
            p1.sub(p2).sub(p3).add(more).intoMemorySegment(MEMORY, at[1] + c, ORDER);
            q0.add(q1).add(q2).add(more).intoMemorySegment(MEMORY, at[2] + c, ORDER);
            q1.sub(q2).sub(q3).add(more).intoMemorySegment(MEMORY, at[3] + c, ORDER);
        }
    }

    /// `A dy A'`: 2x2 pixels at the addresses `at` to the 16 numbers at `to`; adds the pixels to
    /// `sums`.
    static void slopes(long[] at, long bytes, long to, long apart, long sums) {
        for (long c = 0; c < bytes; c += STEP) {
            FloatVector a0 = fromMemorySegment(SPECIES, MEMORY, at[0] + c, ORDER);
            FloatVector a1 = fromMemorySegment(SPECIES, MEMORY, at[1] + c, ORDER);
            FloatVector b0 = fromMemorySegment(SPECIES, MEMORY, at[2] + c, ORDER);
            FloatVector b1 = fromMemorySegment(SPECIES, MEMORY, at[3] + c, ORDER);
            FloatVector p0 = a0.add(b0);
            FloatVector q0 = a0.sub(b0);
            FloatVector r0 = b0.neg();
            FloatVector p1 = a1.add(b1);
            FloatVector q1 = a1.sub(b1);
            FloatVector r1 = b1.neg();
            long y = to + c;
            a0.intoMemorySegment(MEMORY, y, ORDER);
            a0.add(a1).intoMemorySegment(MEMORY, y + apart, ORDER);
            a0.sub(a1).intoMemorySegment(MEMORY, y + 2 * apart, ORDER);
            a1.neg().intoMemorySegment(MEMORY, y + 3 * apart, ORDER);
            FloatVector sum = p0.add(p1);
            p0.intoMemorySegment(MEMORY, y + 4 * apart, ORDER);
            sum.intoMemorySegment(MEMORY, y + 5 * apart, ORDER);
            p0.sub(p1).intoMemorySegment(MEMORY, y + 6 * apart, ORDER);
            p1.neg().intoMemorySegment(MEMORY, y + 7 * apart, ORDER);
            q0.intoMemorySegment(MEMORY, y + 8 * apart, ORDER);
            q0.add(q1).intoMemorySegment(MEMORY, y + 9 * apart, ORDER);
            q0.sub(q1).intoMemorySegment(MEMORY, y + 10 * apart, ORDER);
            q1.neg().intoMemorySegment(MEMORY, y + 11 * apart, ORDER);
            r0.intoMemorySegment(MEMORY, y + 12 * apart, ORDER);
            r0.add(r1).intoMemorySegment(MEMORY, y + 13 * apart, ORDER);
            r0.sub(r1).intoMemorySegment(MEMORY, y + 14 * apart, ORDER);
            r1.neg().intoMemorySegment(MEMORY, y + 15 * apart, ORDER);
            sum.add(fromMemorySegment(SPECIES, MEMORY, sums + c, ORDER))
                    .intoMemorySegment(MEMORY, sums + c, ORDER);
        }
    }

    /// `B p B'`, the transpose of what [#image] does: adds the 16 numbers at `from` to 4x4 pixels
    /// at the addresses `at`.
    static void spread(long from, long apart, long bytes, long[] at) {
        for (long c = 0; c < bytes; c += STEP) {
            long x = from + c;
            FloatVector a0 = fromMemorySegment(SPECIES, MEMORY, x, ORDER);
            FloatVector a1 = fromMemorySegment(SPECIES, MEMORY, x + apart, ORDER);
            FloatVector a2 = fromMemorySegment(SPECIES, MEMORY, x + 2 * apart, ORDER);
            FloatVector a3 = fromMemorySegment(SPECIES, MEMORY, x + 3 * apart, ORDER);
            FloatVector b0 = fromMemorySegment(SPECIES, MEMORY, x + 4 * apart, ORDER);
            FloatVector b1 = fromMemorySegment(SPECIES, MEMORY, x + 5 * apart, ORDER);
            FloatVector b2 = fromMemorySegment(SPECIES, MEMORY, x + 6 * apart, ORDER);
            FloatVector b3 = fromMemorySegment(SPECIES, MEMORY, x + 7 * apart, ORDER);
            FloatVector d0 = fromMemorySegment(SPECIES, MEMORY, x + 8 * apart, ORDER);
            FloatVector d1 = fromMemorySegment(SPECIES, MEMORY, x + 9 * apart, ORDER);
            FloatVector d2 = fromMemorySegment(SPECIES, MEMORY, x + 10 * apart, ORDER);
            FloatVector d3 = fromMemorySegment(SPECIES, MEMORY, x + 11 * apart, ORDER);
            FloatVector e0 = fromMemorySegment(SPECIES, MEMORY, x + 12 * apart, ORDER);
            FloatVector e1 = fromMemorySegment(SPECIES, MEMORY, x + 13 * apart, ORDER);
            FloatVector e2 = fromMemorySegment(SPECIES, MEMORY, x + 14 * apart, ORDER);
            FloatVector e3 = fromMemorySegment(SPECIES, MEMORY, x + 15 * apart, ORDER);
            FloatVector p0 = b0.sub(d0).add(e0);
            FloatVector q0 = b0.add(d0).sub(a0);
            FloatVector p1 = b1.sub(d1).add(e1);
            FloatVector q1 = b1.add(d1).sub(a1);
            FloatVector p2 = b2.sub(d2).add(e2);
            FloatVector q2 = b2.add(d2).sub(a2);
            FloatVector p3 = b3.sub(d3).add(e3);
            FloatVector q3 = b3.add(d3).sub(a3);
            fromMemorySegment(SPECIES, MEMORY, at[0] + c, ORDER)
                    .add(a0)
                    .intoMemorySegment(MEMORY, at[0] + c, ORDER);
            fromMemorySegment(SPECIES, MEMORY, at[1] + c, ORDER)
                    .add(a1.sub(a2).add(a3))
                    .intoMemorySegment(MEMORY, at[1] + c, ORDER);
            fromMemorySegment(SPECIES, MEMORY, at[2] + c, ORDER)
                    .add(a1.add(a2).sub(a0))
                    .intoMemorySegment(MEMORY, at[2] + c, ORDER);
            fromMemorySegment(SPECIES, MEMORY, at[3] + c, ORDER)
                    .sub(a3)
                    .intoMemorySegment(MEMORY, at[3] + c, ORDER);
            fromMemorySegment(SPECIES, MEMORY, at[4] + c, ORDER)
                    .add(p0)
                    .intoMemorySegment(MEMORY, at[4] + c, ORDER);
            fromMemorySegment(SPECIES, MEMORY, at[5] + c, ORDER)
                    .add(p1.sub(p2).add(p3))
                    .intoMemorySegment(MEMORY, at[5] + c, ORDER);
            fromMemorySegment(SPECIES, MEMORY, at[6] + c, ORDER)
                    .add(p1.add(p2).sub(p0))
                    .intoMemorySegment(MEMORY, at[6] + c, ORDER);
            fromMemorySegment(SPECIES, MEMORY, at[7] + c, ORDER)
                    .sub(p3)
                    .intoMemorySegment(MEMORY, at[7] + c, ORDER);
            fromMemorySegment(SPECIES, MEMORY, at[8] + c, ORDER)
                    .add(q0)
                    .intoMemorySegment(MEMORY, at[8] + c, ORDER);
            fromMemorySegment(SPECIES, MEMORY, at[9] + c, ORDER)
                    .add(q1.sub(q2).add(q3))
                    .intoMemorySegment(MEMORY, at[9] + c, ORDER);
            fromMemorySegment(SPECIES, MEMORY, at[10] + c, ORDER)
                    .add(q1.add(q2).sub(q0))
                    .intoMemorySegment(MEMORY, at[10] + c, ORDER);
            fromMemorySegment(SPECIES, MEMORY, at[11] + c, ORDER)
                    .sub(q3)
                    .intoMemorySegment(MEMORY, at[11] + c, ORDER);
            fromMemorySegment(SPECIES, MEMORY, at[12] + c, ORDER)
                    .sub(e0)
                    .intoMemorySegment(MEMORY, at[12] + c, ORDER);
            fromMemorySegment(SPECIES, MEMORY, at[13] + c, ORDER)
                    .sub(e1.sub(e2).add(e3))
                    .intoMemorySegment(MEMORY, at[13] + c, ORDER);
            fromMemorySegment(SPECIES, MEMORY, at[14] + c, ORDER)
                    .sub(e1.add(e2).sub(e0))
                    .intoMemorySegment(MEMORY, at[14] + c, ORDER);
            fromMemorySegment(SPECIES, MEMORY, at[15] + c, ORDER)
                    .add(e3)
                    .intoMemorySegment(MEMORY, at[15] + c, ORDER);
        }
    }

    /// `G g G'`: one vector of each of the 3x3 taps, `next` bytes apart from the first at `from`,
    /// to 16 vectors at `to`.
    static void weights(long from, long next, long scratch, long to) {
        for (int i = 0; i < 3; i++) {
            long on = scratch + (long) i * STEP;
            long x = from + i * next;
            FloatVector a = fromMemorySegment(SPECIES, MEMORY, x, ORDER);
            FloatVector b = fromMemorySegment(SPECIES, MEMORY, x + 3 * next, ORDER).mul(0.5f);
            FloatVector d = fromMemorySegment(SPECIES, MEMORY, x + 6 * next, ORDER);
            FloatVector half = a.add(d).mul(0.5f);
            a.intoMemorySegment(MEMORY, on, ORDER);
            half.add(b).intoMemorySegment(MEMORY, on + 3L * STEP, ORDER);
            half.sub(b).intoMemorySegment(MEMORY, on + 6L * STEP, ORDER);
            d.intoMemorySegment(MEMORY, on + 9L * STEP, ORDER);
        }
        for (int i = 0; i < REACH; i++) {
            long on = scratch + 3L * i * STEP;
            long y = to + (long) i * REACH * STEP;
            FloatVector a = fromMemorySegment(SPECIES, MEMORY, on, ORDER);
            FloatVector b = fromMemorySegment(SPECIES, MEMORY, on + STEP, ORDER).mul(0.5f);
            FloatVector d = fromMemorySegment(SPECIES, MEMORY, on + 2L * STEP, ORDER);
            FloatVector half = a.add(d).mul(0.5f);
            a.intoMemorySegment(MEMORY, y, ORDER);
            half.add(b).intoMemorySegment(MEMORY, y + STEP, ORDER);
            half.sub(b).intoMemorySegment(MEMORY, y + 2L * STEP, ORDER);
            d.intoMemorySegment(MEMORY, y + 3L * STEP, ORDER);
        }
    }

    /// `G' u G`: the 16 numbers at `from` to one vector of each of the 3x3 taps, `next` bytes apart
    /// from the first at `to`.
    static void taps(long from, long apart, long scratch, long to, long next) {
        for (int i = 0; i < REACH; i++) {
            long on = scratch + (long) i * STEP;
            long x = from + i * apart;
            FloatVector b = fromMemorySegment(SPECIES, MEMORY, x + REACH * apart, ORDER);
            FloatVector d = fromMemorySegment(SPECIES, MEMORY, x + 2 * REACH * apart, ORDER);
            FloatVector half = b.add(d).mul(0.5f);
            fromMemorySegment(SPECIES, MEMORY, x, ORDER)
                    .add(half)
                    .intoMemorySegment(MEMORY, on, ORDER);
            b.sub(d).mul(0.5f).intoMemorySegment(MEMORY, on + 4L * STEP, ORDER);
            half.add(fromMemorySegment(SPECIES, MEMORY, x + 3 * REACH * apart, ORDER))
                    .intoMemorySegment(MEMORY, on + 8L * STEP, ORDER);
        }
        for (int i = 0; i < 3; i++) {
            long on = scratch + (long) i * REACH * STEP;
            long y = to + 3L * i * next;
            FloatVector b = fromMemorySegment(SPECIES, MEMORY, on + STEP, ORDER);
            FloatVector d = fromMemorySegment(SPECIES, MEMORY, on + 2L * STEP, ORDER);
            FloatVector half = b.add(d).mul(0.5f);
            fromMemorySegment(SPECIES, MEMORY, on, ORDER)
                    .add(half)
                    .intoMemorySegment(MEMORY, y, ORDER);
            b.sub(d).mul(0.5f).intoMemorySegment(MEMORY, y + next, ORDER);
            half.add(fromMemorySegment(SPECIES, MEMORY, on + 3L * STEP, ORDER))
                    .intoMemorySegment(MEMORY, y + 2 * next, ORDER);
        }
    }

    /// Bytes of scratch memory.
    static long scratchBytes() {
        return (long) POINTS * STEP;
    }
}
