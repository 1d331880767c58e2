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
