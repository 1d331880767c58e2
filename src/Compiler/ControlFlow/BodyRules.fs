namespace Cotangent.Compiler

open Cotangent
open Cotangent.Batching
open Cotangent.Differentiation
open Cotangent.Inlined

/// What the rules of control flow have in common.
module internal BodyRules =
    let like (t: Tensor) = struct (({ DType = t.DType; Shape = t.Dims }: Signature), t.Device)
    let pair (struct (a, b)) = a, b
    let likeAll (ts: Tensor[]) = Array.map (like >> pair) ts

    /// Like one slice along axis 0.
    let likeSlice (t: Tensor) = { DType = t.DType; Shape = t.Dims[1..] }, t.Device

    let isFloat (t: Tensor) = t.DType.IsFloat

    /// The places of those that hold.
    let places (holds: 'a -> bool) (xs: 'a[]) = Range.filter xs.Length (fun i -> holds xs[i])

    let pick (places: int[]) (xs: 'a[]) = places |> Array.map (fun i -> xs[i])

    /// Cuts an array into consecutive parts.
    let split (counts: int list) (xs: 'a[]) : 'a[] list =
        let starts = List.scan (+) 0 counts
        List.map2 (fun start count -> Array.sub xs start count) (List.take counts.Length starts) counts

    let orZeros (like: Tensor) (t: Tensor voption) =
        match t with
        | ValueSome t -> t
        | ValueNone -> Tensor.zerosLike like

    /// Values at some places of an array of absent ones.
    let scatter length (places: int[]) (values: Tensor[]) : Tensor voption[] =
        let result = Array.create length ValueNone
        Array.iter2 (fun i v -> result[i] <- ValueSome v) places values
        result

    /// f with some of its inputs' tangents given: outputs, and the tangents of all float outputs.
    let forward name (f: Tensor[] -> Tensor[]) (primals: Tensor[]) (active: int[]) (tangents: Tensor[]) =
        let trace = ForwardTrace name

        try
            let joined = Array.copy primals
            Array.iter2 (fun i d -> joined[i] <- trace.Join(primals[i], ValueSome d)) active tangents
            let outputs = f joined |> Array.map trace.Split
            let values = outputs |> Array.map (fun (struct (p, _)) -> p)

            let pushed =
                outputs
                |> Array.filter (fun (struct (p, _)) -> isFloat p)
                |> Array.map (fun (struct (p, d)) -> orZeros p d)

            struct (values, pushed)
        finally
            trace.Close()

    /// Cotangents of some inputs of f, from those of its float outputs.
    let reverse name (f: Tensor[] -> Tensor[]) (primals: Tensor[]) (wanted: int[]) (cotangents: Tensor[]) =
        let trace = ReverseTrace(name, false)

        let outputs =
            try
                let variables = Array.copy primals

                for i in wanted do
                    variables[i] <- trace.Variable primals[i]

                f variables
            finally
                trace.Close()

        let seeds =
            Array.map2 (fun t c -> struct (trace.Place t, c)) (outputs |> Array.filter isFloat) cotangents

        trace.Pull(wanted.Length, seeds) |> Array.mapi (fun k found -> orZeros primals[wanted[k]] found)

    /// f on a batch: inputs marked hold one value for each example along axis 0; so do all outputs.
    let batch name examples (f: Tensor[] -> Tensor[]) (batched: bool[]) (inputs: Tensor[]) =
        let trace = BatchTrace(name, examples)

        try
            Array.map2 (fun (t: Tensor) isBatched -> if isBatched then trace.Join t else t) inputs batched
            |> f
            |> Array.map trace.Each
        finally
            trace.Close()

    let isBatched (operand: Operand) = operand.IsBatched
