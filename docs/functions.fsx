(**
---
title: All functions, by topic
category: Use
categoryindex: 3
index: 28
description: Every function and every member of Tensor, with links into the API reference.
---
*)
(*** hide ***)
#load "../site/page.fsx"

open System
open System.Reflection

/// Functions in lower case and members of Tensor in upper case, from a module that `open Cotangent` opens.
let names (m: Type) =
    m.GetMethods(BindingFlags.Public ||| BindingFlags.Static ||| BindingFlags.DeclaredOnly)
    // A static method that extends a type is called "Type.name.Static".
    |> Array.map (fun f ->
        f.Name
            .Replace("Tensor.", "")
            .Replace("Optimizer.", "")
            .Replace(".Static", "")
            .Replace("get_", ""))
    |> Array.filter (fun name -> Char.IsLetter name[0] && not (name.Contains '.'))
    |> Array.distinct
    |> Array.sort
    |> Array.partition (fun name -> Char.IsLower name[0])

let link (m: Type) name =
    let page =
        (Unchecked.nonNull m.FullName)
            .ToLowerInvariant()
            .Replace('.', '-')
            .Replace('+', '-')
            .Replace('`', '-')

    $"<a href=\"reference/{page}.html#{name}\"><code>{name}</code></a>"

let topics = [
    "Derivatives, batching", "Core"
    "Making tensors", "Tensor"
    "From .NET data", "Conversion"
    "Elementwise", "Mathematics"
    "Sums, means, extremes", "Reductions"
    "Running products, extremes", "Cumulative"
    "Quantiles, modes", "Statistics"
    "Counts, histograms", "Counting"
    "Normalisation", "Normalization"
    "Attention", "Attending"
    "Kinds of attention", "Attention"
    "Shapes", "Views"
    "Parts, by brackets", "Brackets"
    "Parts, by computed indices", "Indexing"
    "Joining, splitting", "Joining"
    "Special functions", "SpecialFunctions"
    "Axes by letters", "Einsum"
    "Axes by names", "Patterns"
    "Windows, differences, distances", "Sliding"
    "Complex numbers", "ComplexNumbers"
    "Fourier transforms", "FourierTransforms"
    "Cosine transforms", "CosineTransforms"
    "Spectra of pieces", "ShortTimeFourier"
    "Windows of signals", "SignalWindow"
    "What is found where", "Searching"
    "Matrices", "LinearAlgebra"
    "Linear systems", "LinearSystems"
    "Eigenvalues", "Eigenvalues"
    "Singular values", "SingularValueDecomposition"
    "Functions of matrices", "MatrixPowers"
    "Matrices made of others", "StructuredMatrices"
    "Covariances", "Covariances"
    "Convolutions, pooling", "Convolutions"
    "Pooling, with more to say", "Pooling"
    "Windows of these", "Window"
    "Order", "Sorting"
    "Randomness: keys", "Key"
    "Randomness: draws", "Random"
    "Trees", "Tree"
    "Devices", "Devices"
    "Which devices there are", "Device"
    "Checks and prints", "Debug"
    "Units of measure", "Quantity"
    "Where the time goes", "Profile"
    "Looking into compiled functions", "Compile"
    "Initialisers", "Init"
    "Fans", "Fans"
    "Layers", "Linear"
    "Multilayer perceptrons", "Mlp"
    "Embeddings", "Embedding"
    "Positions that are not trained", "Positions"
    "Learned positions", "LearnedPositions"
    "Rotary positions", "Rotary"
    "Masks of steps", "Mask"
    "Attention with several heads", "MultiHeadAttention"
    "Feed-forward parts", "FeedForward"
    "Blocks of encoders", "EncoderBlock"
    "Blocks of decoders", "DecoderBlock"
    "Encoders of transformers", "TransformerEncoder"
    "Decoders of transformers", "TransformerDecoder"
    "Recurrent networks", "Rnn"
    "Gated recurrent units", "Gru"
    "Long short-term memory", "Lstm"
    "Layers of convolutions", "Convolution"
    "Their transposes", "TransposedConvolution"
    "Padding with a tensor's own numbers", "PaddingMode"
    "Batch normalisation", "BatchNorm"
    "Layer normalisation", "LayerNorm"
    "Normalisation by the mean square", "RmsNorm"
    "Group normalisation", "GroupNorm"
    "Instance normalisation", "InstanceNorm"
    "Dropout, drop path", "Dropout"
    "Resizing, pixel shuffle", "Resizing"
    "Up-sampling", "Upsample"
    "Sampling at any places", "GridSampling"
    "Boxes around things", "Boxes"
    "Pooling to a size", "AdaptivePooling"
    "Activations", "Activation"
    "Activation functions", "Nonlinearities"
    "Rectifiers with slopes", "Prelu"
    "Randomised rectifiers", "Rrelu"
    "Layers of functions", "Layer"
    "Chains of layers", "Sequential"
    "Layers repeated", "Repeat"
    "Residual layers", "Residual"
    "Connections", "Connect"
    "Surgery on models", "Model"
    "Losses of numbers", "RegressionLosses"
    "Losses of classes", "ClassLosses"
    "Losses of yes or no", "BinaryLosses"
    "Margins", "MarginLosses"
    "Divergences", "DivergenceLosses"
    "Losses of similarity", "SimilarityLosses"
    "Sequences without alignment", "CtcLosses"
    "Losses of two players", "AdversarialLosses"
    "Metrics of classes", "ClassMetrics"
    "Metrics of order", "RankingMetrics"
    "Metrics of numbers", "RegressionMetrics"
    "Optimisers", "Optimizer"
    "Descent, custom optimisers", "DescentMethods"
    "Adaptive rates", "AdaptiveMethods"
    "Adam", "AdamMethods"
    "Adam's variants", "AdamVariantMethods"
    "Steps by layer", "LayerWiseMethods"
    "Orthogonal steps", "MuonMethods"
    "Bounds and noise", "ClippingMethods"
    "Parts of a model", "GroupMethods"
    "Around an optimiser", "WrapperMethods"
    "Which tensors", "Selection"
    "With the loss itself", "LBfgs"
    "Schedules", "Schedule"
    "Schedules by a metric", "Plateau"
    "Averages of parameters", "WeightAverage"
    "Micro-batches", "GradientSum"
    "Mixed precision", "MixedPrecision"
    "Scales of losses", "LossScale"
    "Adversarial networks", "Gan"
    "Examples in memory", "Data"
    "Mini-batches", "Batches"
    "The training loop", "Train"
    "What it calls", "Callback"
    "Progress", "Progress"
    "Saving and loading", "Checkpoint"
    "Named tensors in files", "Safetensors"
    "Files of NumPy", "NumPy"
    "Files of PyTorch", "PyTorch"
    "Files of ONNX", "Onnx"
]

