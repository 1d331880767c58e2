/// Memory of more than 2³¹ bytes: offsets in bytes are larger than an Int32. The arrays are never written but in a few places, so
/// that the system gives no memory for the rest.
module Cotangent.Tests.LargeOffsetTests

open System
open Expecto
open Cotangent
open Cotangent.Compiler
open Cotangent.Tests.Support

/// A vector of 2.4 GB, of which some elements are set.
let private sparse dtype (elements: (int * 'T) list) : Tensor =
    let data = GC.AllocateUninitializedArray<'T> 300_000_000

    for i, value in elements do
        data[i] <- value

    Value(HostBuffer.own dtype [| data.Length |] data)

/// Its slices along axis 0.
let private rows (t: Tensor) = t.Reshape [ 300; 1_000_000 ]

let private arithmetic =
    testList "bytes" [
        test "of elements" {
            Expect.equal (Bytes.ofElements DType.Float64 300_000_000) 2_400_000_000n "8 bytes each"
            Expect.equal (Bytes.ofElements DType.Int64 2_147_483_591) 17_179_868_728n "the most there can be"
            Expect.equal (Bytes.ofElements DType.Bool 7) 7n "1 byte each"
        }
        test "of slices, forwards and backwards" {
            Expect.equal (Bytes.ofSlice DType.Float64 5 299 1_000_000) (8n * 299_000_005n) "of 8 bytes"
            Expect.equal (Bytes.ofSlice DType.Float32 2_147_000_000 3 -1000) (4n * 2_146_997_000n) "downwards"
        }
    ]

let private programs =
    testSequenced
    <| testList "programs" [
        test "slices of a scan" {
            let xs = rows (sparse DType.Float64 [ 0, 1.0; 150_000_000, 2.0; 299_000_000, 4.0 ])
            let first (x: Tensor) = x[0]
            let round (c: Tensor) (x: Tensor) = c + first x, first x
            let last, each = compile (fun xs -> scan round (tensor 0.0) xs) xs
            equals 7.0 last
            equals [ 1.0; 2.0; 4.0 ] each[[| 0; 150; 299 |] |> tensor]
        }
        test "an argument that begins far inside its array" {
            let x = sparse DType.Float64 [ 299_999_998, 3.0; 299_999_999, 5.0 ]
            equals [ 6.0; 10.0 ] (compile (fun (x: Tensor) -> x * 2.0) x[299_999_998..])
        }
        test "a key that lies there" {
            let keys = sparse DType.Int64 [ 299_999_999, 42L ]
            let draw (keys: Tensor) = Random.uniform { Data = keys[299_999_999] } DType.Float32 [ 4 ]
            equals (Random.uniform (Key.create 42L) DType.Float32 [ 4 ]) (compile draw keys)
        }
    ]

let private positions =
    testList "positions" [
        test "of several axes are added as whole numbers" {
            // Half of the sums lie between two numbers of Float32.
            let f () = (Tensor.arange DType.Float32 16_856_000).Reshape([ 5600; 3010 ])[5590.., ..9]
            equals (f ()) (compile (fun () -> f () + 0.0f) ())
        }
    ]

[<Tests>]
let tests = testList "large offsets" [ arithmetic; programs; positions ]
