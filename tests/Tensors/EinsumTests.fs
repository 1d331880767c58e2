/// Sums of products, against plain sums over all labels.
module Cotangent.Tests.EinsumTests

open System
open Cotangent
open Cotangent.Tests.Support
open Expecto
open FsCheck
open FsCheck.FSharp

/// The sum of the products of the operands' numbers over every label that the output has not, by counting through all labels.
let private plain (inputs: string list) (output: string) (operands: Tensor list) : Tensor =
    let sizes =
        dict [
            for labels, t in List.distinct (List.zip inputs operands) do
                for label, size in Seq.zip labels t.Shape do
                    label, size
        ]

    let labels = output + String.filter (fun label -> not (output.Contains label)) (String.concat "" inputs)
    let labels = labels |> Seq.distinct |> List.ofSeq
    let readers = List.map reader operands
    let shape = [ for label in output -> sizes[label] ]
    let totals = Array.zeroCreate (List.fold (*) 1 shape)

    for cell in cells [ for label in labels -> sizes[label] ] do
        let at = dict (List.zip labels cell)
        let index (text: string) = [ for label in text -> at[label] ]

        let product =
            (1.0, List.zip readers inputs) ||> List.fold (fun n (read, text) -> n * read (index text))

        let target = place shape (index output)
        totals[target] <- totals[target] + product

    Tensor.ofArray shape totals

type private Product = {
    Equation: string
    Inputs: string list
    Output: string
    Operands: Tensor list
} with

    override p.ToString() = p.Equation

/// Up to five operands of up to three axes; letters may stand anywhere, also twice in one operand.
let private product: Gen<Product> = gen {
    let! count = Gen.choose (1, 5)
    let! sizes = Gen.arrayOfLength 5 (Gen.choose (1, 3))
    let sizeOf (label: char) = sizes[int label - int 'a']
    let label = Gen.choose (0, 4) |> Gen.map (fun i -> char (int 'a' + i))

    let text = Gen.choose (0, 3) |> Gen.bind (fun n -> Gen.arrayOfLength n label) |> Gen.map String

    let! inputs = Gen.listOfLength count text
    let known = inputs |> String.concat "" |> Seq.distinct |> Array.ofSeq
    let! order = Gen.shuffle known
    let! kept = Gen.choose (0, known.Length)
    let output = String order[.. kept - 1]

    let! operands =
        inputs
        |> List.map (fun text -> Gen.numbersIn DType.Float64 [ for c in text -> sizeOf c ])
        |> Gen.sequenceToList

    return {
        Equation = String.Join(", ", inputs) + " -> " + output
        Inputs = inputs
        Output = output
        Operands = operands
    }
}

let private laws =
    testList "einsum, of random equations" [
        // Whole numbers: sums in any order are the same.
        law "is the plain sum" product (fun p ->
            (einsum p.Equation p.Operands).Equals(plain p.Inputs p.Output p.Operands))
        law "compiled" product (fun p ->
            (compile (einsum p.Equation) p.Operands).Equals(plain p.Inputs p.Output p.Operands))
        law "of a batch" product (fun p ->
            let batch = p.Operands |> List.map (fun t -> stack 0 [ t; t * 2.0 ])
            let expected = plain p.Inputs p.Output
            let both = stack 0 [ expected p.Operands; expected (p.Operands |> List.map (fun t -> t * 2.0)) ]
            (vmap (einsum p.Equation) batch).Equals both)
        law "its derivative is that of the plain product" product (fun p ->
            // Linear in each operand: the pull to the first, against the push of all unit changes.
            let first, rest = p.Operands.Head, p.Operands.Tail
            let f x = sum (einsum p.Equation (x :: rest))
            let slope = grad f first

            List.ofArray first.Shape
            |> cells
            |> List.forall (fun cell ->
                let unit =
                    build DType.Float64 (List.ofArray first.Shape) (fun index ->
                        if index = cell then 1.0 else 0.0)

                let expected = float (sum (plain p.Inputs p.Output (unit :: rest)))
                reader slope cell = expected))
    ]

let private a = tensor [ [ 1; 2; 3 ]; [ 4; 5; 6 ] ]
let private square = tensor [ [ 1; 2 ]; [ 3; 4 ] ]

