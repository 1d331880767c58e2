namespace Cotangent

open System
open System.Collections.Generic
open Cotangent.Inlined // in place of functions of Array and List

/// Which tensors of a product are multiplied first, and the labels of what comes of it. A label that neither the result nor
/// another tensor has is summed over as soon as two tensors meet.
[<RequireQualifiedAccess>]
type internal ContractionPath =
    | Operand of int
    | Pair of ContractionPath * ContractionPath * labels: string

/// The order with the fewest multiplications, up to eight tensors; beyond, a good one.
module internal ContractionPath =
    /// All orders of n tensors are 3ⁿ splits to look at.
    let MostExact = 8

    let private union (a: string) (b: string) =
        String.Concat(a, String.filter (fun label -> not (a.Contains label)) b)

    let private product (size: char -> float) (labels: string) =
        let mutable n = 1.0

        for label in labels do
            n <- n * size label

        n

    /// The cheapest way to each set of tensors, from the smallest sets to the whole.
    let private exact (size: char -> float) (inputs: string[]) (output: string) : ContractionPath =
        let count = inputs.Length
        let all = (1 <<< count) - 1

        let labelsOf set =
            let mutable labels = ""

            for i in 0 .. count - 1 do
                if set >>> i &&& 1 = 1 then labels <- union labels inputs[i]

            labels

        let inside = Array.init (all + 1) (fun set -> labelsOf set)

        // Those that are still needed once the tensors of a set have been multiplied.
        let kept =
            Array.init (all + 1) (fun set ->
                inside[set]
                |> String.filter (fun label ->
                    output.Contains label || inside[all &&& ~~~set].Contains label))

        let cost = Array.create (all + 1) infinity
        let split = Array.zeroCreate (all + 1)

        for i in 0 .. count - 1 do
            cost[1 <<< i] <- 0.0
            kept[1 <<< i] <- inputs[i]

        for set in 1..all do
            // Each split once: the half with the lowest tensor goes first.
            let lowest = set &&& -set
            let mutable first = (set - 1) &&& set

            while first > 0 do
                if first &&& lowest <> 0 then
                    let other = set ^^^ first

                    let work =
                        cost[first]
                        + cost[other]
                        + product size (union kept[first] kept[other])
                        + product size kept[set]

                    if work < cost[set] then
                        cost[set] <- work
                        split[set] <- first

                first <- (first - 1) &&& set

        let rec path set =
            if split[set] = 0 then
                ContractionPath.Operand(Numerics.BitOperations.TrailingZeroCount(set: int))
            else
                ContractionPath.Pair(path split[set], path (set ^^^ split[set]), kept[set])

        path all

    /// Always the two whose product is smallest, against what it takes the place of.
    let private greedy (size: char -> float) (inputs: string[]) (output: string) : ContractionPath =
        let left = List<struct (ContractionPath * string)>()
        inputs |> Array.iteri (fun i labels -> left.Add(struct (ContractionPath.Operand i, labels)))

        while left.Count > 1 do
            let mutable best = struct (0, 1, "", infinity, infinity)

            for i in 0 .. left.Count - 1 do
                for j in i + 1 .. left.Count - 1 do
                    let struct (_, a) = left[i]
                    let struct (_, b) = left[j]
                    let both = union a b

                    let isNeeded (label: char) =
                        output.Contains label
                        || Range.exists left.Count (fun k ->
                            let struct (_, c) = left[k]
                            k <> i && k <> j && c.Contains label)

                    let labels = String.filter isNeeded both
                    let growth = product size labels - product size a - product size b
                    let work = product size both
                    let struct (_, _, _, leastGrowth, leastWork) = best

                    if growth < leastGrowth || growth = leastGrowth && work < leastWork then
                        best <- struct (i, j, labels, growth, work)

            let struct (i, j, labels, _, _) = best
            let struct (a, _) = left[i]
            let struct (b, _) = left[j]
            left.RemoveAt j
            left.RemoveAt i
            left.Add(struct (ContractionPath.Pair(a, b, labels), labels))

        let struct (path, _) = left[0]
        path

    let plan (size: char -> float) (inputs: string[]) (output: string) : ContractionPath =
        if inputs.Length <= MostExact then exact size inputs output else greedy size inputs output
