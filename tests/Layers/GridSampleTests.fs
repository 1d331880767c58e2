/// Numbers at any places: against resizing, and plain loops.
module Cotangent.Tests.GridSampleTests

open System
open Cotangent
open Cotangent.Tests.Support
open Expecto

let private image = Random.normal (Key.create 11L) DType.Float64 [ 2; 3; 5; 4 ]

/// Centres of so many cells along an axis, or its ends and what is between; coordinates from -1 to 1.
let private centres alignCorners n =
    if alignCorners then
        Tensor.linspace DType.Float64 -1.0 1.0 n
    else
        (2.0 * Tensor.arange DType.Float64 n + 1.0) / float n - 1.0

let private gridOf alignCorners height width =
    let grid = Tensor.meshgrid [ centres alignCorners height; centres alignCorners width ]
    (stack -1 [ grid[1]; grid[0] ]).Expand [ 2; height; width; 2 ]

/// Bilinear, by a loop over corners; what stands beyond is found by `beyond`, if anything.
let private plain (beyond: int -> int -> int option) alignCorners (x: Tensor) (grid: Tensor) =
    let from, at = reader x, reader grid

    let place n g =
        if alignCorners then
            (g + 1.0) / 2.0 * float (n - 1)
        else
            ((g + 1.0) * float n - 1.0) / 2.0

    build DType.Float64 [ x.Shape[0]; x.Shape[1]; grid.Shape[1]; grid.Shape[2] ] (fun cell ->
        let where axis = place x.Shape[3 - axis] (at [ cell[0]; cell[2]; cell[3]; axis ])
        let px, py = where 0, where 1

        List.sum [
            for dy in 0..1 do
                for dx in 0..1 do
                    let i, j = int (floor py) + dy, int (floor px) + dx
                    let weight = (1.0 - abs (py - float i)) * (1.0 - abs (px - float j))

                    match beyond x.Shape[2] i, beyond x.Shape[3] j with
                    | Some i, Some j -> weight * from [ cell[0]; cell[1]; i; j ]
                    | _ -> 0.0
        ])

let rec private mirrored repeated n i =
    if i >= 0 && i < n then i
    elif i < 0 then mirrored repeated n (if repeated then -1 - i else -i)
    else mirrored repeated n (if repeated then 2 * n - 1 - i else 2 * (n - 1) - i)

let private paddings = [
    PaddingMode.Zeros, (fun n i -> if i >= 0 && i < n then Some i else None)
    PaddingMode.Replicate, (fun n i -> Some(min (n - 1) (max 0 i)))
    PaddingMode.Reflect, (fun n i -> Some(mirrored false n i))
    PaddingMode.Symmetric, (fun n i -> Some(mirrored true n i))
    PaddingMode.Circular, (fun n i -> Some(((i % n) + n) % n))
]

let private sampling =
    testList "grid sampling" [
        for alignCorners in [ false; true ] do
            for mode in [ Interpolation.Linear; Interpolation.Cubic ] do
                testCase $"at the cells of another size it is resizing: %A{mode}, {alignCorners}"
                <| fun () ->
                    let grid = gridOf alignCorners 7 9
                    let sampled = image.GridSample(grid, mode, PaddingMode.Replicate, alignCorners)
                    let resized = image.Resize([ 7; 9 ], mode, alignCorners)
                    close 1e-12 (numbers resized) sampled

            for padding, beyond in paddings do
                testCase $"far beyond the ends: %A{padding}, {alignCorners}"
                <| fun () ->
                    let grid = Random.uniform (Key.create 2L) DType.Float64 [ 2; 6; 7; 2 ] * 9.0 - 4.5
                    let expected = plain beyond alignCorners image grid

                    let f (image: Tensor, grid) =
                        image.GridSample(grid, padding = padding, alignCorners = alignCorners)

                    close 1e-12 (numbers expected) (f (image, grid))
                    close 1e-12 (numbers expected) (compile f (image, grid))
                    let both (t: Tensor) = stack 0 [ t; t ]
                    close 1e-12 (numbers (both expected)) (vmap f (both image, both grid))
        testCase "at its own cells it is the image, nearest too; one axis and three"
        <| fun () ->
            for mode in [ Interpolation.Nearest; Interpolation.Linear; Interpolation.Cubic ] do
                close 1e-14 (numbers image) (image.GridSample(gridOf false 5 4, mode))

            let line = tensor [ [ [ 10.0; 20.0; 40.0 ] ] ]

            equals
                [ [ [ 10.0; 40.0; 0.0 ] ] ]
                (line.GridSample((tensor [ -0.7; 0.6; 3.0 ]).Reshape [ 1; 3; 1 ], Interpolation.Nearest))

            let cube = counting DType.Float64 [ 1; 1; 2; 2; 2 ]
            let middle = Tensor.zeros DType.Float64 [ 1; 1; 1; 1; 3 ]
            equals [ [ [ [ [ 3.5 ] ] ] ] ] (cube.GridSample middle)
            // The last axis first: x is 1, others 0.
            equals
                [ [ [ [ [ 4.0 ] ] ] ] ]
                (cube.GridSample(tensor [ [ [ [ [ 1.0; 0.0; 0.0 ] ] ] ] ], alignCorners = true))
        testCase "halves"
        <| fun () ->
            let x = (tensor [ [ [ 10.0; 20.0; 40.0 ] ] ]).Convert DType.Float16
            let at = ((tensor [ -1.0; 0.5 ]).Reshape [ 1; 2; 1 ]).Convert DType.Float16
            equalsAs DType.Float16 [ [ [ 10.0; 30.0 ] ] ] (x.GridSample(at, alignCorners = true))
        testCase "refused"
        <| fun () ->
            throws<ShapeException, _> [ "gridSample"; "(2, 3, 5, 4)"; "(2, 6, 7, 3)" ] (fun () ->
                image.GridSample(Tensor.zeros DType.Float64 [ 2; 6; 7; 3 ]))

            throws<ShapeException, _> [ "gridSample" ] (fun () ->
                image.GridSample(Tensor.zeros DType.Float64 [ 1; 6; 7; 2 ]))

            throws<DTypeException, _> [ "gridSample"; "Float32" ] (fun () ->
                image.GridSample(Tensor.zeros DType.Float32 [ 2; 6; 7; 2 ]))
    ]

[<Tests>]
let all = testList "GridSample" [ sampling ]
