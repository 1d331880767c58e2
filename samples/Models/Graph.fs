/// The linear model: its graph drawn, differentiated and trained. Each has an answer in closed form to stand beside.
module Models.Graph

open System
open System.Diagnostics
open System.Threading
open Cotangent
open Models
open Plotly.NET

let private title = "A linear model"

/// y = X·w + b
type LinearModel = { Weights: Tensor; Bias: Tensor }

/// Examples (n, d), and what belongs to each (n,).
type Examples = { X: Tensor; Y: Tensor }

let predict (model: LinearModel) (x: Tensor) : Tensor = matmul x model.Weights + model.Bias

let loss (examples: Examples) (model: LinearModel) : Tensor =
    mean (square (predict model examples.X - examples.Y))

let features = 4

let private noise = 0.1

/// Examples of a model drawn at random, with noise.
let private draw count key =
    let keys = Key.splitMany 4 key
    let normal i shape = Random.normal keys[i] DType.Float64 shape
    let truth = { Weights = normal 0 [ features ]; Bias = normal 1 [] }
    let x = normal 2 [ count; features ]
    { X = x; Y = predict truth x + noise * normal 3 [ count ] }

// ---- In plain arithmetic, to compare with ----

/// The examples with a 1 at the end of each, for the bias.
let private rows (examples: Examples) : float[][] =
    examples.X.ToData<float[][]>() |> Array.map (fun row -> Array.append row [| 1.0 |])

let private dot (a: float[]) (b: float[]) = Array.fold2 (fun sum x y -> sum + x * y) 0.0 a b

/// The solution of a·z = c for a positive definite a, by elimination.
let private solve (a: float[][]) (c: float[]) : float[] =
    let n = c.Length
    let system = Array.map2 (fun row right -> Array.append row [| right |]) a c

    for i in 0 .. n - 1 do
        for j in 0 .. n - 1 do
            if j <> i then
                let factor = system[j][i] / system[i][i]
                system[j] <- Array.map2 (fun x y -> x - factor * y) system[j] system[i]

    Array.init n (fun i -> system[i][n] / system[i][i])

/// Weights and bias that solve the normal equations AᵀA z = Aᵀy.
let private leastSquares (examples: Examples) : float[] =
    let columns = rows examples |> Array.transpose
    let y = examples.Y.ToData<float[]>()
    solve (columns |> Array.map (fun a -> columns |> Array.map (dot a))) (columns |> Array.map (dot y))

/// 2 Aᵀ(A z - y) / n
let private slopes (examples: Examples) (z: float[]) : float[] =
    let rows = rows examples
    let y = examples.Y.ToData<float[]>()
    let errors = Array.map2 (fun row y -> dot row z - y) rows y
    Array.transpose rows |> Array.map (fun column -> 2.0 * dot column errors / float y.Length)

let private numbers (model: LinearModel) : float[] =
    Array.append (model.Weights.ToData<float[]>()) [| float model.Bias |]

let private farthest (a: float[]) (b: float[]) = Array.map2 (fun x y -> abs (x - y)) a b |> Array.max

// ---- The page ----

let private figures
    (examples: Examples)
    (start: LinearModel)
    (model: LinearModel)
    history
    : Page.Figure list = [
    Page.curves "distance to the least squares" history [ "distance" ] |> Page.logarithmic
    {
        Title = "X·w + b (up) for each y (across)"
        Content =
            Chart.Point(
                x = examples.Y.ToData<float[]>(),
                y = (predict model examples.X).ToData<float[]>(),
                ShowLegend = false,
                MarkerColor = Color.fromString "#2a6fbb"
            )
            |> Page.Drawing
    }
    {
        Title = "the loss, as it is computed"
        Content = Compile.page (fun (model, examples) -> loss examples model) (start, examples) |> Page.Inner
    }
    {
        Title = "its gradient"
        Content =
            Compile.page (fun (model, examples) -> grad (loss examples) model) (start, examples) |> Page.Inner
    }
]

let private run (options: Options.Options) (cancellation: CancellationToken) =
    let watch = Stopwatch.StartNew()
    let examples = draw 200 (Key.create options.Seed)
    let start = { Weights = Tensor.zeros DType.Float64 [ features ]; Bias = tensor 0.0 }
    let best = leastSquares examples
    let optimizer = Optimizer.sgd 0.1

    let step (model, state) examples =
        let loss, gradient = valueAndGrad (loss examples) model
        Optimizer.step optimizer gradient state model, loss

    let training progress =
        Recording.run
            options
            []
            {
                Train.defaults with
                    Epochs = options.Epochs |> Option.defaultValue 200
                    Progress = progress
                    Cancellation = cancellation
                    Callbacks = [
                        Callback.measure (Every.Epochs 5) "distance" (fun (model, _) ->
                            farthest best (numbers model))
                    ]
            }
            step
            // Each step sees all examples.
            (Data.inOrder (Data.count examples) examples)
            (start, optimizer.Init start)

    let reached = Progress.show title training
    let model, _ = reached.Last.State

    Ok {
        Seconds = watch.Elapsed.TotalSeconds
        Parameters = Tree.size model
        Measures = [
            "loss", float (loss examples model)
            "distance", farthest best (numbers model)
            "gradientError", farthest (slopes examples (numbers start)) (numbers (grad (loss examples) start))
        ]
        Figures = figures examples start model reached.History
        Save = fun about path -> Checkpoint.saveWith about path model
    }

let sample = {
    Name = "graph"
    Title = title
    About =
        "y = X·w + b on 200 examples, by gradient descent. The distance is the largest of a parameter from the solution of the normal equations, the gradient's error the largest of its numbers from the formula's, at the start; both are computed in plain arithmetic."
    Run = run
}
