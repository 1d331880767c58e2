/// What is the same in all lanes is computed in short vectors, and nothing else is.
module Cotangent.Tests.UniformTests

open Cotangent
open Cotangent.Compiler
open Cotangent.Compiler.Emission
open Expecto

let private load strides = Instruction.Load(DType.Float32, { Slot = 0; Offset = 0; Strides = strides })

/// The bits of roots, and whether rows are packed, at a width.
let private roots (width: Width) (kernel: LoopNest) =
    let body = LaneCode.body width.Bits kernel
    let schedule = NestSchedule.make width kernel body
    let struct (short, _) = Uniform.shorten width body schedule

    schedule.Packs,
    [
        for n in short.Nodes do
            if n.Op = Op.Sqrt then n.Bits
    ]

/// A root of the sum of each row.
let private norms rows : LoopNest = {
    Axes = [| rows; 64 |]
    Reduced = 1
    Body = [| load [| 64; 1 |]; Instruction.Reduce(Reduction.Sum, 0); Instruction.Unary(Unary.Sqrt, 1) |]
    Stores = [| { Slot = 1; Offset = 0; Strides = [| 1; 0 |] }, 2 |]
}

/// The same, and a number that is the same for all rows.
let private normsAndOne rows : LoopNest = {
    norms rows with
        Body = Array.append (norms rows).Body [| load [| 0; 0 |]; Instruction.Unary(Unary.Exp, 3) |]
        Stores = [|
            { Slot = 1; Offset = 0; Strides = [| 1; 0 |] }, 2
            { Slot = 2; Offset = 0; Strides = [| 1; 0 |] }, 4
        |]
}

let private each stride : LoopNest = {
    Axes = [| 64 |]
    Reduced = 0
    Body = [| load [| stride |]; Instruction.Unary(Unary.Sqrt, 0) |]
    Stores = [| { Slot = 1; Offset = 0; Strides = [| 1 |] }, 1 |]
}

let private wide = [ 256; 512 ] |> List.map Width.OfBits

[<Tests>]
let tests =
    testList "Uniform" [
        test "the root of one sum is short" {
            for width in wide do
                Expect.equal (roots width (norms 1)) (false, [ 128 ]) $"{width.Bits} bits"
        }
        test "roots of rows whose sums are packed into lanes are long" {
            for width in wide do
                if width.HasPacks then
                    for rows in [ 2; 4; 8; 50 ] do
                        Expect.equal
                            (roots width (norms rows))
                            (true, [ width.Bits ])
                            $"{width.Bits} bits, {rows} rows"
        }
        test "what is stored for packed rows is long, even where it is the same for all of them" {
            for width in wide do
                if width.HasPacks then
                    let body = LaneCode.body width.Bits (normsAndOne 8)
                    let schedule = NestSchedule.make width (normsAndOne 8) body
                    let struct (short, _) = Uniform.shorten width body schedule
                    Expect.isTrue schedule.Packs "rows are packed"
                    let bits = short.Stored |> Array.map (fun i -> short.Nodes[i].Bits)
                    Expect.equal bits [| width.Bits; width.Bits |] $"{width.Bits} bits"
        }
        test "the root of a number that repeats is short, that of each of many is long" {
            for width in wide do
                Expect.equal (roots width (each 0)) (false, [ 128 ]) $"{width.Bits} bits, one"
                Expect.equal (roots width (each 1)) (false, [ width.Bits ]) $"{width.Bits} bits, many"
        }
        test "vectors of 128 bits are as short as can be" {
            Expect.equal (snd (roots (Width.OfBits 128) (norms 1))) [ 128 ] "no change"
        }
    ]
