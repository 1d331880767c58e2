// Runs the regions that the pages show, each under its name, by which a page finds what it printed.
using System.Globalization;
using Snippets;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

if (args is ["examples"])
{
    await Examples.RunAll();
    return;
}

await Run(nameof(QuickStart.Tensors), QuickStart.Tensors);
await Run(nameof(QuickStart.Parts), QuickStart.Parts);
await Run(nameof(QuickStart.Gradients), QuickStart.Gradients);
await Run(nameof(QuickStart.Randomness), QuickStart.Randomness);
await Run(nameof(QuickStart.Training), QuickStart.Training);
await Run(nameof(QuickStart.Compiled), QuickStart.Compiled);
await Run(nameof(QuickStart.Devices), QuickStart.Devices);
await Run(nameof(QuickStart.Optimisers), QuickStart.Optimisers);
await Run(nameof(QuickStart.OwnDerivative), QuickStart.OwnDerivative);
await Run(nameof(QuickStart.Errors), QuickStart.Errors);
await Run(nameof(FirstClassifier), FirstClassifier.Run);
await Run(nameof(Tables), Tables.Run);
await Run(nameof(MachineLearning.Numbers), MachineLearning.Numbers);
await Run(nameof(MachineLearning.Slopes), MachineLearning.Slopes);
await Run(nameof(MachineLearning.Wrong), MachineLearning.Wrong);
await Run(nameof(MachineLearning.Steps), MachineLearning.Steps);
await Run(nameof(MachineLearning.Epochs), MachineLearning.Epochs);
await Run(nameof(MachineLearning.Overfit), MachineLearning.Overfit);
await Run(nameof(MachineLearning.Modes), MachineLearning.Modes);
await RunAsync(nameof(QuickStart.LongWork), QuickStart.LongWork);

static Task Run(string name, Action body) =>
    RunAsync(
        name,
        () =>
        {
            body();
            return Task.CompletedTask;
        }
    );

static async Task RunAsync(string name, Func<Task> body)
{
    Console.WriteLine($"#### {name}");
    await body();
}
