/// Images changed at random: each is one of the few that it may become, and all of these come up.
module Samples.Tests.AugmentTests

open Cotangent
open Expecto
open Models

let private n, height, width = 300, 3, 4

/// Two channels, no number twice.
let private images =
    (Tensor.arange DType.Float32 (n * 2 * height * width)).Reshape [ n; 2; height; width ] + 1.0

/// An image (channels, height, width) as it is looked at pixel by pixel.
let private seen (source: int -> int -> int * int) (image: float32[,,]) =
    Array3D.init 2 height width (fun c y x ->
        let y, x = source y x
        if y < 0 || y >= height || x < 0 || x >= width then 0.0f else image[c, y, x])

/// Which of the ways to look gives what became of each image.
let private found (changed: Tensor) ways = [
    for i in 0 .. n - 1 ->
        let before, after = images[i].ToData<float32[,,]>(), changed[i].ToData<float32[,,]>()
        ways |> List.filter (fun (_, source) -> seen source before = after) |> List.map fst
]

[<Tests>]
let tests =
    testList "Augment" [
        for name, transform in [ "eager", id; "compiled", compile ] do
            test $"flips, {name}" {
                let changed = transform (fun key -> Augment.flips key images) (Key.create 1L)
                let ways = [ "as it was", (fun y x -> y, x); "turned", (fun y x -> y, width - 1 - x) ]
                let found = found changed ways
                Expect.all found (fun ways -> ways.Length = 1) "each is turned or not"
                let turned = found |> List.filter ((=) [ "turned" ]) |> List.length
                // Five standard deviations from the half.
                Expect.isTrue (abs (turned - n / 2) < 44) $"{turned} of {n} are turned"
            }

            test $"shifts, {name}" {
                let changed = transform (fun key -> Augment.shifts 1 key images) (Key.create 1L)

                let ways = [
                    for dy in -1 .. 1 do
                        for dx in -1 .. 1 -> (dy, dx), (fun y x -> y + dy, x + dx)
                ]

                let found = found changed ways
                Expect.all found (fun ways -> ways.Length = 1) "each is moved by -1, 0 or 1 along both axes"
                let counts = found |> List.countBy id
                Expect.equal counts.Length 9 "all ways come up"
                // 33 are expected of each, with a standard deviation of 5.4.
                Expect.all counts (fun (_, count) -> count > 6 && count < 61) $"how often: %A{counts}"
            }
    ]