// From NumPy's documentation of `einsum`.
let private published =
    let a = counting DType.Int32 [ 5; 5 ]
    let b = counting DType.Int32 [ 5 ]
    let c = counting DType.Int32 [ 2; 3 ]

    tests "einsum, as NumPy documents it" [
        "examples of one operand",
        fun () ->
            equals 60 (einsum "ii" [ a ])
            equals [ 0; 6; 12; 18; 24 ] (einsum "ii->i" [ a ])
            equals [ 10; 35; 60; 85; 110 ] (einsum "ij->i" [ a ])
            equals [ 10; 35; 60; 85; 110 ] (einsum "...j->..." [ a ])
            equals [ [ 0; 3 ]; [ 1; 4 ]; [ 2; 5 ] ] (einsum "ji" [ c ])
            equals [ [ 0; 3 ]; [ 1; 4 ]; [ 2; 5 ] ] (einsum "ij->ji" [ c ])
        "examples of two",
        fun () ->
            equals 30 (einsum "i,i" [ b; b ])
            equals [ 30; 80; 130; 180; 230 ] (einsum "ij,j" [ a; b ])
            equals [ 30; 80; 130; 180; 230 ] (einsum "...j,j" [ a; b ])
            equals [ [ 0; 3; 6 ]; [ 9; 12; 15 ] ] (einsum "..., ..." [ tensor 3; c ])
            equals [ [ 0; 1; 2; 3; 4 ]; [ 0; 2; 4; 6; 8 ] ] (einsum "i,j" [ tensor [ 1; 2 ]; b ])

            equals
                [ [ 4400; 4730 ]; [ 4532; 4874 ]; [ 4664; 5018 ]; [ 4796; 5162 ]; [ 4928; 5306 ] ]
                (einsum "ijk,jil->kl" [ counting DType.Int32 [ 3; 4; 5 ]; counting DType.Int32 [ 4; 3; 2 ] ])

            equals
                [ [ 10; 28; 46; 64 ]; [ 13; 40; 67; 94 ] ]
                (einsum "ki,...k->i..." [ counting DType.Int32 [ 3; 2 ]; counting DType.Int32 [ 4; 3 ] ])
        "examples of several",
        fun () ->
            let ones = Tensor.ones DType.Int32 [ 2; 2; 2 ]
            let many = Tensor.ones DType.Int32 [ 64 ]

            equals
                [ 64 ]
                ((einsum "ijk,ilm,njm,nlk,abc->" [ ones; ones; ones; ones; ones ]).Reshape [ 1 ] / 8)

            equals 64 (einsum "i,i" [ many; many ])
    ]

let private dots =
    tests "einsum, with dots" [
        "broadcast as operators do",
        fun () ->
            let x = counting DType.Int32 [ 2; 1; 3 ]
            let y = counting DType.Int32 [ 4; 3 ]
            equals (x * y) (einsum "...,..." [ x; y ])
            equals ((x * y).Sum -1) (einsum "...i,...i" [ x; y ])
            equals (matmul x y.T) (einsum "...ik,jk->...ij" [ x; y ])
        "stand anywhere",
        fun () ->
            let x = counting DType.Int32 [ 2; 3; 4 ]
            equals (x.Sum 0) (einsum "i...->..." [ x ])
            equals (x.Permute [ 1; 2; 0 ]) (einsum "i...->...i" [ x ])
            equals (x.Sum 1) (einsum "a...b->ab" [ x.Sum 1 ])
            equals x (einsum "..." [ x ])
            hasShape [ 3; 4; 2 ] (einsum "a...->...a" [ x ])
    ]

let private refused =
    tests "einsum refuses" [
        "what is no equation, and says where",
        fun () ->
            let wrong equation parts =
                throws<ValueException, _> ("einsum" :: parts) (fun () -> einsum equation [ square; square ])

            wrong "ij,j$->i" [ "character 5"; "'$'" ]
            wrong "ij,jk->ix" [ "character 9"; "x stands in no operand" ]
            wrong "ij,jk->ii" [ "character 9"; "second time"; "Tensor.diag" ]
            wrong "ij..,jk" [ "character 3"; "three dots" ]
            wrong "...i...,j" [ "character 5"; "second time" ]
            wrong "ij,jk->ik->i" [ "character 10" ]
            wrong "ij" [ "1 operands"; "2 tensors" ]
            wrong "...,...->" [ "the dots stand for 2 axes" ]
            wrong "ij,jk->...ik" [ "... stands in no operand" ]
        "what does not fit it",
        fun () ->
            throws<ShapeException, _> [ "ijk,j"; "operand 1"; "3 axes"; "(2, 2)" ] (fun () ->
                einsum "ijk,j" [ square; square ])

            throws<ShapeException, _> [ "j has size 2"; "3"; "operand 2" ] (fun () ->
                einsum "ij,jk" [ square; tensor [ [ 1; 2 ]; [ 3; 4 ]; [ 5; 6 ] ] ])

            throws<ShapeException, _> [ "an axis under the dots"; "2"; "3" ] (fun () ->
                einsum "...,..." [ square; a ])

            throws<DTypeException, _> [ "einsum"; "Int32"; "Float64" ] (fun () ->
                einsum "ij,jk" [ square; square.Convert DType.Float64 ])

            throws<DTypeException, _> [ "einsum"; "Bool" ] (fun () -> einsum "i->" [ tensor [ true ] ])
            throws<ValueException, _> [ "0 tensors" ] (fun () -> einsum "" [])
    ]

