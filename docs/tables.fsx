(**
---
title: Predicting a number from a table
category: Start
categoryindex: 1
index: 9
description: Houses and their prices: a CSV file with numbers, texts and missing cells, normalising, one-hot, a network, its error in francs, saved with its categories, loaded and used. In F# and in C#.
---
*)
(*** hide ***)
#load "../site/page.fsx"
#I "../tests/Data/bin/Release/net10.0"
#r "Sylvan.Data.Csv.dll"
#r "Microsoft.ML.Tokenizers.dll"
#r "Cotangent.Data.dll"

open Plotly.NET

let folder = System.IO.Directory.CreateTempSubdirectory("tables-").FullName
let file = System.IO.Path.Combine(__SOURCE_DIRECTORY__, "content/houses.csv")
let saved = System.IO.Path.Combine(folder, "prices.safetensors")
let others = System.IO.Path.Combine(folder, "offers.csv")

(**
# Predicting a number from a table

To predict a number, here the price of a house, is called *regression*. To predict one of several kinds is *classification*, as in
[Your first classifier](first-classifier.html). This page goes all the way from a table to a price: reading, missing cells, texts,
training, the error in francs, saving, and asking about new houses. The same program in C# stands at the end.

It uses two packages, `Cotangent` and `Cotangent.Data`: see [Install](install.html).

## The table

[houses.csv](content/houses.csv) has 500 houses: floor area in square metres, rooms, year of construction, city, and price in Swiss
francs. They are invented. The year of some is missing: their cells are empty.

```fsharp
let file = "houses.csv"
```

You say which columns you want, and what is in them. Texts in `Missing` stand for a missing number, which is read as NaN, "not a
number". Without them, an empty cell would be an error.
*)
open System.IO
open Cotangent

let options = { Csv.defaults with Missing = [| "" |] }

let inputs = [ "area"; "rooms"; "year" ]

let columns = [
    for name in inputs do
        Column.Numbers(name, DType.Float32)

    Column.Texts "city"
]

let table = Csv.read options (Column.Numbers("price", DType.Float32) :: columns) file
table.Count, table.Numbers(inputs)[..2]
(*** include-it ***)

(**
(A file that separates by semicolons and writes 52,5, as programs do in many countries, is read with
`{ Csv.defaults with Delimiter = ';'; DecimalComma = true }`.)

A network computes with numbers, so each city gets one, its *category*: its place among all cities' names.
*)
let cities = table.Categories "city"
cities.Names, cities.Codes[..2]
(*** include-it ***)

(**
Keep these names: with another file, which may lack a city, the places have to be the same.

## Two parts

A network can learn its examples by heart, so it has to be measured on others. We set 100 houses aside, drawn by a key: equal keys
draw equally. A column in a list, `[ "price" ]`, has the shape (500, 1), which is what a network returns; `table.Numbers "price"` has
(500).
*)
type Houses = {
    /// Area, rooms, year: (n, 3).
    Numbers: Tensor
    /// Codes of cities: (n).
    City: Tensor
    /// In francs: (n, 1).
    Price: Tensor
}

let houses = {
    Numbers = table.Numbers inputs
    City = cities.Codes
    Price = table.Numbers [ "price" ]
}

let test, training = Data.shuffle (Key.create 1L) houses |> Data.split 100
Data.count test, Data.count training
(*** include-it ***)

(**
## Normalising

Years are near 2000, rooms near 4, and prices near a million. A network starts with weights that are made for numbers near 1, and learns slowly,
or not at all, from numbers so unlike each other. So each column is *normalised* (also called standardised): its mean is subtracted, and the rest divided
by its *standard deviation*, which says how far its numbers typically are from their mean. Afterwards all columns have mean 0 and
deviation 1.

Mean and deviation are those of the training part alone. Those of all houses would tell the network something of the test.
*)
/// Of columns: (columns) each.
type Scale = { Mean: Tensor; Deviation: Tensor }

/// The numbers, and something else where one is missing.
let orElse (other: Tensor) (x: Tensor) = where (x.IsNaN()) other x

let scaleOf (x: Tensor) =
    let there = 1.0f - x.IsNaN().Convert DType.Float32
    let mean = (x |> orElse (tensor 0.0f)).Sum 0 / there.Sum 0
    { Mean = mean; Deviation = (x |> orElse mean).Std 0 }

scaleOf training.Numbers
(*** include-it ***)

(**
## The model

Mean and deviation belong to the model: whoever asks it for a price must normalise in the same way. But training must not change them,
as it changes all other tensors of the model. `Frozen` says so: what is in it is saved and loaded with the model, and has no gradient.

A missing year becomes the mean year. The city becomes *one-hot*: as many numbers as there are cities, 1 at the place of this one, 0
elsewhere. The code itself, 0 to 3, would claim that the third city is twice the second.

An `Mlp`, *multilayer perceptron*, is the plainest network: linear layers, with a curve (`Relu`, which replaces negative numbers by 0)
after each but the last. Seven numbers go in, three of the columns and four of the city; one comes out. Two layers of 32 in between
are a guess that is good for most small tables; try others, and keep what is best on houses that were not trained on.
*)
type PriceModel = { Inputs: Frozen<Scale>; Price: Frozen<Scale>; Net: Mlp }

let cityCount = cities.Names.Length

let create inputs price key = {
    Inputs = Frozen inputs
    Price = Frozen price
    Net = Mlp.create [ 3 + cityCount; 32; 32; 1 ] Activation.Relu key
}

