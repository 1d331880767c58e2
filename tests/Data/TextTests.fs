module Cotangent.Data.Tests.TextTests

open System.IO
open System.Text
open Expecto
open Cotangent
open Cotangent.Data.Tests.Raises

[<Tests>]
let vocabularies =
    testList "vocabularies" [
        test "special tokens first, then by frequency" {
            let tokens = "b a c a b a d".Split ' '
            let build options = List.ofSeq (Vocabulary.build options tokens).Tokens
            let plain = { Vocabulary.defaults with Unknown = null }
            Expect.equal (build plain) [ "a"; "b"; "c"; "d" ] "by frequency, then by name"
            Expect.equal (build { plain with MinimumCount = 2 }) [ "a"; "b" ] "often enough"
            Expect.equal (build { plain with MaximumSize = 3 }) [ "a"; "b"; "c" ] "at most"

            Expect.equal
                (build { Vocabulary.defaults with Special = [| "<pad>"; "d" |]; MaximumSize = 4 })
                [ "<unk>"; "<pad>"; "d"; "a" ]
                "special ones first, once"
        }
        test "saved and read" {
            use folder = new Fixture.Folder()
            let path = folder.Path "vocabulary.json"

            for vocabulary in
                [ Vocabulary [ "\n"; "\""; "ä"; "😀"; "" ]; Vocabulary([ "<unk>"; "a" ], "<unk>") ] do
                vocabulary.Save path
                let read = Vocabulary.load path
                Expect.equal (List.ofSeq read.Tokens) (List.ofSeq vocabulary.Tokens) "tokens"
                Expect.equal read.Unknown vocabulary.Unknown "unknown"

            for content, says in ("[1, 2]", "no vocabulary") :: ("{}", "no vocabulary") :: Fixture.others do
                let other = folder.Write("other", Encoding.Latin1.GetBytes content)
                raises<FileException, _> says (fun () -> Vocabulary.load other) says
        }
        test "unknown tokens" {
            let known = Vocabulary([ "<unk>"; "a" ], "<unk>")
            let a, z = known["a"], known["z"]
            Expect.equal (a, z) (1, 0) "one stands for them"

            raises<ValueException, _>
                "'z' is none of its 1 tokens"
                (fun () -> (Vocabulary [ "a" ])["z"])
                "none does"

            raises<ValueException, _> "'a' is in it twice" (fun () -> Vocabulary [ "a"; "b"; "a" ]) "twice"
            raises<ValueException, _> "'x', which stands" (fun () -> Vocabulary([ "a" ], "x")) "not there"
            raises<IndexException, _> "no token 2" (fun () -> known.Token 2) "no such number"
        }
    ]

[<Tests>]
let tokenizers =
    testList "tokenizers" [
        test "whitespace and characters" {
            let words = TextTokenizer.Whitespace(Vocabulary [ "be"; "not"; "to" ])
            Expect.equal (words.Encode " not\tto\n\nbe ") [| 1; 2; 0 |] "words"
            Expect.equal (words.Decode [ 1; 2; 0 ]) "not to be" "back"
            let letters = TextTokenizer.Characters(Vocabulary [ "😀"; "ä"; "\n" ])
            Expect.equal (letters.Encode "ä😀\nä") [| 1; 0; 2; 1 |] "characters, none cut into halves"
            Expect.equal (letters.Decode [ 1; 0; 2; 1 ]) "ä😀\nä" "back"
        }
        // Numbers that OpenAI's tiktoken gives, from its cookbook.
        test "tiktoken's cl100k_base" {
            let tokenizer = TextTokenizer.Tiktoken "cl100k_base"
            Expect.equal (tokenizer.Encode "tiktoken is great!") [| 83; 1609; 5963; 374; 2294; 0 |] "numbers"
            Expect.equal (tokenizer.Decode [ 83; 1609; 5963; 374; 2294; 0 ]) "tiktoken is great!" "back"

            raises<ValueException, _>
                "Reference the package"
                (fun () -> TextTokenizer.Tiktoken "o200k_base")
                "no data"
        }
        // The example of "Neural machine translation of rare words with subword units" (Sennrich, Haddow and Birch, 2016): its merges,
        // by frequency, make "lowest" of low and est.
        test "BPE by merges" {
            use folder = new Fixture.Folder()

            let tokens = [
                "l"
                "o"
                "w"
                "e"
                "r"
                "n"
                "s"
                "t"
                "i"
                "d"
                "es"
                "est"
                "lo"
                "low"
                "ne"
                "new"
                "Ġ"
            ]

            let entries = tokens |> List.mapi (fun i token -> $"\"{token}\": {i}") |> String.concat ", "
            let vocabulary = folder.Write("vocab.json", "{" + entries + "}")
            let merges = folder.Write("merges.txt", "#version: 0.2\ne s\nes t\nl o\nlo w\nn e\nne w\n")
            let bpe = TextTokenizer.Bpe(vocabulary, merges)
            let pieces (text: string) = [ for id in bpe.Encode text -> List.item id tokens ]
            Expect.equal (pieces "lowest") [ "low"; "est" ] "lowest"
            Expect.equal (pieces "newer low") [ "new"; "e"; "r"; "Ġ"; "low" ] "newer low"
            Expect.equal (bpe.Decode(bpe.Encode "newer low")) "newer low" "back"
            let page = folder.Write("page.json", "<html></html>")

            raises<FileException, _>
                "a page of the web"
                (fun () -> TextTokenizer.Bpe(page, merges))
                "something else"
        }
        // The example of BERT's source, tokenization.py: "unaffable" is un ##aff ##able.
        test "WordPiece" {
            use folder = new Fixture.Folder()

            let tokens = [
                "[PAD]"
                "[UNK]"
                "[CLS]"
                "[SEP]"
                "[MASK]"
                "un"
                "##aff"
                "##able"
                "want"
                "##ed"
                ","
            ]

            let vocabulary = folder.Write("vocab.txt", String.concat "\n" tokens)
            let tokenizer = TextTokenizer.WordPiece(vocabulary, lowerCase = true)
            let pieces (text: string) = [ for id in tokenizer.Encode text -> tokens[id] ]
            let expected = [ "want"; "##ed"; ","; "un"; "##aff"; "##able"; "[UNK]" ]
            Expect.equal (pieces "Wanted, UNaffáble xyz") expected "pieces"
            let cased = TextTokenizer.WordPiece(vocabulary, lowerCase = false)

            Expect.equal
                [ for id in cased.Encode "want Want" -> tokens[id] ]
                [ "want"; "[UNK]" ]
                "with capitals"
        }
    ]

