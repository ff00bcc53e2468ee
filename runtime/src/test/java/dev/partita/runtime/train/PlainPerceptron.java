package dev.partita.runtime.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A network of one hidden layer, `tanh` and cross-entropy, trained in plain loops over batches of
/// any size: what training with micro-batches, devices, stages and a last, smaller batch is
/// compared to.
final class PlainPerceptron {
    private final double rate;
    private final double momentum;
    private final double decay;
    private final double smoothing;
    private final Map<String, double[]> weights = new LinkedHashMap<>();
    private final Map<String, double[]> gradients = new LinkedHashMap<>();
    private final Map<String, double[]> velocities = new LinkedHashMap<>();
    private final List<Double> losses = new ArrayList<>();

    /// @param decay of matrices; biases are spared
    PlainPerceptron(
            Map<String, double[]> first,
            double rate,
            double momentum,
            double decay,
            double smoothing) {
        this.rate = rate;
        this.momentum = momentum;
        this.decay = decay;
        this.smoothing = smoothing;
        first.forEach((name, values) -> {
            weights.put(name, values.clone());
            velocities.put(name, new double[values.length]);
        });
    }

    List<Double> losses() {
        return losses;
    }

    Map<String, double[]> weights() {
        return weights;
    }

    private double[] weight(String name) {
        return weights.getOrDefault(name, new double[0]);
    }

    private double[] gradient(String name) {
        return gradients.getOrDefault(name, new double[0]);
    }

    /// One step over all of these examples.
    void train(List<float[]> examples, List<Integer> labels) {
        weights.forEach((name, values) -> gradients.put(name, new double[values.length]));
        double loss = 0;
        for (int i = 0; i < examples.size(); i++) {
            loss += example(examples.get(i), labels.get(i), 1.0 / examples.size());
        }
        losses.add(loss);
        weights.forEach((name, w) -> {
            double[] v = velocities.getOrDefault(name, new double[0]);
            for (int i = 0; i < w.length; i++) {
                double slope = gradient(name)[i] + (name.endsWith(".bias") ? 0 : decay * w[i]);
                v[i] = momentum * v[i] + slope;
                w[i] -= rate * v[i];
            }
        });
    }

    /// Adds the example's gradients, and returns its part of the loss.
    private double example(float[] x, int label, double share) {
        int hidden = weight("hidden.bias").length;
        int classes = weight("classes.bias").length;
        var h = new double[hidden];
        for (int j = 0; j < hidden; j++) {
            double sum = weight("hidden.bias")[j];
            for (int k = 0; k < x.length; k++) {
                sum += weight("hidden.weight")[j * x.length + k] * x[k];
            }
            h[j] = Math.tanh(sum);
        }
        var logits = new double[classes];
        double total = 0;
        for (int c = 0; c < classes; c++) {
            logits[c] = weight("classes.bias")[c];
            for (int j = 0; j < hidden; j++) {
                logits[c] += weight("classes.weight")[c * hidden + j] * h[j];
            }
            total += Math.exp(logits[c]);
        }
        double loss = 0;
        var dh = new double[hidden];
        for (int c = 0; c < classes; c++) {
            double target = smoothing / classes + (c == label ? 1 - smoothing : 0);
            loss -= target * (logits[c] - Math.log(total)) * share;
            double slope = (Math.exp(logits[c]) / total - target) * share;
            gradient("classes.bias")[c] += slope;
            for (int j = 0; j < hidden; j++) {
                gradient("classes.weight")[c * hidden + j] += slope * h[j];
                dh[j] += slope * weight("classes.weight")[c * hidden + j];
            }
        }
        for (int j = 0; j < hidden; j++) {
            double slope = dh[j] * (1 - h[j] * h[j]);
            gradient("hidden.bias")[j] += slope;
            for (int k = 0; k < x.length; k++) {
                gradient("hidden.weight")[j * x.length + k] += slope * x[k];
            }
        }
        return loss;
    }
}
