// Initial value problems by Dormand and Prince's method of order 5(4), as OdeBenchmarks.fs solves them: the same tableau, the
// proportional-integral controller of Hairer, Norsett and Wanner with the same constants, the same first step. Arrays have sizes that the
// compiler knows.
//
//   g++ -O3 -march=native ode.cpp -o ode && ./ode bodies time
//
// The first argument is the problem, bodies or neural; the second what is printed: time, microseconds of a solution, the least of
// several; sum, the sum of the squares of the last state; steps, how many were tried.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

// Y' = f(Y), from time 0 to the end; the state is overwritten. Returns how many steps were tried.
template <typename T, int N, typename F>
int solve(F f, T* y, T end, T tolerance, T size) {
    const T a[6][6] = {
        {T(1.0 / 5)},
        {T(3.0 / 40), T(9.0 / 40)},
        {T(44.0 / 45), T(-56.0 / 15), T(32.0 / 9)},
        {T(19372.0 / 6561), T(-25360.0 / 2187), T(64448.0 / 6561), T(-212.0 / 729)},
        {T(9017.0 / 3168), T(-355.0 / 33), T(46732.0 / 5247), T(49.0 / 176), T(-5103.0 / 18656)},
        {T(35.0 / 384), T(0), T(500.0 / 1113), T(125.0 / 192), T(-2187.0 / 6784), T(11.0 / 84)}};
    const T e[7] = {T(71.0 / 57600), T(0), T(-71.0 / 16695), T(71.0 / 1920), T(-17253.0 / 339200), T(22.0 / 525), T(-1.0 / 40)};
    static T k[7][N], next[N];
    f(y, k[0]);
    T time = 0, last = T(1e-4);
    bool rejected = false;
    int tried = 0;

    while (end - time > 0) {
        const T left = end - time;
        const bool ends = T(1.0000001) * size >= left;
        const T h = ends ? left : size;
        tried++;

        for (int s = 0; s < 6; s++) {
            for (int i = 0; i < N; i++) {
                T sum = 0;
                for (int j = 0; j <= s; j++) sum += a[s][j] * k[j][i];
                next[i] = y[i] + h * sum;
            }
            f(next, k[s + 1]);
        }

        T squares = 0;
        for (int i = 0; i < N; i++) {
            T sum = 0;
            for (int j = 0; j < 7; j++) sum += e[j] * k[j][i];
            const T r = h * sum / (tolerance + tolerance * std::max(std::abs(y[i]), std::abs(next[i])));
            squares += r * r;
        }
        const T error = std::sqrt(squares / N);

        if (error <= 1) {
            const T least = std::max(error, T(1e-10));
            T factor = T(0.9) * std::pow(least, T(-(0.2 - 0.75 * 0.04))) * std::pow(last, T(0.04));
            factor = std::min(std::max(factor, T(0.2)), T(10));
            if (rejected) factor = std::min(factor, T(1));
            size = h * factor;
            last = std::max(error, T(1e-4));
            rejected = false;
            time = ends ? end : time + h;
            std::memcpy(y, next, sizeof next);
            std::memcpy(k[0], k[6], sizeof k[0]);
        } else {
            size = h * std::min(std::max(T(0.9) * std::pow(std::max(error, T(1)), T(-0.2)), T(0.2)), T(1));
            rejected = true;
        }
    }
    return tried;
}

// Three equal masses on the figure eight of Chenciner and Montgomery (2000): positions and velocities in a plane.
const double eight[12] = {0.97000436,  -0.24308753, -0.97000436,  0.24308753, 0,           0,
                          0.466203685, 0.43236573,  0.466203685,  0.43236573, -0.93240737, -0.86473146};

void bodies(const double* y, double* slope) {
    for (int i = 0; i < 6; i++) slope[i] = y[6 + i];
    for (int i = 0; i < 6; i++) slope[6 + i] = 0;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            if (i != j) {
                const double x = y[2 * j] - y[2 * i], z = y[2 * j + 1] - y[2 * i + 1];
                const double square = x * x + z * z, cube = square * std::sqrt(square);
                slope[6 + 2 * i] += x / cube;
                slope[7 + 2 * i] += z / cube;
            }
}

// A neural ODE: 64 points in a plane, each moved by a perceptron of 64 hidden units.
const int points = 64, hidden = 64;
float w1[2][hidden], b1[hidden], w2[hidden][2];

void neural(const float* y, float* slope) {
    static float inner[points][hidden];
    for (int p = 0; p < points; p++)
        for (int i = 0; i < hidden; i++) inner[p][i] = std::tanh(y[2 * p] * w1[0][i] + y[2 * p + 1] * w1[1][i] + b1[i]);
    for (int p = 0; p < points; p++)
        for (int c = 0; c < 2; c++) {
            float sum = 0;
            for (int i = 0; i < hidden; i++) sum += inner[p][i] * w2[i][c];
            slope[2 * p + c] = sum;
        }
}

// Numbers that both programs make alike.
float number(int place) { return float(std::sin(12.9898 * (place + 1))); }

template <typename T, int N, typename F>
void report(const char* what, F f, const T* start, T end, T tolerance, T size, int solutions) {
    T y[N];
    double best = 1e30;
    int tried = 0;
    for (int pass = 0; pass < (std::strcmp(what, "time") ? 1 : 5); pass++) {
        const auto begin = std::chrono::steady_clock::now();
        for (int i = 0; i < solutions; i++) {
            std::memcpy(y, start, sizeof y);
            tried = solve<T, N>(f, y, end, tolerance, size);
        }
        const std::chrono::duration<double, std::micro> elapsed = std::chrono::steady_clock::now() - begin;
        best = std::min(best, elapsed.count() / solutions);
    }
    double sum = 0;
    for (int i = 0; i < N; i++) sum += double(y[i]) * y[i];
    if (!std::strcmp(what, "time")) std::printf("%.3f\n", best);
    else if (!std::strcmp(what, "sum")) std::printf("%.12f\n", sum);
    else std::printf("%d\n", tried);
}

int main(int count, char** arguments) {
    if (count < 3) return 1;
    for (int i = 0; i < hidden; i++) {
        w1[0][i] = number(i);
        w1[1][i] = number(hidden + i);
        b1[i] = number(2 * hidden + i);
        w2[i][0] = number(3 * hidden + 2 * i);
        w2[i][1] = number(3 * hidden + 2 * i + 1);
    }
    if (!std::strcmp(arguments[1], "bodies")) {
        report<double, 12>(arguments[2], bodies, eight, 20.0, 1e-9, 1e-3, 20);
    } else {
        static float start[2 * points];
        for (int i = 0; i < 2 * points; i++) start[i] = number(1000 + i);
        report<float, 2 * points>(arguments[2], neural, start, 4.0f, 1e-5f, 1e-2f, 100);
    }
}
