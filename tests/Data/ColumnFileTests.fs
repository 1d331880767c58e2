module Cotangent.Data.Tests.ColumnFileTests

open System
open System.IO
open System.Text
open Expecto
open Cotangent
open Cotangent.Data.Tests.Raises

/// What `make-tables.mjs` puts into every table: two groups of three rows.
let private check (read: string list -> Table) (stream: string list -> DataStream<Table>) =
    let whole = [ "i8"; "i16"; "i32"; "i64"; "u8"; "u16"; "u32"; "u64" ]
    let table = read ([ "f32"; "f64"; "flag"; "text" ] @ whole)
    let both (group: 'a list) (next: 'a list) = tensor (group @ next)
    Expect.equal table.Count 6 "rows"
    Expect.equal (table.Numbers "f32") (both [ 0.5f; 1.5f; 2.5f ] [ 100.5f; 101.5f; 102.5f ]) "Float32"
    Expect.equal (table.Numbers "f64") (both [ 0.0; nan; 1e300 ] [ 100.0 / 3.0; nan; 1e300 ]) "Float64"
    Expect.equal (table.Numbers "i32") (both [ 0; -2; Int32.MaxValue ] [ 100; -2; Int32.MaxValue ]) "Int32"

    Expect.equal
        (table.Numbers "i64")
        (both [ 0L; -9007199254740993L; 3L ] [ 100L; -9007199254740993L; 3L ])
        "Int64"

    let twice (group: 'a list) = both group group
    Expect.equal (table.Numbers "i8") (twice [ -128y; 0y; 127y ]) "Int8"
    Expect.equal (table.Numbers "i16") (twice [ -32768s; 0s; 32767s ]) "Int16"
    Expect.equal (table.Numbers "u8") (twice [ 0uy; 128uy; 255uy ]) "UInt8"
    Expect.equal (table.Numbers "u16") (twice [ 0us; 7us; 65535us ]) "UInt16"
    Expect.equal (table.Numbers "u32") (twice [ 0u; 7u; UInt32.MaxValue ]) "UInt32"
    Expect.equal (table.Numbers "u64") (twice [ 0UL; 7UL; UInt64.MaxValue ]) "UInt64"
    Expect.equal (table.Numbers "flag") (both [ true; false; true ] [ true; false; true ]) "truth values"
    Expect.equal (table.Texts "text") [| "ä"; ""; "c\nd"; "ä"; ""; "c\nd" |] "texts"
    Expect.equal (table.Numbers [ "f32"; "f32" ]).Shape [| 6; 2 |] "side by side"
    let groups = List.ofSeq (stream [ "i32" ])
    Expect.equal [ for group in groups -> group.Count ] [ 3; 3 ] "groups"
    Expect.equal (groups[1].Numbers "i32") (tensor [ 100; -2; Int32.MaxValue ]) "the second"

    raises<FileException, _>
        "no column 'f33'. Did you mean 'f32'?"
        (fun () -> read [ "f33" ])
        "no such column"

    raises<FileException, _>
        "column 'gap', row 2: the number is missing"
        (fun () -> read [ "gap" ])
        "a missing integer"

    raises<ValueException, _> "is read as texts" (fun () -> table.Numbers "text") "a text as a number"

let private others (read: string -> unit) (whole: string) =
    use folder = new Fixture.Folder()

    for content, says in ("a,b\n1,2\n", "not a") :: Fixture.others do
        let path = folder.Write("other", Encoding.Latin1.GetBytes content)
        let says = if says = "not a" then "" else says
        raises<FileException, _> says (fun () -> read path) says

    let bytes = File.ReadAllBytes whole

    for length in [ 20; bytes.Length / 2; bytes.Length - 10 ] do
        raises<FileException, _>
            "damaged"
            (fun () -> read (folder.Write("cut", bytes[.. length - 1])))
            "cut short"

[<Tests>]
let columns =
    testList "Parquet, Arrow" [
        test "Parquet, as arrow-rs wrote it" {
            for name in [ "snappy.parquet"; "zstd.parquet" ] do
                let path = Fixture.file name

                check (fun columns -> ParquetFile.read columns path) (fun columns ->
                    ParquetFile.stream columns path)

                Expect.contains (ParquetFile.names path) "i64" "names"

            others (fun path -> ParquetFile.read [ "i32" ] path |> ignore) (Fixture.file "snappy.parquet")
        }
        test "Arrow, as apache-arrow wrote it, files and streams" {
            for name in [ "table.arrow"; "table.arrows" ] do
                let path = Fixture.file name

                check (fun columns -> ArrowFile.read columns path) (fun columns ->
                    ArrowFile.stream columns path)

                Expect.contains (ArrowFile.names path) "i64" "names"

                raises<DTypeException, _> "column 'date'" (fun () -> ArrowFile.read [ "date" ] path) "a date"

            let kinds = ArrowFile.read [ "kind" ] (Fixture.file "dictionary.arrow")
            Expect.equal (kinds.Texts "kind") [| "a"; "b"; "a" |] "texts by dictionary"
            others (fun path -> ArrowFile.read [ "i32" ] path |> ignore) (Fixture.file "table.arrow")
        }
    ]

[<Tests>]
let hdf5 =
    testList "HDF5" [
        test "arrays, as h5py wrote them" {
            let path = Fixture.file "arrays.h5"
            let read name = Hdf5.read name path
            let images = Tensor.ofArray [ 4; 3; 2 ] [| for i in 0..23 -> float32 i / 8.0f |]
            Expect.equal (read "images") images "Float32"
            Expect.equal (read "labels") (tensor [ 3L; 1L; 4L; 1L ]) "Int64"
            Expect.equal (read "bytes") (tensor [ [ 0uy; 255uy ] ]) "bytes"
            let whole kind = read $"whole/{kind}"
            Expect.equal (whole "i1") (tensor [ SByte.MinValue; SByte.MaxValue ]) "Int8"
            Expect.equal (whole "i2") (tensor [ Int16.MinValue; Int16.MaxValue ]) "Int16"
            Expect.equal (whole "i4") (tensor [ Int32.MinValue; Int32.MaxValue ]) "Int32"
            Expect.equal (whole "i8") (tensor [ Int64.MinValue; Int64.MaxValue ]) "Int64"
            Expect.equal (whole "u2") (tensor [ 0us; UInt16.MaxValue ]) "UInt16"
            Expect.equal (whole "u4") (tensor [ 0u; UInt32.MaxValue ]) "UInt32"
            Expect.equal (whole "u8") (tensor [ 0UL; UInt64.MaxValue ]) "UInt64"
            Expect.equal (read "half") (tensor [ Half.op_Explicit 1.5; Half.MaxValue ]) "Float16"
            let x = Tensor.ofArray [ 20; 2 ] [| for i in 0..39 -> float i |]
            Expect.equal (read "train/x") x "in pieces, compressed"
            Expect.equal (read "train/scalar") (tensor 2.5) "a scalar"
            Expect.equal (stack 0 (Hdf5.dataset "images" path)) images "entry by entry"
            Expect.equal (stack 0 (Hdf5.dataset "train/x" path)) x "compressed, entry by entry"

            Expect.equal
                (set (Hdf5.names path))
                (set [
                    yield! [ "images"; "labels"; "bytes"; "half"; "truth" ]
                    yield! [ "train/x"; "train/scalar"; "train/names" ]
                    for kind in [ "i1"; "i2"; "i4"; "i8"; "u2"; "u4"; "u8" ] -> $"whole/{kind}"
                ])
                "names"
        }
        test "asked for by several threads" {
            let rows = Hdf5.dataset "train/x" (Fixture.file "arrays.h5") |> Dataset.repeat 20
            let loader = rows |> Loader.createWith { Loader.defaults with Workers = 4; Ahead = 8 }
            Expect.equal (List.ofSeq (loader.Epoch 0)) (List.ofSeq rows) "the same"
        }
        test "what is wrong is said" {
            let path = Fixture.file "arrays.h5"

            raises<FileException, _>
                "no array 'image'. Did you mean 'images'?"
                (fun () -> Hdf5.read "image" path)
                "name"

            raises<DTypeException, _> "train/names" (fun () -> Hdf5.read "train/names" path) "texts"
            raises<FileException, _> "a group called 'train'" (fun () -> Hdf5.read "train" path) "a group"
            raises<FileException, _> "a scalar" (fun () -> Hdf5.dataset "train/scalar" path) "a scalar"
            use folder = new Fixture.Folder()

            for content, says in Fixture.others do
                let other = folder.Write("other", Encoding.Latin1.GetBytes content)
                raises<FileException, _> says (fun () -> Hdf5.read "x" other) says

            let bytes = File.ReadAllBytes path

            raises<FileException, _>
                ""
                (fun () -> Hdf5.read "images" (folder.Write("cut", bytes[..99])))
                "cut short"
        }
    ]

[<Tests>]
let wav =
    testList "WAV" [
        test "8, 16 and 24 bits, as Python wrote them" {
            let stereo = Wav.read (Fixture.file "stereo16.wav")
            Expect.equal stereo.Rate 8000 "rate"

            let expected =
                tensor [ [ 0.0f; -1.0f; 1.0f / 32768.0f ]; [ 32767.0f / 32768.0f; 0.5f; -1.0f / 32768.0f ] ]

            Expect.equal stereo.Samples expected "16 bits, two channels"
            let mono = Wav.read (Fixture.file "mono8.wav")
            Expect.equal mono.Samples (tensor [ [ -1.0f; 0.0f; 127.0f / 128.0f; 0.5f ] ]) "8 bits"
            let wide = Wav.read (Fixture.file "mono24.wav")
            Expect.equal wide.Samples (tensor [ [ 8388607.0f / 8388608.0f; -1.0f; 0.5f ] ]) "24 bits"
        }
        test "files that are something else, or damaged" {
            use folder = new Fixture.Folder()

            for content, says in Fixture.others do
                let path = folder.Write("other", Encoding.Latin1.GetBytes content)
                raises<FileException, _> says (fun () -> Wav.read path) says

            let bytes = File.ReadAllBytes(Fixture.file "stereo16.wav")

            for length in [ 10; 30; bytes.Length - 4 ] do
                raises<FileException, _>
                    ""
                    (fun () -> Wav.read (folder.Write("cut", bytes[.. length - 1])))
                    "cut short"
        }
    ]
