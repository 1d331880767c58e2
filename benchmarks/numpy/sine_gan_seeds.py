"""What the article's sine GAN reaches, over many seeds, in NumPy: the training of sine_gan.py for all seeds at once, every
array with an axis of seeds in front. It shares no code with the library, and a test holds the library against its figures.

    python3 sine_gan_seeds.py [iterations] [seeds]
"""
import sys

import numpy as np

relu = (lambda z: np.maximum(z, 0.0), lambda y: (y > 0.0) * 1.0)
leaky = (lambda z: np.where(z > 0.0, z, 0.2 * z), lambda y: np.where(y > 0.0, 1.0, 0.2))
tanh = (np.tanh, lambda y: 1.0 - y * y)
sigmoid = (lambda z: 1.0 / (1.0 + np.exp(-z)), lambda y: y * (1.0 - y))


class Layer:
    def __init__(self, seeds, inputs, outputs, activation, rng):
        # A bias is a weight whose input is always 1, and the only one of its output.
        bound, bias_bound = np.sqrt(2.0 / (inputs + outputs)), np.sqrt(2.0 / (1 + outputs))
        self.weight = rng.uniform(-bound, bound, (seeds, outputs, inputs))
        self.bias = rng.uniform(-bias_bound, bias_bound, (seeds, outputs))
        self.function, self.slope = activation

    def forward(self, x):
        self.input = x
        self.output = self.function((self.weight @ x[:, :, None])[:, :, 0] + self.bias)
        return self.output

    def backward(self, gradient):
        self.delta = gradient * self.slope(self.output)
        return (self.delta[:, None, :] @ self.weight)[:, 0, :]

    def update(self):
        self.weight = descend(self.weight, self.delta[:, :, None] * self.input[:, None, :])
        self.bias = descend(self.bias, self.delta)


def descend(parameter, gradient):
    """A step of 0.01 down the gradient, shortened to norm 0.2 for each seed; the result stays in ±0.25."""
    axes = tuple(range(1, gradient.ndim))
    norm = np.sqrt((gradient * gradient).sum(axes, keepdims=True))
    return np.clip(parameter - 0.01 * gradient * np.minimum(1.0, 0.2 / np.maximum(norm, 1e-30)), -0.25, 0.25)


def forward(layers, x):
    for layer in layers:
        x = layer.forward(x)
    return x


def backward(layers, gradient):
    for layer in reversed(layers):
        gradient = layer.backward(gradient)
    return gradient


def update(layers):
    for layer in layers:
        layer.update()


def slope_of_cross_entropy(p, truth):
    p = np.clip(p, 1e-7, 1.0 - 1e-7)
    return (p - truth) / (p * (1.0 - p))


def real_signals(count, rng):
    phase, frequency, amplitude = (rng.uniform(*range, (count, 1)) for range in ((0.0, 0.5), (1.2, 1.3), (0.6, 0.8)))
    return amplitude * np.sin(phase + frequency * np.arange(10))


def train(iterations, seeds, rng):
    sizes = ([1, 10, 10, 10], [relu, relu, tanh]), ([10, 10, 10, 1], [leaky, leaky, sigmoid])
    generator, discriminator = ([Layer(seeds, i, o, a, rng) for i, o, a in zip(n, n[1:], f)] for n, f in sizes)
    for _ in range(iterations):
        judged = forward(discriminator, real_signals(seeds, rng))
        backward(discriminator, slope_of_cross_entropy(judged, 1.0))
        update(discriminator)
        # One signal an iteration: the discriminator learns from it, then the generator.
        fake = forward(generator, rng.standard_normal((seeds, 1)))
        backward(discriminator, slope_of_cross_entropy(forward(discriminator, fake), 0.0))
        update(discriminator)
        judged = forward(discriminator, fake)
        backward(generator, backward(discriminator, slope_of_cross_entropy(judged, 1.0)))
        update(generator)
    return generator


def mean_distance(a, b):
    square = (a * a).sum(1)[:, None] + (b * b).sum(1) - 2.0 * a @ b.T
    return np.sqrt(np.maximum(square, 0.0)).mean()


def energy_distance(generated, real):
    return 2.0 * mean_distance(generated, real) - mean_distance(generated, generated) - mean_distance(real, real)


def main():
    iterations = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 24
    rng = np.random.default_rng(0)
    generator = train(iterations, seeds, rng)
    signals = np.array([forward(generator, rng.standard_normal((seeds, 1))) for _ in range(1000)])
    figures = [energy_distance(signals[:, seed], real_signals(1000, rng)) for seed in range(seeds)]
    low, median, high = np.percentile(figures, [25, 50, 75])
    print(f"{iterations} iterations, {seeds} seeds: energy distance {median:.3f}, quartiles {low:.3f} and {high:.3f}")


main()
