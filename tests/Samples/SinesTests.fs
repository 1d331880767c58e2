module Samples.Tests.SinesTests

open System
open Expecto
open Cotangent
open Samples

let private rows (t: Tensor) = t.ToData<float32[][]>() |> Array.map (Array.map float)

/// 2 E|g-r| - E|g-g'| - E|r-r'| of numbers, by its other definition: twice the area between the squared distribution
/// functions.
let private energyOfNumbers (g: float[]) (r: float[]) =
    let ends = Array.sort (Array.append g r)

    let below (x: float) (numbers: float[]) =
        float (Array.filter (fun n -> n <= x) numbers |> Array.length) / float numbers.Length

    Array.pairwise ends
    |> Array.sumBy (fun (low, high) -> 2.0 * (high - low) * (below low g - below low r) ** 2.0)

[<Tests>]
let tests =
    testList "Sines" [
        test "A member of a family stays in its ranges" {
            let family = { Sines.article with Length = 50 }

            for signal in rows (Sines.sample family 20 (Key.create 3L)) do
                // a sin(p + f i) obeys s(i-1) + s(i+1) = 2 cos f · s(i).
                let i = [| 1..48 |] |> Array.maxBy (fun i -> abs signal[i])
                let frequency = acos ((signal[i - 1] + signal[i + 1]) / (2.0 * signal[i]))
                Expect.isTrue (frequency > 1.199 && frequency < 1.301) $"a frequency of {frequency}"
                Expect.isTrue (Array.forall (fun s -> abs s <= 0.8) signal) "an amplitude of 0.8 at most"
                Expect.isTrue (signal[0] >= 0.0 && signal[0] <= 0.8 * sin 0.5) "a phase from 0 to 1/2"
        }

        test "The nearest member of a member is the member" {
            for family in [ Sines.article; Sines.wide ] do
                for signal in rows (Sines.sample family 50 (Key.create 4L)) do
                    // Five rounds of the search end on cells of a millionth of the ranges.
                    Expect.isLessThan (Quality.distance family signal) 1e-3 "the distance"
        }

        test "The distance to the family is the least over members drawn by the thousand" {
            let members = rows (Sines.sample Sines.article 20000 (Key.create 5L))

            for signal in rows (Random.normal (Key.create 6L) DType.Float32 [ 5; 10 ]) do
                let distanceTo (m: float[]) =
                    sqrt (Array.fold2 (fun sum a b -> sum + (a - b) ** 2.0) 0.0 signal m / 10.0)

                let drawn = members |> Array.map distanceTo |> Array.min
                let found = Quality.distance Sines.article signal
                Expect.isLessThanOrEqual found (drawn + 1e-9) "the search finds what the draws find"
                Expect.isGreaterThan found (drawn - 0.01) "and the draws come near to it"
        }

        test "The energy distance of numbers is the area between their distributions" {
            let g = Random.normal (Key.create 7L) DType.Float32 [ 40; 1 ]
            let r = Random.uniform (Key.create 8L) DType.Float32 [ 30; 1 ]
            let expected = energyOfNumbers (Array.concat (rows g)) (Array.concat (rows r))
            Expect.floatClose Accuracy.high (Quality.energyDistance g r) expected "the energy distance"
        }

        test "Members of the family measure as perfect" {
            let quality =
                Quality.measure
                    Sines.article
                    (Sines.sample Sines.article 500 (Key.create 9L))
                    (Key.create 10L)

            Expect.equal quality.Precision 1.0 "the precision"
            Expect.isGreaterThan quality.Coverage 0.99 "the coverage"

            Expect.isTrue
                (abs quality.EnergyDistance < 0.01)
                $"an energy distance of {quality.EnergyDistance}"
        }

        test "One signal for all is precise and covers little" {
            let one = Sines.sample Sines.wide 1 (Key.create 11L)

            let quality =
                Quality.measure Sines.wide (one * Tensor.ones DType.Float32 [ 200; 1 ]) (Key.create 12L)

            Expect.equal quality.Precision 1.0 "the precision"
            Expect.isLessThan quality.Coverage 0.1 "the coverage"
            Expect.isGreaterThan quality.EnergyDistance 0.5 "the energy distance"
        }

        test "Signals of another length are an error that says so" {
            let message =
                try
                    Quality.measure Sines.article (Tensor.zeros DType.Float32 [ 3; 9 ]) (Key.create 0L)
                    |> ignore

                    ""
                with :? ShapeException as e ->
                    e.Message

            Expect.stringContains message "(count, 10)" "what is wanted"
            Expect.stringContains message "(3, 9)" "what came"
        }
    ]
