// The article's sine GAN by hand in C++, to measure compiled training against: batch 1, layers of 10, cross-entropy with
// guarded probabilities, gradients of each tensor shortened to norm 0.2, a step of 0.01, parameters kept in ±0.25. One signal is
// generated in an iteration, from one normal number: both players learn from it.
//
//   g++ -O3 -march=native sine_gan.cpp -o sine_gan && ./sine_gan 500000
//
// Prints microseconds per iteration. Everything is of fixed size and inlined; nothing is allocated.
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

// xoshiro128+ (Blackman & Vigna): cheaper than the counter-based generator of the library.
struct Random {
    uint32_t s[4];

    explicit Random(uint64_t seed) {
        for (auto& word : s) {
            seed += 0x9E3779B97F4A7C15ull;
            uint64_t z = (seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9ull;
            word = static_cast<uint32_t>((z ^ (z >> 27)) >> 16);
        }
    }

    float uniform() {
        const uint32_t result = s[0] + s[3];
        const uint32_t t = s[1] << 9;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = (s[3] << 11) | (s[3] >> 21);
        return static_cast<float>(result >> 8) * (1.0f / 16777216.0f);
    }

    float between(float low, float high) { return low + (high - low) * uniform(); }

    // Box & Muller make two of two uniform numbers; the other one is kept for the next call.
    float normal() {
        if (hasOther) {
            hasOther = false;
            return other;
        }
        const float radius = std::sqrt(-2.0f * std::log(1.0f - uniform()));
        const float angle = 6.28318530717958647692f * uniform();
        other = radius * std::sin(angle);
        hasOther = true;
        return radius * std::cos(angle);
    }

    bool hasOther = false;
    float other = 0;
};

// p <- clamp(p - 0.01 * g * min(1, 0.2 / |g|))
template <int N>
void update(float* p, const float* g) {
    float square = 0;
    for (int i = 0; i < N; i++) square += g[i] * g[i];
    const float norm = std::sqrt(square);
    const float factor = -0.01f * (norm > 0.2f ? 0.2f / norm : 1.0f);
    for (int i = 0; i < N; i++) {
        const float next = p[i] + factor * g[i];
        p[i] = next < -0.25f ? -0.25f : next > 0.25f ? 0.25f : next;
    }
}

enum class Activation { Relu, LeakyRelu, Tanh, Sigmoid };

template <int In, int Out, Activation A>
struct Layer {
    alignas(64) float weight[In * Out];
    alignas(64) float bias[Out];
    alignas(64) float output[Out];
    alignas(64) float delta[Out];
    alignas(64) float weightGradient[In * Out];

    void start(Random& random) {
        const float bound = std::sqrt(2.0f / (In + Out));
        const float biasBound = std::sqrt(2.0f / (1 + Out));
        for (auto& w : weight) w = random.between(-bound, bound);
        for (auto& b : bias) b = random.between(-biasBound, biasBound);
    }

    void forward(const float* x) {
        float z[Out];
        for (int j = 0; j < Out; j++) z[j] = bias[j];
        for (int i = 0; i < In; i++)
            for (int j = 0; j < Out; j++) z[j] += x[i] * weight[i * Out + j];
        for (int j = 0; j < Out; j++)
            if constexpr (A == Activation::Relu)
                output[j] = z[j] > 0 ? z[j] : 0;
            else if constexpr (A == Activation::LeakyRelu)
                output[j] = z[j] > 0 ? z[j] : 0.2f * z[j];
            else if constexpr (A == Activation::Tanh)
                output[j] = std::tanh(z[j]);
            else
                output[j] = 1 / (1 + std::exp(-z[j]));
    }

