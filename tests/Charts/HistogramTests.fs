module Cotangent.Charts.Tests.HistogramTests

open Expecto
open Cotangent
open Cotangent.Charts

[<Tests>]
let tests =
    testList "histograms" [
        test "quantiles of 0 to 100 are their levels" {
            let h = Histogram.OfTensor(tensor [ for i in 100..-1..0 -> float i ])
            Expect.equal h.Quantiles [| 0.0; 5.0; 25.0; 50.0; 75.0; 95.0; 100.0 |] "quantiles"
            Expect.equal (h.Count, h.NonFinite) (101L, 0L) "numbers"
            // 100 · 101 / 2 and 100 · 101 · 201 / 6
            Expect.equal (h.Sum, h.SumOfSquares) (5050.0, 338350.0) "sums"
        }

        test "quantiles between numbers are those of numpy.quantile" {
            let h = Histogram.OfTensor(tensor [ 1.0; 10.0; 2.0; 4.0 ])
            // numpy.quantile([1, 10, 2, 4], [0, .05, .25, .5, .75, .95, 1])
            let numpy = [| 1.0; 1.15; 1.75; 3.0; 5.5; 9.1; 10.0 |]

            for own, other in Array.zip h.Quantiles numpy do
                Expect.floatClose Accuracy.high own other "quantile"
        }

        test "quantiles of a million normal numbers" {
            let h = Histogram.OfTensor(Random.normal (Key.create 2L) DType.Float32 [ 1000; 1000 ])
            Expect.equal (h.Count, Array.sum h.Counts) (1_000_000L, 1e6) "all are counted"
            // Of the standard normal distribution: -1.6449, -0.6745, 0; four standard errors of 65,536 numbers around.
            for own, normal, margin in
                List.zip3 [ 1; 2; 3; 4; 5 ] [ -1.6449; -0.6745; 0.0; 0.6745; 1.6449 ] [
                    0.034
                    0.022
                    0.02
                    0.022
                    0.034
                ] do
                Expect.isLessThan (abs (h.Quantiles[own] - normal)) margin "quantile"
        }

        test "every number is in one bin" {
            let h = Histogram.OfTensor(Random.normal (Key.create 1L) DType.Float32 [ 50; 40 ])
            Expect.equal (Array.sum h.Counts) 2000.0 "in bins"
            Expect.equal h.Edges.Length (h.Counts.Length + 1) "edges"
            Expect.equal (h.Edges[0], Array.last h.Edges) (h.Min, h.Max) "from the least to the greatest"
            let middle = Array.sum h.Counts[h.Counts.Length / 4 .. 3 * h.Counts.Length / 4]
            Expect.isGreaterThan middle 1400.0 "most in the middle"
        }

        test "NaN and infinities are counted apart" {
            let h = Histogram.OfTensor(tensor [ nan; 1.0; infinity; 3.0; -infinity ])
            Expect.equal (h.Count, h.NonFinite, h.Min, h.Max) (2L, 3L, 1.0, 3.0) "of the two others"
        }

        test "nothing finite, nothing at all, and one number alone" {
            let none = Histogram.OfTensor(tensor [ nan; nan ])
            Expect.equal (none.Count, none.NonFinite, none.Counts.Length) (0L, 2L, 0) "NaN"
            let empty = Histogram.OfTensor(Tensor.zeros DType.Float32 [ 0; 3 ])
            Expect.equal (empty.Count, empty.NonFinite) (0L, 0L) "empty"
            let one = Histogram.OfTensor(tensor 7)
            Expect.equal (one.Counts, one.Edges) ([| 1.0 |], [| 7.0; 7.0 |]) "one"
        }

        test "a spread wider than the largest number" {
            let h = Histogram.OfTensor(tensor [ -1.7e308; 0.0; 1.7e308 ])
            Expect.equal (Array.sum h.Counts) 3.0 "in bins"
            Expect.all h.Edges System.Double.IsFinite "edges"
        }
    ]
