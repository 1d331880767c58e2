"""The sine GAN of the article in NumPy: layers with a forward and a backward pass, batch 1. The yardstick for time.

    python3 sine_gan.py [iterations] [seed]
"""
import sys
import time

import numpy as np


class Linear:
    def __init__(self, inputs, outputs, activation, slope, rng):
        bound = np.sqrt(2.0 / (inputs + outputs))
        self.weight = rng.uniform(-bound, bound, (outputs, inputs))
        # A bias is a weight whose input is always 1, and the only one of its output.
        bound = np.sqrt(2.0 / (1 + outputs))
        self.bias = rng.uniform(-bound, bound, outputs)
        self.activation, self.slope = activation, slope

    def forward(self, x):
        self.input = x
        self.output = self.activation(self.weight @ x + self.bias)
        return self.output

    def backward(self, gradient):
        delta = gradient * self.slope(self.output)
        self.weight_gradient = np.outer(delta, self.input)
        self.bias_gradient = delta
        return self.weight.T @ delta

    def update(self, rate):
        for name in ("weight", "bias"):
            gradient = getattr(self, name + "_gradient")
            norm = np.linalg.norm(gradient)
            if norm > 0.2:
                gradient = gradient * (0.2 / norm)
            setattr(self, name, np.clip(getattr(self, name) - rate * gradient, -0.25, 0.25))


relu = (lambda x: np.maximum(x, 0.0), lambda y: (y > 0.0) * 1.0)
leaky = (lambda x: np.where(x > 0.0, x, 0.2 * x), lambda y: np.where(y > 0.0, 1.0, 0.2))
tanh = (np.tanh, lambda y: 1.0 - y * y)
sigmoid = (lambda x: 1.0 / (1.0 + np.exp(-x)), lambda y: y * (1.0 - y))


class Network:
    def __init__(self, sizes, activations, rng):
        self.layers = [Linear(i, o, *a, rng) for i, o, a in zip(sizes, sizes[1:], activations)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, gradient):
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)
        return gradient

    def update(self, rate):
        for layer in self.layers:
            layer.update(rate)


def cross_entropy(p, truth):
    p = np.clip(p, 1e-7, 1.0 - 1e-7)
    loss = -(truth * np.log(p) + (1.0 - truth) * np.log(1.0 - p))
    return loss, (p - truth) / (p * (1.0 - p))


def main():
    iterations = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    rng = np.random.default_rng(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    generator = Network([1, 10, 10, 10], [relu, relu, tanh], rng)
    discriminator = Network([10, 10, 10, 1], [leaky, leaky, sigmoid], rng)
    index = np.arange(10)
    begin = time.perf_counter()
    for iteration in range(1, iterations + 1):
        real = rng.uniform(0.6, 0.8) * np.sin(rng.uniform(0.0, 0.5) + rng.uniform(1.2, 1.3) * index)
        real_loss, gradient = cross_entropy(discriminator.forward(real), 1.0)
        discriminator.backward(gradient)
        discriminator.update(0.01)
        # One signal an iteration: the discriminator learns from it, then the generator.
        fake = generator.forward(rng.standard_normal(1))
        fake_loss, gradient = cross_entropy(discriminator.forward(fake), 0.0)
        discriminator.backward(gradient)
        discriminator.update(0.01)
        loss, gradient = cross_entropy(discriminator.forward(fake), 1.0)
        generator.backward(discriminator.backward(gradient))
        generator.update(0.01)
        if iteration % 500 == 0:
            print(f"{iteration:6d}  D {(real_loss + fake_loss)[0]:.4f}  G {loss[0]:.4f}")
    seconds = time.perf_counter() - begin
    print(f"{iterations} iterations in {seconds:.2f} s, {1e6 * seconds / iterations:.1f} µs each")


main()
