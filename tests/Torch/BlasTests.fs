/// Matrix products by the native library against those in managed code.
module Cotangent.Torch.Tests.BlasTests

open Expecto
open FsCheck
open FsCheck.FSharp
open Cotangent
open Cotangent.Engines
open Cotangent.Tests.Dice

/// Sizes around and above those from which on the library is asked, and how each operand lies in memory.
type private Case = {
    Seed: int
    DType: DType
    Rows: int
    Inner: int
    Columns: int
    Transposed: bool * bool
    Batch: int list
}

let private cases = gen {
    let! seed = Gen.choose (0, 1_000_000)
    let! dtype = Gen.elements [ DType.Float32; DType.Float64 ]
    let! m, k, n = Gen.three (Gen.choose (90, 190))
    let! thin = Gen.frequency [ 4, Gen.constant 1; 1, Gen.choose (2, 60) ]
    let! transposed = Gen.two (Gen.elements [ true; false ])
    let! batch = Gen.frequency [ 3, Gen.constant []; 1, Gen.constant [ 2 ] ]

    return {
        Seed = seed
        DType = dtype
        Rows = m / thin
        Inner = k
        Columns = n
        Transposed = transposed
        Batch = batch
    }
}

let private operand (dice: Dice) case rows columns transposed =
    let draw = Seq.initInfinite (fun _ -> dice.Between -1.0 1.0)
    let shape = case.Batch @ (if transposed then [ columns; rows ] else [ rows; columns ])
    let count = List.fold (*) 1 shape
    let x = (tensor (Array.ofSeq (Seq.take count draw))).Convert(case.DType).Reshape shape
    if transposed then x.Transpose() else x

[<Tests>]
let tests =
    testList "Matrix products by libtorch" [
        testCase "The library has them" (fun () -> Expect.isTrue (Extension.blas ()).IsSome "BLAS")

        testPropertyWithConfig { FsCheckConfig.defaultConfig with maxTest = 60 } "As in managed code"
        <| Prop.forAll (Arb.fromGen cases) (fun case ->
            let dice = Dice case.Seed
            let a = operand dice case case.Rows case.Inner (fst case.Transposed)
            let b = operand dice case case.Inner case.Columns (snd case.Transposed)
            let managed = Extension.withCpuEngine CpuEngine.Managed (fun () -> matmul a b)
            let native = matmul a b
            let tolerance = if case.DType = DType.Float32 then 1e-4 else 1e-12
            float ((abs (managed - native)).Max()) <= tolerance)

        testCase "Some elements of a large product, by hand" (fun () ->
            // Row i holds i + j/1000: the products are those of sums of squares.
            let n = 300
            let a = tensor (Array2D.init n n (fun i j -> float i + float j / 1000.0))
            let c = matmul a (a.Transpose())

            for i, j in [ 0, 0; 17, 255; 299, 1; 150, 150 ] do
                let expected =
                    Seq.sum (
                        seq {
                            for k in 0 .. n - 1 ->
                                (float i + float k / 1000.0) * (float j + float k / 1000.0)
                        }
                    )

                Expect.floatClose Accuracy.high (float c[i, j]) expected $"element {i}, {j}")
    ]