/// Normalised prices (n, 1).
let forward model (numbers: Tensor) (city: Tensor) =
    let scale = model.Inputs.Value
    let numbers = (numbers |> orElse scale.Mean) - scale.Mean
    let city = Tensor.oneHot DType.Float32 cityCount city
    Mlp.forward model.Net (concat 1 [ numbers / scale.Deviation; city ])

/// Prices in francs (n, 1).
let predict =
    compile (fun (model, numbers, city) ->
        let scale = model.Price.Value
        forward model numbers city * scale.Deviation + scale.Mean)

let model = create (scaleOf training.Numbers) (scaleOf training.Price) (Key.create 2L)

(**
## Training

The *loss*, the number that training makes small, is the mean of the squared differences between predicted and true prices, the *mean squared
error* (MSE). Prices are normalised, too, so that it is near 1 at the start.
*)
let optimizer = Optimizer.adam 0.005

let step (model, state) (houses: Houses) =
    let loss model =
        let scale = model.Price.Value
        let wanted = (houses.Price - scale.Mean) / scale.Deviation
        Loss.meanSquaredError wanted (forward model houses.Numbers houses.City)

    let loss, gradient = valueAndGrad loss model
    Optimizer.step optimizer gradient state model, loss

let batches = Data.batches 40 (Key.create 3L) training

let run =
    Train.run
        { Train.defaults with Epochs = 100; ReportEvery = batches.Count }
        step
        batches
        (model, optimizer.Init model)

let trained, _ = run.Last.State

let losses =
    run.History |> List.map (fun (steps, figures) -> steps, snd (List.head figures))

(**
`ReportEvery` is one epoch here, so the curve has a point for each:
*)
(*** hide ***)
Chart.Line(x = List.map fst losses, y = List.map snd losses, Name = "loss")
|> Chart.withXAxisStyle (TitleText = "steps")
|> Chart.withYAxisStyle (TitleText = "loss", AxisType = StyleParam.AxisType.Log)
(*** include-it ***)

(**
## How good is it?

The loss is no answer for a customer: nobody thinks in squared francs. Two figures are in the unit of the target. The *mean absolute error*
(MAE) is by how much the predicted price is wrong on average. The *root mean squared error* (RMSE) counts large mistakes more, and is
never the smaller of the two. Beside them stands what you would get by always saying the mean price: a model has to be better than that.
*)
let errors (predicted: Tensor) =
    float (Metric.meanAbsoluteError test.Price predicted),
    float (Metric.rootMeanSquaredError test.Price predicted)

let always = (scaleOf training.Price).Mean.Expand [ Data.count test; 1 ]

[
    "the model", errors (predict (trained, test.Numbers, test.City))
    "always the mean", errors always
]
(*** include-it ***)

(**
## Saving it

The file holds all tensors, those in `Frozen` too. The names of the cities are texts, and go into its `Metadata`:

```fsharp
let saved = "prices.safetensors"
```
*)
let names = Map [ ("cities", String.concat "\n" cities.Names) ]

Checkpoint.saveWith { Checkpoint.defaults with Metadata = names } saved trained

(**
## Using it in another program

The other program has the types and functions above, and makes a model of the same shapes as a template, with zeros for a scale.
`Checkpoint.load` gives it back with the numbers of the file.
*)
let metadata = Checkpoint.metadata saved
let knownCities = metadata["cities"].Split '\n'

let zeros count = {
    Mean = Tensor.zeros DType.Float32 [ count ]
    Deviation = Tensor.zeros DType.Float32 [ count ]
}

let loaded = Checkpoint.load saved (create (zeros 3) (zeros 1) (Key.create 0L))

(**
Here are two offers without a price. There are only two cities in the file, so `Categories` is given the names of the training; by itself
it would number the two from 0, and the prices would be wrong without an error.

```fsharp
let others = "offers.csv"
```
*)
File.WriteAllText(others, "area,rooms,year,city\n95,4,1990,Zürich\n95,4,,Chur\n")

let offers = Csv.read options columns others
let codes = offers.Categories("city", knownCities).Codes

predict (loaded, offers.Numbers inputs, codes)
(*** include-it ***)

(**
A city that the model has not learned is an error, which names the row:
*)
File.WriteAllText(others, "area,rooms,year,city\n95,4,1990,Zürch\n")

try
    (Csv.read options columns others).Categories("city", knownCities) |> ignore
    ""
with :? ValueException as e ->
    e.Message
(*** include-it ***)

(*** hide ***)
Directory.Delete(folder, true)
(**
## In C#

The same with `Cotangent.CSharp` and `Cotangent.Data`. The records, in a class library that both programs use:
*)
(*** hide ***)
open Page
csharpCode "Tables.cs" "Model"
(*** include-it-raw ***)

(**
Reading a table. Options are changed by `With`, which leaves all that is not named as it is; for semicolons and decimal commas it is
`Csv.Defaults.With(delimiter: ';', decimalComma: true)`:
*)
(*** hide ***)
csharpCode "Tables.cs" "Data"
(*** include-it-raw ***)

(**
Training, measuring, saving, loading and asking. What stands under the code is what it printed when this page was made:
*)
(*** hide ***)
csharp "Tables.cs" "Tables"
(*** include-it-raw ***)

(**
A table too large for memory is read by `Csv.Rows`, and made into batches by worker threads: [Data](data.html). How to show the progress
of a training, and to stop it early, stands on [Training on data](training.html).
*)