    // From the cotangent of the output to that of the input; delta keeps the one of what comes before the activation.
    void backward(const float* cotangent, float* toInput) {
        for (int j = 0; j < Out; j++) {
            const float y = output[j];
            if constexpr (A == Activation::Relu)
                delta[j] = y > 0 ? cotangent[j] : 0;
            else if constexpr (A == Activation::LeakyRelu)
                delta[j] = y > 0 ? cotangent[j] : 0.2f * cotangent[j];
            else if constexpr (A == Activation::Tanh)
                delta[j] = cotangent[j] * (1 - y * y);
            else
                delta[j] = cotangent[j] * y * (1 - y);
        }
        if (toInput)
            for (int i = 0; i < In; i++) {
                float sum = 0;
                for (int j = 0; j < Out; j++) sum += delta[j] * weight[i * Out + j];
                toInput[i] = sum;
            }
    }

    void learn(const float* x) {
        for (int i = 0; i < In; i++)
            for (int j = 0; j < Out; j++) weightGradient[i * Out + j] = x[i] * delta[j];
        update<In * Out>(weight, weightGradient);
        update<Out>(bias, delta);
    }
};

struct Generator {
    Layer<1, 10, Activation::Relu> a;
    Layer<10, 10, Activation::Relu> b;
    Layer<10, 10, Activation::Tanh> c;

    const float* forward(const float* x) {
        a.forward(x);
        b.forward(a.output);
        c.forward(b.output);
        return c.output;
    }
};

struct Discriminator {
    Layer<10, 10, Activation::LeakyRelu> a;
    Layer<10, 10, Activation::LeakyRelu> b;
    Layer<10, 1, Activation::Sigmoid> c;

    float forward(const float* x) {
        a.forward(x);
        b.forward(a.output);
        c.forward(b.output);
        return c.output[0];
    }

    // The cotangent of the input, if asked for.
    void backward(float cotangent, float* toInput) {
        float toB[10], toA[10];
        c.backward(&cotangent, toB);
        b.backward(toB, toA);
        a.backward(toA, toInput);
    }
};

float guarded(float p) { return p < 1e-7f ? 1e-7f : p > 1 - 1e-7f ? 1 - 1e-7f : p; }

}  // namespace

int main(int count, char** arguments) {
    const int iterations = count > 1 ? std::atoi(arguments[1]) : 500000;
    Random random(1);
    Generator g;
    Discriminator d;
    g.a.start(random), g.b.start(random), g.c.start(random);
    d.a.start(random), d.b.start(random), d.c.start(random);
    double losses[2] = {0, 0};

    const auto learn = [&](const float* x) {
        d.a.learn(x);
        d.b.learn(d.a.output);
        d.c.learn(d.b.output);
    };

    const auto start = std::chrono::steady_clock::now();
    for (int n = 0; n < iterations; n++) {
        alignas(64) float real[10];
        const float phase = random.between(0.0f, 0.5f);
        const float frequency = random.between(1.2f, 1.3f);
        const float amplitude = random.between(0.6f, 0.8f);
        for (int i = 0; i < 10; i++) real[i] = amplitude * std::sin(phase + frequency * i);

        float p = guarded(d.forward(real));
        losses[0] -= std::log(p);
        d.backward(-1 / p, nullptr);
        learn(real);

        const float latent = random.normal();
        const float* fake = g.forward(&latent);
        p = guarded(d.forward(fake));
        losses[0] -= std::log(1 - p);
        d.backward(1 / (1 - p), nullptr);
        learn(fake);

        p = guarded(d.forward(fake));
        losses[1] -= std::log(p);
        float toFake[10], toB[10], toA[10];
        d.backward(-1 / p, toFake);
        g.c.backward(toFake, toB);
        g.b.backward(toB, toA);
        g.a.backward(toA, nullptr);
        g.a.learn(&latent);
        g.b.learn(g.a.output);
        g.c.learn(g.b.output);
    }
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    std::printf("%.4f us/iteration, losses %.3f %.3f\n", 1e6 * elapsed.count() / iterations, losses[0] / iterations,
                losses[1] / iterations);
}
