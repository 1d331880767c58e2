module Cotangent.Data.Tests.PermutationTests

open Expecto
open Cotangent
open Cotangent.Datasets

let private seeds = [ for i in 0L .. 4L -> KeyedHash.seedOf "test" (Key.create i) ]

[<Tests>]
let tests =
    testList "permutation by key" [
        test "a bijection for many lengths" {
            let lengths = [ yield! [ 1L .. 300L ]; 1023L; 1024L; 1025L; 60000L; 65537L; 100003L ]

            for seed in seeds do
                for n in lengths do
                    let permutation = Permutation(seed, n)
                    let seen = System.Collections.BitArray(int n)

                    for i in 0L .. n - 1L do
                        let at = permutation[i]
                        if at < 0L || at >= n then failtest $"{i} of {n} leads to {at}"
                        if seen[int at] then failtest $"two of {n} lead to {at}"
                        seen[int at] <- true
        }
        test "lengths beyond any array" {
            for n in [ 1L <<< 40; System.Int64.MaxValue ] do
                let permutation = Permutation(seeds[1], n)

                let some = [
                    for i in 0L .. 999L do
                        permutation[i]
                        permutation[n - 1L - i]
                ]

                Expect.isTrue (some |> List.forall (fun at -> at >= 0L && at < n)) "inside"
                Expect.equal (List.distinct some).Length some.Length "different"
                // Uniform numbers have a mean of a half and a standard error of 0.0065 in 2,000 draws.
                let mean = some |> List.averageBy (fun at -> float at / float n)
                Expect.isLessThan (abs (mean - 0.5)) 0.03 "spread over all"
        }
        // Pearson's statistic of n² cells with (n-1)² degrees of freedom: mean (n-1)², variance 2 (n-1)².
        test "all places are about equally likely" {
            for n in [ 2; 3; 5; 8; 13; 64 ] do
                let draws = 4000
                let counts = Array2D.zeroCreate<int> n n

                for key in 1..draws do
                    let permutation = Permutation(KeyedHash.seedOf "test" (Key.create (int64 key)), int64 n)

                    for i in 0 .. n - 1 do
                        let at = int permutation[int64 i]
                        counts[i, at] <- counts[i, at] + 1

                let expected = float draws / float n
                let mutable statistic = 0.0

                counts
                |> Array2D.iter (fun count ->
                    statistic <- statistic + (float count - expected) ** 2.0 / expected)

                let freedom = float ((n - 1) * (n - 1))
                Expect.isLessThan statistic (freedom + 5.0 * sqrt (2.0 * freedom) + 5.0) $"{n} places"
        }
        test "all orders of few are about equally likely" {
            for n, orders in [ 3, 6; 4, 24; 5, 120 ] do
                let draws = 200 * orders

                let counts =
                    Seq.init draws (fun key ->
                        let permutation =
                            Permutation(KeyedHash.seedOf "test" (Key.create (int64 key)), int64 n)

                        [ for i in 0 .. n - 1 -> permutation[int64 i] ])
                    |> Seq.countBy id
                    |> List.ofSeq

                Expect.equal counts.Length orders $"all orders of {n} occur"
                let statistic = counts |> List.sumBy (fun (_, count) -> (float count - 200.0) ** 2.0 / 200.0)
                let freedom = float (orders - 1)
                Expect.isLessThan statistic (freedom + 5.0 * sqrt (2.0 * freedom) + 5.0) $"orders of {n}"
        }
    ]
