/// What several test files use: the fixtures, which Pillow made (`Fixtures/make.py`), and comparisons.
module Cotangent.Images.Tests.Support

open System
open System.IO
open Expecto
open Cotangent
open Cotangent.Images

let fixture (name: string) = Path.Combine(AppContext.BaseDirectory, "Fixtures", name)

/// The picture of which all in `made` are made: 29 × 37, of three channels; the same with alpha, and in grey.
let source = Image.load (fixture "source.png")
let sourceAlpha = Image.load (fixture "source-alpha.png")
let sourceGray = Image.load (fixture "source-gray.png")

/// What Pillow, or the formula in `make.py`, made.
let made (name: string) = Image.load (fixture $"made/{name}.png")

/// The largest difference between two bytes at the same place.
let distance (a: Image) (b: Image) =
    Expect.equal (string a) (string b) "sizes"
    Array.fold2 (fun most (x: byte) (y: byte) -> max most (abs (int x - int y))) 0 a.Bytes b.Bytes

/// At most so many levels apart, everywhere.
let expectWithin (levels: int) (actual: Image) (expected: Image) =
    let apart = distance actual expected
    Expect.isLessThanOrEqual apart levels $"{apart} levels apart"

/// The message of the error that a function raises, which must be of the type.
let messageOf<'e, 'a when 'e :> exn> (f: unit -> 'a) : string =
    try
        f () |> ignore
        failtest $"no {typeof<'e>.Name}"
    with :? 'e as e ->
        e.Message

let throws<'e, 'a when 'e :> exn> (f: unit -> 'a) (fragment: string) =
    let message = messageOf<'e, 'a> f
    // Names are spelled as in C# once its facade is loaded, which a test here does.
    Expect.isTrue
        (message.Contains(fragment, StringComparison.OrdinalIgnoreCase))
        $"'{fragment}' in '{message}'"

/// A folder of the test's own.
let inFolder (use': string -> unit) =
    let folder = Directory.CreateTempSubdirectory("cotangent-images-").FullName

    try
        use' folder
    finally
        Directory.Delete(folder, true)

/// A picture without structure.
let noise (seed: int) height width channels =
    let bytes = Array.zeroCreate<byte>(height * width * channels)
    Random(seed).NextBytes bytes
    Image.create height width channels bytes

/// How much longer random tests run than usual.
let effort =
    match Environment.GetEnvironmentVariable "COTANGENT_TEST_EFFORT" with
    | null
    | "" -> 1
    | text -> int text

/// So many keys, each another.
let keys count = [ for i in 0 .. count - 1 -> Key.fold (int64 i) (Key.create 3L) ]

/// How many of so many trials, of probability p, five standard deviations hold.
let expectShare p (count: int) (total: int) =
    let mean = p * float total
    let bound = 5.0 * sqrt (mean * (1.0 - p))
    Expect.isLessThan (abs (float count - mean)) bound $"{count} of {total}"

/// A picture whose pixels tell where they stand: 100 × 200, red the row, green the column.
let map =
    Image.create 100 200 3 [|
        for y in 0..99 do
            for x in 0..199 do
                yield! [ byte y; byte x; 255uy ]
    |]

/// Equal shapes, and numbers no further apart.
let expectNear (tolerance: float) (actual: Tensor) (expected: Tensor) =
    Expect.equal actual.Shape expected.Shape "shape"
    let apart = float ((abs (actual.Convert DType.Float64 - expected.Convert DType.Float64)).Max())
    Expect.isLessThanOrEqual apart tolerance $"{apart} apart"
