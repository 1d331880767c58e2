// Trains the sine GAN and measures what it learnt: dotnet run -- [iterations]
using Cotangent;

using var cancellation = new CancellationTokenSource();

// The first Ctrl-C ends the training with what it reached; a second one ends the program.
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = !cancellation.IsCancellationRequested;
    cancellation.Cancel();
};

var options = SineGan.Recommended(Sines.Article);
options = options with { Iterations = args is [var iterations] ? int.Parse(iterations) : options.Iterations };

var result = await Progress.ShowAsync(
    "Sine GAN",
    progress => SineGan.TrainAsync(options, progress, cancellation.Token)
);

var (forSamples, forMembers) = Key.Create(options.Seed).Fold(1).Split();
var quality = Sines.Quality(options.Family, result.Sample(2000, forSamples), forMembers);

Console.WriteLine($"{result.Iterations} iterations in {result.Elapsed.TotalSeconds:F1} s");
Console.WriteLine(
    $"precision {quality.Precision:F3}, coverage {quality.Coverage:F3}, energy distance {quality.EnergyDistance:F4}"
);