let library = typeof<Cotangent.Tensor>.Assembly

/// A module that shares its name with a type, or that C# spells otherwise, is compiled under a longer one.
let moduleOf name =
    [ name + "Module"; name ]
    |> List.map (fun name -> library.GetType("Cotangent." + name))
    |> List.tryFind (isNull >> not)
    |> Option.defaultWith (fun () -> failwith $"There is no module '{name}'.")
    |> Unchecked.nonNull

let missing =
    library.GetExportedTypes()
    |> Array.filter (fun t ->
        t.GetCustomAttributes(typeof<AutoOpenAttribute>, false).Length > 0)
    |> Array.map _.Name
    |> Array.except (topics |> List.map (fun (_, name) -> (moduleOf name).Name))

if missing.Length > 0 then failwith $"Modules without a topic: %A{missing}."

let isModule (t: Type) = FSharp.Reflection.FSharpType.IsModule t

/// A module and those in it, each with what stands before the names of its functions: `Loss`, `Loss.Each`.
let rec parts (path: string list) (m: Type) = [
    path, m
    for inner in m.GetNestedTypes() |> Array.filter isModule |> Array.sortBy _.Name do
        yield! parts (path @ [ inner.Name.Replace("Module", "") ]) inner
]

let rows =
    topics
    |> List.map (fun (topic, name) ->
        let m = moduleOf name
        let opened = m.GetCustomAttributes(typeof<AutoOpenAttribute>, false).Length > 0

        let path =
            if name.EndsWith "Methods" then [ "Optimizer" ]
            elif opened then []
            else [ name ]

        let found = [
            for path, m in parts path m do
                let functions, members = names m
                let list = Array.map (link m) >> String.concat " "
                let before = String.Join(".", path)
                let prefix = if path.IsEmpty then "" else $"in <code>{before}</code>: "
                if functions.Length > 0 then yield prefix + list functions, ""
                if members.Length > 0 then yield "", list members
        ]

        let cell choose =
            found
            |> List.map choose
            |> List.filter (fun text -> text <> "")
            |> String.concat " "

        $"<tr><td>{topic}</td><td>{cell fst}</td><td>{cell snd}</td></tr>")
    |> String.concat "\n"

let html =
    $"<table class=\"stack topics\"><thead><tr><th>topic</th><th>functions</th><th>members of <code>Tensor</code></th></tr></thead><tbody>{rows}</tbody></table>"

(**
# All functions, by topic

With `open Cotangent`. F#'s own `+ - * / %`, `x ** y` with a tensor on the left, `abs`, `exp`, `log`, `sqrt`, `sin`, `tanh`,
`floor`, `round` and their like work on tensors, too. Comparisons are members (`x.Less y`), since F#'s `<` returns one `bool`; so
`max` and `min`, which compare, are `maximum` and `minimum`, and `sign` is `x.Sign()`. For `pown x 3` write `x ** 3`, for `2.0 ** x` there is `exp2 x`.
*)
(*** hide ***)
html
(*** include-it-raw ***)

(**
What `Tensor` itself has (`Shape`, `DType`, `Rank`, `Size`, `Device`, `ToData`) is on
[its own page](reference/cotangent-tensor.html); types for options and results are in the
[API reference](reference/cotangent.html).
*)
