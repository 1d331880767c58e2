namespace Cotangent.Compiler

open Cotangent
open Cotangent.Batching
open Cotangent.Differentiation
open Cotangent.Inlined // in place of functions of Array and List

/// What the rules of control flow have in common.
module internal BodyRules =
    let like (t: Tensor) = struct (({ DType = t.DType; Shape = t.Dims }: Signature), t.Device)
    let pair (struct (a, b)) = a, b
    let likeAll (ts: Tensor[]) = Array.map (like >> pair) ts

    /// Like one slice along axis 0.
    let likeSlice (t: Tensor) = { DType = t.DType; Shape = t.Dims[1..] }, t.Device

    let isFloat (t: Tensor) = t.DType.HasDerivatives

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

    /// Those at the places, where each has a value; 0 where only other rounds or branches have one.
    let pickOrZeros (places: int[]) (like: Tensor[]) (found: Tensor voption[]) =
        places |> Array.map (fun i -> orZeros like[i] found[i])

    let private isThere (like: Tensor) (found: Tensor voption) =
        let always isThere = Bind.full (Literal.Whole(if isThere then 1L else 0L)) DType.Bool [||] like.Device

        match found with
        | ValueNone -> always false
        | ValueSome t ->
            match Presence.ofChange t with
            | ValueNone -> always true
            | ValueSome isThere -> isThere

    /// The changes at some places, 0 where they are absent, and whether they are there.
    let withPresence (places: int[]) (like: Tensor[]) (found: Tensor voption[]) =
        Array.append (pickOrZeros places like found) (places |> Array.map (fun i -> isThere like[i] found[i]))

    /// Of graphs whose last outputs say of as many changes before them whether they are there: those of which none is sure, as
    /// numbers of changes, and the graphs without the others.
    let unsure (changes: int) (graphs: Graph[]) : struct (int[] * Graph[]) =
        let flag (g: Graph) k = g.Outputs[g.Outputs.Length - changes + k]

        let isSure (g: Graph) k =
            match g.Nodes[flag g k].Operation with
            | Operation.Primitive(Primitive.Full(Literal.Whole 1L, _, _)) -> true
            | Operation.Primitive _
            | Operation.Input _
            | Operation.Constant _
            | Operation.Control _
            | Operation.Item _ -> false

        let kept = Range.filter changes (fun k -> not (graphs |> Array.forall (fun g -> isSure g k)))

        let trimmed =
            graphs
            |> Array.map (fun g -> {
                g with
                    Outputs =
                        Array.append
                            g.Outputs[.. g.Outputs.Length - changes - 1]
                            (kept |> Array.map (flag g))
            })

        struct (kept, trimmed)

    /// Marks those changes of which is not sure that they are there.
    let markUnsure (changes: Tensor[]) (unsure: int[]) (flags: Tensor[]) =
        Array.iter2 (fun k flag -> Presence.mark (ValueSome flag) changes[k]) unsure flags

    /// f with some of its inputs' tangents given: outputs, and their tangents where they have one.
    let forward name (f: Tensor[] -> Tensor[]) (primals: Tensor[]) (active: int[]) (tangents: Tensor[]) =
        let trace = ForwardTrace name

        try
            let joined = Array.copy primals
            Array.iter2 (fun i d -> joined[i] <- trace.Join(primals[i], ValueSome d)) active tangents
            let outputs = f joined |> Array.map trace.Split

            struct (outputs |> Array.map (fun (struct (p, _)) -> p),
                    outputs |> Array.map (fun (struct (_, d)) -> d))
        finally
            trace.Close()

    /// Where there are terms of series: numbers of tensors, and of their terms after the first.
    let termPlaces (series: Tensor voption[][]) : struct (int * int)[] = [|
        for i in 0 .. series.Length - 1 do
            let terms = series[i]

            for k in 0 .. terms.Length - 1 do
                if terms[k].IsSome then struct (i, k)
    |]

    let pickTerms (places: struct (int * int)[]) (series: Tensor voption[][]) : Tensor[] =
        places
        |> Array.map (fun (struct (i, k)) ->
            let terms = series[i]
            terms[k].Value)

    /// All terms of the series at some places, 0 where they are absent.
    let termsOrZeros order (places: int[]) (like: Tensor[]) (series: Tensor voption[][]) : Tensor[] = [|
        for i in places do
            let terms = series[i]

            for k in 0 .. order - 1 do
                orZeros like[i] (if k < terms.Length then terms[k] else ValueNone)
    |]

    /// As many series, of which those at some places have all terms.
    let scatterTerms length order (places: int[]) (terms: Tensor[]) : Tensor voption[][] =
        let series = Array.create length [||]

        places
        |> Array.iteri (fun n i -> series[i] <- Array.init order (fun k -> ValueSome terms[n * order + k]))

        series

    /// f with terms of some inputs' series given: outputs, and theirs.
    let series
        name
        order
        (f: Tensor[] -> Tensor[])
        (starts: Tensor[])
        (places: struct (int * int)[])
        (terms: Tensor[])
        =
        let trace = TaylorTrace(name, order, null)

        try
            let rest: Tensor voption[][] = starts |> Array.map (fun _ -> Array.create order ValueNone)

            Array.iter2
                (fun (struct (i, k)) term ->
                    let terms = rest[i]
                    terms[k] <- ValueSome term)
                places
                terms

            let outputs = Array.map2 (fun start rest -> trace.Join(start, rest)) starts rest |> f
            struct (Array.map trace.Start outputs, Array.map trace.Rest outputs)
        finally
            trace.Close()

    /// Cotangents of some inputs of f, where they have one, from those of some of its outputs; f is told the tape.
    let reverseOn
        name
        (f: ReverseTrace -> Tensor[] -> Tensor[])
        (primals: Tensor[])
        (wanted: int[])
        given
        (cotangents: Tensor[])
        =
        let trace = ReverseTrace(name, ValueNone)

        let outputs =
            try
                let variables = Array.copy primals

                for i in wanted do
                    variables[i] <- trace.Variable primals[i]

                f trace variables
            finally
                trace.Close()

        let seeds = Array.map2 (fun i c -> struct (trace.Place outputs[i], c)) given cotangents
        let pulled = trace.Pull(wanted.Length, seeds)
        let result: Tensor voption[] = Array.create primals.Length ValueNone
        Array.iter2 (fun i c -> result[i] <- c) wanted pulled
        result

    /// The same, of a function that asks for nothing.
    let reverse name (f: Tensor[] -> Tensor[]) primals wanted given cotangents =
        reverseOn name (fun _ -> f) primals wanted given cotangents

    /// f on a batch: inputs marked hold one value for each example along axis 0; so do all outputs.
    let batch name examples (f: Tensor[] -> Tensor[]) (batched: bool[]) (inputs: Tensor[]) =
        let trace = BatchTrace(name, examples)

        try
            Array.map2 (fun (t: Tensor) isBatched -> if isBatched then trace.Join t else t) inputs batched
            |> f
            |> Array.map trace.Each
        finally
            trace.Close()

    /// A number for each example, at each place of a batch like another.
    let spread (like: Tensor) (mask: Tensor) =
        let ones = Array.create (like.Rank - 1) 1
        Operands.expandTo like.Dims (mask.Reshape(Array.append mask.Dims ones))

    /// A batch in which the examples that a guard excludes have the numbers of the first that it lets through, so that
    /// nothing raises for them; there must be one. They are no part of the results, nor of the derivatives.
    let harmless (mask: Tensor) (batched: bool[]) (inputs: Tensor[]) =
        let first = Bind.one (Primitive.ArgReduce(true, 0)) [| mask.Convert DType.Int32 |]

        Array.map2
            (fun (t: Tensor) isBatched ->
                if isBatched then
                    let row = Bind.one (Primitive.Gather(Finder.Gather, 0, 0)) [| Bind.detach t; first |]
                    where (spread t mask) t (Operands.expandTo t.Dims (row.Unsqueeze 0))
                else
                    t)
            inputs
            batched

    let isBatched (operand: Operand) = operand.IsBatched
