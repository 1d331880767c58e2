module Cotangent.Data.Tests.TextFileTests

open System
open System.Globalization
open System.IO
open System.IO.Compression
open System.Text
open System.Threading
open Expecto
open Cotangent
open Cotangent.Data.Tests.Raises

let private gzip (text: string) =
    use packed = new MemoryStream()

    using (new GZipStream(packed, CompressionLevel.Fastest)) (fun stream ->
        stream.Write(ReadOnlySpan(Encoding.UTF8.GetBytes text)))

    packed.ToArray()

/// Under a culture that writes 1.5 as 1,5 and separates by semicolons.
let private inGerman (f: unit -> unit) =
    let before = CultureInfo.CurrentCulture
    CultureInfo.CurrentCulture <- CultureInfo "de-DE"

    try
        Expect.equal (string (1.5.ToString())) "1,5" "a comma-decimal culture"
        f ()
    finally
        CultureInfo.CurrentCulture <- before

let private numbers = [ Column.Numbers("x", DType.Float64); Column.Numbers("n", DType.Int32) ]

[<Tests>]
let csv =
    testList "CSV" [
        test "columns of named types, under any culture" {
            use folder = new Fixture.Folder()
            let path = folder.Write("a.csv", "n,x,name\n1,1.5,a\n-2,1e-3,b\n3,-0.25,a\n")

            let check () =
                let table = Csv.read Csv.defaults (Column.Texts "name" :: numbers) path
                Expect.equal table.Count 3 "rows"
                Expect.equal (table.Numbers "x") (tensor [ 1.5; 1e-3; -0.25 ]) "numbers"
                Expect.equal (table.Numbers "n") (tensor [ 1; -2; 3 ]) "integers"
                Expect.equal (table.Texts "name") [| "a"; "b"; "a" |] "texts"
                let kinds = table.Categories "name"

                Expect.equal
                    (kinds.Codes, List.ofArray kinds.Names)
                    (tensor [ 0; 1; 0 ], [ "a"; "b" ])
                    "categories"

                for dtype in [ DType.Float32; DType.Float16; DType.BFloat16 ] do
                    let narrow = Csv.read Csv.defaults [ Column.Numbers("x", dtype) ] path
                    let expected = (tensor [ 1.5; 1e-3; -0.25 ]).Convert dtype
                    Expect.equal (narrow.Numbers "x") expected $"{dtype}"

                let row = Seq.item 2 (Csv.rows Csv.defaults path)
                Expect.equal (row.Float64 "x", row.Float32 "x", row.Int32 "n") (-0.25, -0.25f, 3) "a row"

            check ()
            inGerman check
        }
        test "a comma in a number is an error under any culture, with line and column" {
            use folder = new Fixture.Folder()
            let path = folder.Write("a.csv", "n;x\n1;1.5\n2;1,5\n")
            let options = { Csv.defaults with Delimiter = ';' }

            let check () =
                raises<FileException, _>
                    "line 3, column 'x': '1,5' is no Float64. Is it a comma before the decimals? Then set `DecimalComma` of `CsvOptions`."
                    (fun () -> Csv.read options numbers path)
                    "read"

                raises<FileException, _>
                    "line 3, column 'x': '1,5' is no number. Is it a comma before the decimals?"
                    (fun () -> (Csv.rows options path |> Seq.last).Float64 "x")
                    "row"

            check ()
            inGerman check
        }
        // What .NET itself writes under a culture with decimal commas.
        test "a comma before the decimals, where the options say so, under any culture" {
            use folder = new Fixture.Folder()
            let german = CultureInfo "de-DE"
            let expected = [ 1.5; -0.25; 1e-7; 12345.678; 3.0 ]
            let lines = [ for x in expected -> x.ToString german + ";1" ]
            Expect.equal lines[0] "1,5;1" "a comma-decimal culture"
            let path = folder.Write("a.csv", String.Join("\n", "x;n" :: lines))
            let options = { Csv.defaults with Delimiter = ';'; DecimalComma = true }

            let check () =
                Expect.equal ((Csv.read options numbers path).Numbers "x") (tensor expected) "Float64"

                for dtype in [ DType.Float32; DType.Float16; DType.BFloat16 ] do
                    let narrow = Csv.read options [ Column.Numbers("x", dtype) ] path
                    Expect.equal (narrow.Numbers "x") ((tensor expected).Convert dtype) $"{dtype}"

                let rows = List.ofSeq (Csv.rows options path)
                Expect.equal [ for row in rows -> row.Float64 "x" ] expected "rows"

                Expect.equal
                    [ for row in rows -> row.Float32 "x" ]
                    (List.map float32 expected)
                    "rows, Float32"

            check ()
            inGerman check

            for text in [ "1.5"; "1.234,5" ] do
                let path = folder.Write("b.csv", $"x;n\n{text};1\n")

                raises<FileException, _>
                    $"'{text}' is no Float64. With `DecimalComma` of `CsvOptions`, a comma stands before the decimals"
                    (fun () -> Csv.read options numbers path)
                    text
        }
        test "a cell that is no number has a way out" {
            use folder = new Fixture.Folder()

            for cell, dtype, says in
                [
                    "", DType.Float32, "name it in `Missing` of `CsvOptions`"
                    "", DType.Int32, "name it in `Missing` of `CsvOptions`"
                    "\"1,250\"", DType.Float32, "set `DecimalComma`"
                    "12.5", DType.Int32, "Read it as Float64."
                    "3000000000", DType.Int32, "Read it as Float64."
                    "cold", DType.Float64, "read it as texts"
                    "yes", DType.Bool, "Truth values are true, false, 1 and 0"
                ] do
                let path = folder.Write("a.csv", $"x,y\n{cell},1\n")
                let read () = Csv.read Csv.defaults [ Column.Numbers("x", dtype) ] path
                raises<FileException, _> says read cell
        }
        test "another delimiter is found in the first line" {
            use folder = new Fixture.Folder()

            for delimiter, says in [ ";", "';'"; "\t", "a tab"; "|", "'|'" ] do
                let says = $"The first line has {says} in it: is that the `Delimiter` of `CsvOptions`?"
                let read path () = Csv.read Csv.defaults [ Column.Numbers("x", DType.Float64) ] path
                let points = folder.Write("a.csv", $"x{delimiter}n\n1.5{delimiter}1\n")
                raises<FileException, _> says (read points) "no such column"
                let commas = folder.Write("b.csv", $"x{delimiter}n\n1,5{delimiter}1\n")
                raises<FileException, _> says (read commas) "other cells"
                raises<FileException, _> "has 2 cells in line 2, and 1 column." (read commas) "counted"
        }
        test "columns of a table that were not read, or do not fit beside each other" {
            use folder = new Fixture.Folder()
            let path = folder.Write("a.csv", "x,n,nn\n1.5,1,2\n")
            let table = Csv.read Csv.defaults numbers path

            raises<ValueException, _>
                "Numbers: column 'nn' of a.csv was not read. Did you mean 'n'? The columns that were read are 'x', 'n'."
                (fun () -> table.Numbers "nn")
                "not read"

            raises<DTypeException, _>
                "Numbers: column 'x' of a.csv is Float64, column 'n' Int32;"
                (fun () -> table.Numbers [ "x"; "n" ])
                "dtypes"

            let none: string list = []
            raises<ValueException, _> "Numbers: no column" (fun () -> table.Numbers none) "none"
        }
        test "categories by names that are given" {
            use folder = new Fixture.Folder()
            let all = folder.Write("a.csv", "city\nZürich\nBern\nChur\nBern\n")
            let some = folder.Write("b.csv", "city\nChur\nZürich\n")
            let wrong = folder.Write("c.csv", "city\nChur\nZürch\n")
            let read path = Csv.read Csv.defaults [ Column.Texts "city" ] path
            let names = (read all).Categories("city").Names
            Expect.equal names [| "Bern"; "Chur"; "Zürich" |] "names"
            Expect.equal ((read some).Categories("city").Codes) (tensor [ 0; 1 ]) "by names of its own"
            let given = (read some).Categories("city", names)
            Expect.equal (given.Codes, given.Names) (tensor [ 1; 2 ], names) "as in the first file"

            Expect.equal
                ((read some).Categories("city", [ "Zürich"; "Chur" ]).Codes)
                (tensor [ 1; 0 ])
                "in the order that is given"

            raises<ValueException, _>
                "Categories: 'Zürch' in row 2 of column 'city' of c.csv is none of the names. Did you mean 'Zürich'? They are 'Bern', 'Chur', 'Zürich'."
                (fun () -> (read wrong).Categories("city", names))
                "unknown"

            raises<ValueException, _>
                "'Bern' stands twice"
                (fun () -> (read all).Categories("city", [ "Bern"; "Bern" ]))
                "twice"
        }
        // RFC 4180, section 2: quotes, line breaks and quotes in them; the last line may lack its end.
        test "quotes with line breaks, a missing last newline, CRLF, a mark of UTF-8, gzip" {
            use folder = new Fixture.Folder()
            let cells = [ "a\nb", "1"; "say \"no\"", "2"; "c,d", "3"; "", "4"; "ä\r\nö", "5" ]

            let quoted (text: string) = "\"" + text.Replace("\"", "\"\"") + "\""

            for newline in [ "\n"; "\r\n" ] do
                for last in [ ""; newline ] do
                    for mark in [ ""; "\uFEFF" ] do
                        let lines = "text,n" :: [ for text, n in cells -> quoted text + "," + n ]
                        let text = mark + String.Join(newline, lines) + last

                        for path in [ folder.Write("a.csv", text); folder.Write("a.csv.gz", gzip text) ] do
                            let rows = [
                                for row in Csv.rows Csv.defaults path -> row.Text "text", row.Text "n"
                            ]

                            Expect.equal rows cells "cells"
                            let table = Csv.read Csv.defaults [ Column.Numbers("n", DType.Int64) ] path
                            Expect.equal (table.Numbers "n") (tensor [ 1L .. 5L ]) "numbers"
        }
        test "the line is that of the file, behind cells of several lines and empty lines" {
            use folder = new Fixture.Folder()
            let path = folder.Write("a.csv", "text,n\n\"1\n2\n3\",1\n\n\"\",2\nx,oops\n")

            Expect.equal [ for row in Csv.rows Csv.defaults path -> row.Line ] [ 2L; 6L; 7L ] "lines"

            raises<FileException, _>
                "line 7, column 'n': 'oops'"
                (fun () -> Csv.read Csv.defaults [ Column.Numbers("n", DType.Int32) ] path)
                "line"
        }
        test "missing numbers" {
            use folder = new Fixture.Folder()
            let path = folder.Write("a.csv", "n,x\n1,\nNA,2\n")

            raises<FileException, _>
                "line 2, column 'x': '' is no Float64"
                (fun () -> Csv.read Csv.defaults [ Column.Numbers("x", DType.Float64) ] path)
                "not asked for"

            let options = { Csv.defaults with Missing = [| ""; "NA" |] }

            Expect.equal
                ((Csv.read options [ Column.Numbers("x", DType.Float32) ] path).Numbers "x")
                (tensor [ nanf; 2.0f ])
                "NaN"

            raises<FileException, _>
                "line 3, column 'n': a number is missing"
                (fun () -> Csv.read options [ Column.Numbers("n", DType.Int32) ] path)
                "no integer says so"
        }
        test "without a header, columns are called by number" {
            use folder = new Fixture.Folder()
            let path = folder.Write("a.csv", "1,2\n3,4")

            let table =
                Csv.read { Csv.defaults with HasHeader = false } [ Column.Numbers("1", DType.Int32) ] path

            Expect.equal (table.Numbers "1") (tensor [ 2; 4 ]) "the second"
        }
        test "what is wrong with a file is said" {
            use folder = new Fixture.Folder()

            let refused (says: string) (content: byte[]) =
                let path = folder.Write("a.csv", content)
                raises<FileException, _> says (fun () -> Csv.read Csv.defaults numbers path) says
                let rows = Csv.rows Csv.defaults path |> DataStream.map (fun row -> row.Text "x")
                raises<ExampleException, _> says (fun () -> Seq.iter ignore rows) says

            for content, says in Fixture.others do
                refused says (Encoding.Latin1.GetBytes content)

            let text (text: string) = Encoding.UTF8.GetBytes text

            refused
                "no column 'x'. Did you mean 'xy'? Its columns are 'number', 'xy'"
                (text "number,xy\n1,2\n")

            refused "3 cells in line 3, and 2 columns" (text "n,x\n1,2\n1,2,3\n")
            refused "1 cell in line 2, and 2 columns" (text "n,x\n1\n")
            refused "2 columns called 'x'" (text "x,x\n1,2\n")
            refused "not in UTF-8" (Array.append (text "n,x\n1,2\n") [| 0xFFuy; 0x2Cuy; 0x31uy |])
            refused "line 2" (text "n,x\n1,\"2\n")
        }
    ]

