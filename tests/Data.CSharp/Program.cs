using Cotangent;

// As a C# user would write it; no type of FSharp.Core is named here.

static void Check(bool holds, string what)
{
    if (!holds)
        throw new InvalidOperationException($"Not so: {what}.");
}

// ---- Datasets and loaders ----

var images = Tensor.Zeros(10, 2, 2);
var labels = Tensor.Create([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);

var batches = Dataset
    .OfTensors((Image: images, Label: labels))
    .Shuffle(Key.Create(1))
    .MapWithKey(Key.Create(2), (example, key) => (Image: example.Image + key.Uniform(2, 2), example.Label))
    .Batch(4);

Check(batches.Count == 3, "three batches");

using var stop = new CancellationTokenSource();
var loader = new Loader<(Tensor Image, Tensor Label)>(
    batches,
    LoaderOptions.Default.With(workers: 2, cancellation: stop.Token)
);
Check(loader.Options.Workers == 2 && loader.Options.Ahead == LoaderOptions.Default.Ahead, "options");
var sizes = new List<int>();

await foreach (var (image, label) in loader.EpochAsync(0).WithCancellation(stop.Token))
{
    Check(image.Shape[0] == label.Shape[0], "as many labels as images");
    sizes.Add(image.Shape[0]);
}

Check(sizes.SequenceEqual([4, 4, 2]), "the last batch is as short as it must be");
Check(loader.Epoch(1, first: 2).Count() == 1, "from a place on");

// What Train.Run takes.
var forTraining = loader.Batches();
Check(forTraining.Count == 3 && forTraining.Epoch(0, 1).Count() == 2, "batches");

static (Tensor, Tensor) Count(Tensor sum, (Tensor Image, Tensor Label) batch) =>
    (sum + batch.Label.Convert(DType.Float32).Sum(), batch.Image.Mean());

var run = Train.Run(new TrainOptions<Tensor> { Epochs = 2 }, Count, loader.Batches(), Tensor.Create(0f));
Check((double)run.Last.State == 90, "a training on a loader"); // twice 0 + … + 9

// A loop that is left ends its threads.
await foreach (var batch in loader.EpochAsync(0))
    break;

stop.Cancel();

try
{
    await foreach (var batch in loader.EpochAsync(0)) { }
    Check(false, "cancelled");
}
catch (OperationCanceledException) { }

// ---- An example that fails is named ----

var broken = new Dataset<int>("mine", 5, i => i == 3 ? throw new FormatException("corrupt") : (int)i);

try
{
    foreach (var example in new Loader<int>(broken).Epoch(0)) { }
    Check(false, "an error");
}
catch (ExampleException e)
{
    Check(e.Origin.Source == "mine" && e.Origin.Index == 3 && e.InnerException is FormatException, "which one");
}

Check(broken.Recover(e => -1).Sum() == 0 + 1 + 2 - 1 + 4, "another in its place");

// ---- Parts, pairs, samples ----

var numbers = Dataset.OfArray(Enumerable.Range(0, 100).ToArray());
var parts = numbers.Split(Key.Create(3), [0.8, 0.2]);
Check(parts[0].Count == 80 && parts[1].Count == 20, "split");
Check(numbers.Zip(numbers.Map(i => i * i)).All(pair => pair.Item2 == pair.Item1 * pair.Item1), "zip");
Check(numbers.Sample(Key.Create(4), numbers.Select(i => i % 2.0), 50).All(i => i % 2 == 1), "sample");
Check(numbers.Concat(numbers, numbers).Count == 300 && numbers.Shard(1, 3).First() == 1, "concat, shard");
var sums = numbers.Batch(30, group => group.Sum(), dropLast: true);
Check(sums.SequenceEqual([435, 1335, 2235]), "batches of one's own");

// ---- Streams ----

var stream = new DataStream<string>("texts", epoch => ["a", "bb", "ccc"]);
var lengths = stream.MapAhead(text => text.Length, LoaderOptions.Default);
Check(lengths.Epoch(0).SequenceEqual([1, 2, 3]), "a stream");
var seen = 0;

await foreach (var text in stream.EpochAsync(0))
    seen += text.Length;

Check(seen == 6, "a stream, awaited");

// ---- Files ----

var folder = Directory.CreateTempSubdirectory("cotangent-data-").FullName;
var csv = Path.Combine(folder, "points.csv");
File.WriteAllText(csv, "x,kind\n1.5,a\n2.5,b\n");
var table = Csv.Read(Csv.Defaults, [Column.Numbers("x", DType.Float32), Column.Texts("kind")], csv);
Check(table.Numbers("x").Shape[0] == 2 && table.Categories("kind").Names.SequenceEqual(["a", "b"]), "CSV");
Check(Csv.Rows(Csv.Defaults, csv).First().Float64("x") == 1.5, "rows");
Check(table.Categories("kind", ["b", "a"]).Codes.Equals(Tensor.Create([1, 0])), "categories by given names");

var excel = Path.Combine(folder, "excel.csv");
File.WriteAllText(excel, "x;n\n1,5;?\n");
var options = Csv.Defaults.With(delimiter: ';', decimalComma: true, missing: ["?"]);
var cells = Csv.Read(options, [Column.Numbers("x", DType.Float32), Column.Numbers("n", DType.Float32)], excel);
Check((float)cells.Numbers("x") == 1.5f && float.IsNaN((float)cells.Numbers("n")), "decimal commas");
Check(options.HasHeader && Csv.Defaults.Delimiter == ',', "the other options stay");

try
{
    Csv.Read(Csv.Defaults, [Column.Numbers("kind", DType.Float32)], csv);
    Check(false, "an error");
}
catch (FileException e)
{
    Check(e.Message.StartsWith("Csv.Read: ") && e.Message.Contains("`Missing` of `CsvOptions`"), "a way out");
}

var json = Path.Combine(folder, "reviews.jsonl");
File.WriteAllText(json, """{"text":"good","stars":5}""" + "\n" + """{"text":"bad","stars":1}""");
Check(JsonLines.Dataset<Review>(json).Sum(review => review.Stars) == 6, "JSON lines");
Check(Lines.Dataset(json).Count == 2 && Lines.Stream(json).Count() == 2, "lines");

// ---- Text ----

var vocabulary = new Vocabulary(["be", "not", "to"]);
var words = TextTokenizer.Whitespace(vocabulary);
Check(words.Decode(words.Encode("not to be")) == "not to be", "tokenizer");
Check(VocabularyModule.Defaults.With(minimumCount: 2) is { Unknown: "<unk>", MinimumCount: 2 }, "options");
Check(Sequences.Pad(0, [[1, 2], [3]]).Tokens.Shape[1] == 2, "padding");

Directory.Delete(folder, true);
Console.WriteLine("All as it should be.");

internal sealed record Review(string Text, int Stars);
