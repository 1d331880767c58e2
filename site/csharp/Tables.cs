using Cotangent;

namespace Snippets;

/// <summary>The C# code of docs/tables.fsx, which shows the regions.</summary>
internal static class Tables
{
    #region Model
    /// <summary>Area, rooms, year (n, 3); codes of cities (n); prices in francs (n, 1).</summary>
    public sealed record Houses(Tensor Numbers, Tensor City, Tensor Price);

    /// <summary>Mean and deviation of columns.</summary>
    public sealed record Scale(Tensor Mean, Tensor Deviation)
    {
        public static Scale Of(Tensor x)
        {
            var there = 1f - x.IsNaN().Convert(DType.Float32);
            var mean = x.IsNaN().Where(Tensor.Create(0f), x).Sum(0) / there.Sum(0);
            return new(mean, x.IsNaN().Where(mean, x).Std(0));
        }

        /// <summary>For templates, whose numbers do not matter.</summary>
        public static Scale Zeros(int columns) => new(Tensor.Zeros(columns), Tensor.Zeros(columns));
    }

    /// <summary>Training changes the network; what is `Frozen` it leaves alone.</summary>
    public sealed record PriceModel(Frozen<Scale> Inputs, Frozen<Scale> Price, Mlp Net, int Cities)
    {
        public static PriceModel Create(Scale inputs, Scale price, int cities, Key key) =>
            new(
                new(inputs),
                new(price),
                Mlp.Create(3 + cities, key, (32, Activation.Relu), (32, Activation.Relu), (1, Activation.Identity)),
                cities
            );

        /// <summary>Normalised prices (n, 1).</summary>
        public Tensor Forward(Tensor numbers, Tensor city)
        {
            var scale = Inputs.Value;
            var normalised = (numbers.IsNaN().Where(scale.Mean, numbers) - scale.Mean) / scale.Deviation;
            return Net.Forward(Tensor.Concat([normalised, Tensor.OneHot(city, Cities)], 1));
        }

        /// <summary>Prices in francs (n, 1).</summary>
        public Tensor Predict(Tensor numbers, Tensor city) =>
            Forward(numbers, city) * Price.Value.Deviation + Price.Value.Mean;

        public Tensor Loss(Houses houses)
        {
            var wanted = (houses.Price - Price.Value.Mean) / Price.Value.Deviation;
            return Cotangent.Loss.MeanSquaredError(wanted, Forward(houses.Numbers, houses.City));
        }
    }

    public sealed record State(PriceModel Model, OptimizerState<PriceModel> Optimizer);
    #endregion

    #region Data
    private static readonly string[] inputs = ["area", "rooms", "year"];

    private static Table Read(string file, params string[] others) =>
        Csv.Read(
            Csv.Defaults.With(missing: [""]),
            [.. inputs.Concat(others).Select(name => Column.Numbers(name, DType.Float32)), Column.Texts("city")],
            file
        );
    #endregion

    public static void Run()
    {
        var file = "docs/content/houses.csv"; // pages are made in the folder of the repository
        var folder = Directory.CreateTempSubdirectory("tables-").FullName;
        var path = Path.Combine(folder, "prices.safetensors");
        var others = Path.Combine(folder, "offers.csv");

        #region Tables
        var table = Read(file, "price");
        var cities = table.Categories("city");
        var houses = new Houses(table.Numbers(inputs), cities.Codes, table.Numbers(["price"]));

        var (test, training) = Data.Split(100, Data.Shuffle(Key.Create(1), houses));
        var batches = Data.Batches(40, Key.Create(3), training);
        var optimizer = Optimizer.Adam(0.005);

        (State, Tensor) Step(State now, Houses batch)
        {
            var (loss, gradient) = Differentiate.ValueAndGradient(model => model.Loss(batch), now.Model);
            var (model, state) = optimizer.Step(gradient, now.Optimizer, now.Model);
            return (new(model, state), loss);
        }

        var start = PriceModel.Create(
            Scale.Of(training.Numbers),
            Scale.Of(training.Price),
            cities.Names.Length,
            Key.Create(2)
        );

        var options = new TrainOptions<State> { Epochs = 100, ReportEvery = batches.Count };
        var run = Train.Run(options, Step, batches, new State(start, optimizer.Init(start)));
        var trained = run.Last.State.Model;

        var predicted = trained.Predict(test.Numbers, test.City);
        var error = (double)Metric.MeanAbsoluteError(test.Price, predicted);
        Console.WriteLine($"wrong by {error:N0} francs on average");

        // Saved with the names of the cities.
        var names = new Dictionary<string, string> { ["cities"] = string.Join('\n', cities.Names) };
        Checkpoint.Save(path, trained, new CheckpointOptions { Metadata = names });

        // In another program: loaded, and asked about two offers.
        var known = Checkpoint.Metadata(path)["cities"].Split('\n');
        var template = PriceModel.Create(Scale.Zeros(3), Scale.Zeros(1), known.Length, Key.Create(0));
        var loaded = Checkpoint.Load(path, template);

        File.WriteAllText(others, "area,rooms,year,city\n95,4,1990,Zürich\n95,4,,Chur\n");
        var offers = Read(others);
        var prices = loaded.Predict(offers.Numbers(inputs), offers.Categories("city", known).Codes);
        Console.WriteLine($"{(double)prices.Slice(0):N0} and {(double)prices.Slice(1):N0} francs");
        #endregion

        Directory.Delete(folder, true);
    }
}
