package dev.partita.runtime.data;

import java.util.ArrayList;
import java.util.List;

/// How the ten digits are drawn with a pen: polylines in a unit box, x to the right and y down.
/// Some digits have two ways.
final class Strokes {
    /// Straight pieces per full turn of an arc.
    private static final int PIECES_PER_TURN = 16;

    private static final List<List<List<double[]>>> DIGITS =
            List.of(
                    List.of(List.of(arc(0.5, 0.5, 0.31, 0.45, 0, 360))),
                    List.of(
                            List.of(line(0.52, 0.05, 0.5, 0.95)),
                            List.of(
                                    line(0.3, 0.28, 0.53, 0.05, 0.53, 0.95),
                                    line(0.3, 0.95, 0.75, 0.95)),
                            List.of(line(0.33, 0.25, 0.53, 0.05, 0.53, 0.95))),
                    List.of(
                            List.of(
                                    arc(0.5, 0.3, 0.29, 0.25, -170, 30),
                                    line(0.75, 0.43, 0.2, 0.94, 0.82, 0.94))),
                    List.of(
                            List.of(
                                    arc(0.46, 0.28, 0.29, 0.23, -150, 90),
                                    arc(0.46, 0.73, 0.32, 0.23, -90, 150)),
                            List.of(
                                    line(0.2, 0.06, 0.76, 0.06, 0.44, 0.42),
                                    arc(0.46, 0.68, 0.31, 0.27, -90, 150))),
                    List.of(
                            List.of(
                                    line(0.6, 0.05, 0.16, 0.64, 0.86, 0.64),
                                    line(0.64, 0.36, 0.62, 0.96)),
                            List.of(
                                    line(0.24, 0.06, 0.2, 0.52, 0.76, 0.52),
                                    line(0.74, 0.08, 0.7, 0.96))),
                    List.of(
                            List.of(
                                    line(0.76, 0.06, 0.3, 0.06, 0.26, 0.44),
                                    arc(0.47, 0.66, 0.31, 0.28, -135, 140))),
                    List.of(
                            List.of(
                                    line(0.68, 0.04, 0.4, 0.3, 0.23, 0.66),
                                    arc(0.5, 0.7, 0.28, 0.25, 0, 360))),
                    List.of(
                            List.of(line(0.18, 0.08, 0.8, 0.08, 0.42, 0.95)),
                            List.of(
                                    line(0.18, 0.08, 0.8, 0.08, 0.42, 0.95),
                                    line(0.36, 0.5, 0.72, 0.5))),
                    List.of(
                            List.of(
                                    arc(0.5, 0.27, 0.23, 0.22, 0, 360),
                                    arc(0.5, 0.73, 0.29, 0.23, 0, 360))),
                    List.of(
                            List.of(
                                    arc(0.49, 0.3, 0.27, 0.25, 0, 360),
                                    line(0.76, 0.3, 0.72, 0.66, 0.5, 0.96))));

    private Strokes() {}

    /// The ways to draw a digit. A way is polylines `x0, y0, x1, y1, …`.
    static List<List<double[]>> of(int digit) {
        return DIGITS.get(digit);
    }

    private static double[] line(double... points) {
        return points;
    }

    /// Part of an ellipse; angles in degrees, from the right over the bottom.
    private static double[] arc(
            double x, double y, double radiusX, double radiusY, double from, double to) {
        var points = new ArrayList<Double>();
        int pieces = (int) Math.ceil((to - from) / 360 * PIECES_PER_TURN);
        for (int i = 0; i <= pieces; i++) {
            // StrictMath, as wherever digits are rendered: the same bits on every machine
            double angle = StrictMath.toRadians(from + (to - from) * i / pieces);
            points.add(x + radiusX * StrictMath.cos(angle));
            points.add(y + radiusY * StrictMath.sin(angle));
        }
        return points.stream().mapToDouble(Double::doubleValue).toArray();
    }
}
