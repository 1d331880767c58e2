/// The memory of constants of emitted code: what is full stays full.
module Cotangent.Tests.ConstantPoolTests

open Expecto
open FSharp.NativeInterop
open Cotangent.Compiler.Emission

let private at (pool: ConstantPool) (place: int) (i: int) =
    NativePtr.get (NativePtr.ofNativeInt<int64>(pool.Start + nativeint place)) i

[<Tests>]
let tests =
    testList "constant pool" [
        test "equal constants of one kind have one place" {
            let pool = ConstantPool 640
            let first = pool.Place(0, 5L, fun i -> 5L + int64 i)
            Expect.equal (pool.Place(0, 5L, fun _ -> 0L)) first "again"
            Expect.notEqual (pool.Place(1, 5L, fun _ -> 7L)) first "of another kind"
            Expect.equal [ for i in 0..7 -> at pool first i ] [ 5L .. 12L ] "the numbers"
            Expect.equal pool.Used 128 "bytes"
        }
        test "a full pool takes nothing more, however often it is asked" {
            let pool = ConstantPool 128
            Expect.equal (pool.Place(0, 1L, fun _ -> 1L)) 0 "the first"
            Expect.equal (pool.Place(0, 2L, fun _ -> 2L)) 64 "the second"

            for key in 3L .. 10_000L do
                Expect.equal (pool.Place(int (key % 3L), key, fun _ -> key)) -1 "no room"

            Expect.equal pool.Used 128 "bytes: a count that goes on comes round"
            Expect.equal (pool.Place(0, 2L, fun _ -> 9L)) 64 "what is there is found"
            Expect.equal (at pool 0 0, at pool 64 7) (1L, 2L) "and as it was"
        }
        test "threads that ask at the same time get places of their own" {
            let pool = ConstantPool 64_000

            let places =
                Array.Parallel.init 2000 (fun i -> pool.Place(i % 3, int64 (i / 2), fun _ -> int64 (i / 2)))

            let given = places |> Array.filter (fun p -> p >= 0)
            Expect.equal (Array.length (Array.distinct given)) 1000 "all there are"
            Expect.equal pool.Used 64_000 "bytes"

            for i in 0 .. places.Length - 1 do
                if places[i] >= 0 then Expect.equal (at pool places[i] 3) (int64 (i / 2)) "its constant"
        }
    ]