/// The multiplications of a path.
let rec private work (size: char -> float) (inputs: string list) (path: ContractionPath) : float * string =
    match path with
    | ContractionPath.Operand i -> 0.0, inputs[i]
    | ContractionPath.Pair(a, b, labels) ->
        let first, ours = work size inputs a
        let second, theirs = work size inputs b
        let here = ours + theirs |> Seq.distinct |> Seq.fold (fun n label -> n * size label) 1.0
        first + second + here, labels

let private paths =
    tests "the order of products" [
        // Cormen, Leiserson, Rivest, Stein: Introduction to Algorithms, section 15.2.
        "of a chain of matrices takes the fewest multiplications",
        fun () ->
            let sizes = dict (Seq.zip "abcdefg" [ 30.0; 35.0; 15.0; 5.0; 10.0; 20.0; 25.0 ])
            let inputs = [ "ab"; "bc"; "cd"; "de"; "ef"; "fg" ]
            let path = ContractionPath.plan (fun label -> sizes[label]) (Array.ofList inputs) "ag"
            Expect.equal (fst (work (fun label -> sizes[label]) inputs path)) 15125.0 "multiplications"
        "of many is not far from it",
        fun () ->
            // A ring of twelve small matrices, cut by two vectors.
            let letters = "abcdefghijklm"
            let inputs = [ for i in 0..11 -> letters[i .. i + 1] ] @ [ "a"; "m" ]
            let size (label: char) = float (2 + int label % 3)
            let path = ContractionPath.plan size (Array.ofList inputs) ""
            // Vector times matrix throughout: at most 16 a step.
            Expect.isLessThanOrEqual (fst (work size inputs path)) (13.0 * 16.0) "multiplications"
        "is as good as the best of all for random products",
        fun () ->
            // The least of all ways to join pairs, by trying them.
            let rec least size (left: string list) output =
                match left with
                | []
                | [ _ ] -> 0.0
                | _ ->
                    List.min [
                        for i in 0 .. left.Length - 1 do
                            for j in i + 1 .. left.Length - 1 do
                                let others =
                                    left
                                    |> List.indexed
                                    |> List.filter (fun (k, _) -> k <> i && k <> j)
                                    |> List.map snd

                                let both = left[i] + left[j] |> Seq.distinct |> Array.ofSeq |> String
                                let needed = output + String.concat "" others
                                let result = both |> String.filter (fun label -> needed.Contains label)
                                let product text = Seq.fold (fun n label -> n * size label) 1.0 text
                                product both + product result + least size (result :: others) output
                    ]

            let rec total size (inputs: string list) path =
                match path with
                | ContractionPath.Operand i -> 0.0, inputs[i]
                | ContractionPath.Pair(a, b, labels) ->
                    let first, ours = total size inputs a
                    let second, theirs = total size inputs b
                    let product text = Seq.fold (fun n label -> n * size label) 1.0 text
                    first + second + product (Seq.distinct (ours + theirs)) + product labels, labels

            let random = Random 1

            for _ in 1..40 do
                let inputs = [
                    for _ in 1 .. random.Next(2, 6) -> "abcdef" |> String.filter (fun _ -> random.Next 2 = 0)
                ]

                let all = String.concat "" inputs
                let output = "abcdef" |> String.filter (fun label -> all.Contains label && random.Next 3 = 0)

                let alone (text: string) =
                    text
                    |> String.filter (fun label ->
                        output.Contains label || Seq.filter ((=) label) all |> Seq.length > 1)

                let inputs = List.map alone inputs
                let size (label: char) = float (2 + int label % 5)
                let path = ContractionPath.plan size (Array.ofList inputs) output
                Expect.equal (fst (total size inputs path)) (least size inputs output) $"{inputs} to {output}"
    ]

[<Tests>]
let all = testList "Einsum" [ laws; published; dots; refused; paths ]
