// tanh(a*x + b) * exp(-x*x) + c over 10^7 floats, by a plain loop: what a compiled elementwise expression is measured
// against. Prints milliseconds, the best of a few passes.
//
//   g++ -O3 -march=native elementwise.cpp -o elementwise && ./elementwise
#include <chrono>
#include <cmath>
#include <cstdio>
#include <vector>

__attribute__((noinline)) void run(const float* x, float* y, int n, float a, float b, float c) {
    for (int i = 0; i < n; i++) y[i] = std::tanh(a * x[i] + b) * std::exp(-x[i] * x[i]) + c;
}

int main() {
    const int n = 10'000'000;
    std::vector<float> x(n), y(n);
    for (int i = 0; i < n; i++) x[i] = -3.0f + 6.0f * i / n;
    double best = 1e9;
    for (int pass = 0; pass < 7; pass++) {
        const auto start = std::chrono::steady_clock::now();
        run(x.data(), y.data(), n, 0.5f, 0.25f, 1.0f);
        const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
        if (elapsed.count() < best) best = elapsed.count();
    }
    std::printf("%.4f ms, y[n/3] = %g\n", 1e3 * best, y[n / 3]);
}
