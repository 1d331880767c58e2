// Trains the sine GAN and measures what it learnt: dotnet run -- [iterations]
using System.Runtime.InteropServices;
using Cotangent;
using Samples.CSharp;

var options = SineGan.Recommended(Sines.Article);

if (args is [var text])
{
    if (!int.TryParse(text, out var iterations) || iterations < 1)
    {
        Console.Error.WriteLine($"The number of iterations must be a whole number from 1 on, got '{text}'.");
        return 2;
    }

    options = options with { Iterations = iterations };
}
else if (args.Length > 1)
{
    Console.Error.WriteLine("One argument at most: the number of iterations.");
    return 2;
}

// Not disposed: a signal may come at any time until the program is gone.
var cancellation = new CancellationTokenSource();

// The first Ctrl-C ends the training with what it reached, and so does SIGTERM; a second Ctrl-C ends the program.
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = !cancellation.IsCancellationRequested;
    cancellation.Cancel();
};

using var termination = PosixSignalRegistration.Create(
    PosixSignal.SIGTERM,
    signal =>
    {
        signal.Cancel = true;
        cancellation.Cancel();
    }
);

var result = await Progress.ShowAsync(
    "Sine GAN",
    progress => SineGan.TrainAsync(options, progress, cancellation.Token)
);

var (forSamples, forMembers) = Key.Create(options.Seed).Fold(1).Split();
var quality = Quality.Measure(options.Family, result.Sample(2000, forSamples), forMembers);

Console.WriteLine($"{result.Iterations} iterations in {result.Elapsed.TotalSeconds:F1} s");
Console.WriteLine(
    $"precision {quality.Precision:F3}, coverage {quality.Coverage:F3}, energy distance {quality.EnergyDistance:F4}"
);

return 0;
