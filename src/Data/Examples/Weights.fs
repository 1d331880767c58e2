namespace Cotangent.Datasets

open System
open System.Collections.Concurrent
open Cotangent

/// Drawing places in proportion to weights.
module internal Weights =
    let require (operation: string) (name: string) (count: int64) (weights: float[]) =
        if weights.LongLength <> count then
            raise (
                ValueException
                    $"{operation}: {weights.Length} weights for the {count} examples of {name}; give one for each."
            )

        for i in 0 .. weights.Length - 1 do
            if not (weights[i] >= 0.0 && Double.IsFinite weights[i]) then
                raise (
                    ValueException
                        $"{operation}: weight {weights[i]} of example {i} of {name}; weights are finite, and 0 or more."
                )

        if not (Array.exists (fun w -> w > 0.0) weights) then
            raise (
                ValueException
                    $"{operation}: no example of {name} has a weight above 0: there is nothing to draw."
            )

    /// Draws with replacement: the place whose share of the sum a uniform number falls into.
    let drawer (weights: float[]) : uint64 -> int64 -> int64 =
        let sums = weights |> Array.scan (+) 0.0 |> Array.tail
        let total = Array.last sums
        // Rounded up to the very end, a number finds no share: it gets the last that is one.
        let last = int64 (Array.FindLastIndex(weights, fun w -> w > 0.0))

        fun seed i ->
            let at = KeyedHash.uniform seed KeyedHash.Draws (uint64 i) * total
            // The first sum above it.
            let mutable low, high = 0, sums.Length

            while low < high do
                let middle = (low + high) >>> 1
                if sums[middle] > at then high <- middle else low <- middle + 1

            min last (int64 low)

    /// So many different places, by the method of Efraimidis and Spirakis ("Weighted random sampling with a reservoir", 2006): those
    /// with the smallest of exponentially distributed numbers, each divided by its weight.
    let withoutReplacement (weights: float[]) (count: int) (seed: uint64) : int[] =
        let times =
            weights
            |> Array.mapi (fun i w ->
                if w > 0.0 then
                    -Math.Log(1.0 - KeyedHash.uniform seed KeyedHash.Draws (uint64 i)) / w
                else
                    infinity)

        let places = Array.init weights.Length id
        Array.Sort(times, places)
        places[.. count - 1]

    /// What is worked out once an epoch: of the last two epochs asked for, since workers may be in the next one already.
    let perEpoch (make: int -> 'a) : int -> 'a =
        let made = ConcurrentDictionary<int, Lazy<'a>>()

        fun epoch ->
            let found = made.GetOrAdd(epoch, (fun epoch -> lazy (make epoch))).Value

            if made.Count > 2 then
                for other in made.Keys do
                    if abs (other - epoch) > 1 then made.TryRemove other |> ignore

            found