type Review = { Text: string; Stars: int; Tags: string list }

[<Tests>]
let lines =
    testList "lines, JSON lines" [
        test "lines as .NET reads them, by number and as a stream" {
            use folder = new Fixture.Folder()

            for text in [ "a\nb\n"; "a\r\nb"; "\uFEFFä\n\n\nc"; "one"; "\n"; "a\n\n" ] do
                let path = folder.Write("a.txt", text)
                let expected = List.ofArray (File.ReadAllLines path)
                Expect.equal (List.ofSeq (Lines.stream path)) expected "stream"
                Expect.equal (List.ofSeq (Lines.dataset path)) expected "dataset"
                let packed = folder.Write("a.txt.gz", gzip text)
                Expect.equal (List.ofSeq (Lines.stream packed)) expected "compressed"
                raises<FileException, _> "compressed by gzip" (fun () -> Lines.dataset packed) "not by number"
        }
        test "a file larger than what is read at once" {
            use folder = new Fixture.Folder()
            let expected = [| for i in 0..199_999 -> String('x', i % 23) + string i |]
            let path = folder.Write("a.txt", String.Join("\n", expected))
            let dataset = Lines.dataset path
            Expect.equal dataset.Count 200_000L "lines"
            Expect.equal (Array.ofSeq dataset) expected "each"
        }
        test "JSON lines as records" {
            use folder = new Fixture.Folder()

            let json =
                """{"text":"good","stars":5,"tags":["a","b"]}"""
                + "\n"
                + """{"Text":"bäd\n","Stars":1,"Tags":[]}"""

            let expected = [
                { Text = "good"; Stars = 5; Tags = [ "a"; "b" ] }
                { Text = "bäd\n"; Stars = 1; Tags = [] }
            ]

            let path = folder.Write("a.jsonl", json)
            Expect.equal (List.ofSeq (JsonLines.stream<Review> path)) expected "stream"
            Expect.equal (List.ofSeq (JsonLines.dataset<Review> path)) expected "dataset"

            Expect.equal
                (List.ofSeq (JsonLines.stream<Review>(folder.Write("a.gz", gzip (json + "\n\n")))))
                expected
                "compressed"
        }
        test "what is wrong with a line is said" {
            use folder = new Fixture.Folder()
            let good = """{"text":"good","stars":5,"tags":[]}""" + "\n"

            for bad, says in
                [
                    """{"text":"x","stars":"5","tags":[]}""", "line 2, byte 24: no Review at $.stars"
                    """{"text":"x","stars":5}""", "Tags"
                    """{"text":null,"stars":5,"tags":[]}""", "Text"
                    """{"text":"x","stars":5""", "line 2"
                    "null", "null, where a Review is wanted"
                ] do
                let path = folder.Write("a.jsonl", good + bad + "\n" + good)

                raises<ExampleException, _>
                    says
                    (fun () -> JsonLines.stream<Review> path |> Seq.iter ignore)
                    $"stream: {bad}"

                raises<ExampleException, _>
                    says
                    (fun () -> (JsonLines.dataset<Review> path)[1L])
                    $"dataset: {bad}"

            for content, says in Fixture.others do
                let path = folder.Write("other", Encoding.Latin1.GetBytes content)

                if says <> "a page of the web" then
                    raises<FileException, _> says (fun () -> Lines.dataset path) says
                    raises<ExampleException, _> says (fun () -> Lines.stream path |> Seq.iter ignore) says
        }
    ]
