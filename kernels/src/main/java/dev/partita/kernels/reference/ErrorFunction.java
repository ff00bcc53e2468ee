package dev.partita.kernels.reference;

/// The standard normal distribution to about 1e-15, relative, in both tails.
final class ErrorFunction {
    private static final double ROOT_TWO_PI = Math.sqrt(2 * Math.PI);

    /// From here on the continued fraction is the faster one.
    private static final double TAIL = 4;

    private ErrorFunction() {}

    /// Density `exp(-x^2 / 2) / sqrt(2 pi)`.
    static double normalDensity(double x) {
        return Math.exp(-x * x / 2) / ROOT_TWO_PI;
    }

    /// Distribution function `Phi(x) = (1 + erf(x / sqrt 2)) / 2`.
    static double normal(double x) {
        if (x >= 0) {
            return x < TAIL ? 0.5 + centre(x) : 1 - tail(x);
        }
        return x > -1 ? 0.5 - centre(-x) : tail(-x);
    }

    /// `Phi(x) - 1/2` by the series `density * (x + x^3/3 + x^5/(3*5) + ...)`, all terms positive
    /// (Abramowitz and Stegun 26.2.11).
    private static double centre(double x) {
        double term = x;
        double sum = x;
        for (int n = 3; term > sum * 1e-18; n += 2) {
            term *= x * x / n;
            sum += term;
        }
        return sum * normalDensity(x);
    }

    /// `1 - Phi(x)` by the continued fraction `density / (x + 1/(x + 2/(x + ...)))` (Abramowitz and
    /// Stegun 26.2.14), from the inside out.
    private static double tail(double x) {
        double fraction = x;
        for (int n = x < TAIL ? 400 : 60; n > 0; n--) {
            fraction = x + n / fraction;
        }
        return normalDensity(x) / fraction;
    }
}