[<Tests>]
let sequences =
    testList "sequences" [
        test "padded, with a mask" {
            let padded = Sequences.pad -1 [ [| 5; 6; 7 |]; [||]; [| 8 |] ]
            Expect.equal padded.Tokens (tensor [ [ 5; 6; 7 ]; [ -1; -1; -1 ]; [ 8; -1; -1 ] ]) "tokens"
            let row (bits: string) = [ for bit in bits -> bit = '1' ]
            Expect.equal padded.Mask (tensor [ row "111"; row "000"; row "100" ]) "mask"
            raises<ValueException, _> "no sequences" (fun () -> Sequences.pad 0 []) "none"
        }
        test "packed: every token once, sequences whole and apart" {
            let sequences = [ for i in 1..60 -> [| for j in 1 .. 1 + i * 7 % 10 -> 100 * i + j |] ]
            let packed = Sequences.pack 0 12 sequences
            let tokens = packed.Tokens.ToData<int[][]>()
            let segments, positions = packed.Segments.ToData<int[][]>(), packed.Positions.ToData<int[][]>()

            let found = [
                for row in 0 .. tokens.Length - 1 do
                    for segment in 1 .. Array.max segments[row] do
                        let places = Array.filter (fun i -> segments[row][i] = segment) [| 0..11 |]
                        let own = places |> Array.map (fun i -> positions[row][i])
                        Expect.equal own [| 0 .. places.Length - 1 |] "positions"
                        [| for i in places -> tokens[row][i] |]
            ]

            Expect.equal (List.sort found) (List.sort sequences) "all of them"
            let filled = Seq.concat segments |> Seq.filter (fun segment -> segment > 0) |> Seq.length
            Expect.isGreaterThan (float filled / float (12 * tokens.Length)) 0.9 "little is filled up"
            let mask = packed.AttentionMask.ToData<bool[,,]>()

            for row in 0 .. tokens.Length - 1 do
                let own = segments[row]

                for i in 0..11 do
                    for j in 0..11 do
                        let together = own[i] > 0 && own[i] = own[j]
                        if mask[row, i, j] <> together then failtest $"row {row}: {i} and {j}"

            let long = [ [| 1 |]; [| 1; 2; 3 |] ]
            raises<ValueException, _> "sequence 1 is 3 tokens" (fun () -> Sequences.pack 0 2 long) "too long"
        }
        test "windows and the token after each" {
            let windows = Sequences.windows 3 2 [| 1..8 |]
            Expect.equal windows.Count 3L "as many as fit"
            Expect.equal windows[2L] (tensor [ 5; 6; 7 ], tensor [ 6; 7; 8 ]) "the last"
            let one = Sequences.windows 7 100 [| 1..8 |]
            Expect.equal one.Count 1L "one"

            raises<ValueException, _>
                "the text has 8"
                (fun () -> Sequences.windows 8 1 [| 1..8 |])
                "too short"
        }
    ]
