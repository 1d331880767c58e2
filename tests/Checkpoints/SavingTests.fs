/// Trees saved and loaded: what comes back, what does not fit, and what is told of it.
module Cotangent.Tests.SavingTests

open System
open System.IO
open System.Threading
open Expecto
open Cotangent
open Cotangent.Checkpoints
open Cotangent.Tests.Checks
open Cotangent.Tests.Support

let private inFile (test: string -> unit) =
    SafetensorsTests.inFolder (fun folder -> test (Path.Combine(folder, "model.safetensors")))

let private model seed = Mlp.create [ 4; 3; 2 ] Activation.Relu (Key.create seed)

let private names (path: string) =
    [ for each in (Safetensors.openFile path).Entries -> each.Name ] |> List.sort

type private Tied = { Embedding: Tensor; Head: Tensor; Bias: Tensor }
type private Statistics = { Weight: Tensor; Mean: Frozen<Tensor>; Note: string }

type private Training = { Model: Mlp; Optimizer: OptimizerState<Mlp>; Key: Key; Position: Tensor }

let private training seed : Training =
    let m = model seed
    let optimizer = Optimizer.adam 0.1
    let loss (m: Mlp) = sum (square (Mlp.forward m (Tensor.ones DType.Float32 [ 4 ])))
    let next, state = Optimizer.step optimizer (grad loss m) (optimizer.Init m) m

    {
        Model = next
        Optimizer = state
        Key = Key.create (0x1234_5678_9ABC_DEFL + seed)
        Position = tensor (seed * 1000L)
    }

let private exact (expected: 'tree) (actual: 'tree) =
    let bits (t: Tensor) =
        let host = Engines.Strided.materialise (SafetensorsWriter.snapshot t)
        (ArrayBytes.at host.Data (int64 host.Offset * int64 t.DType.Size) (t.Size * t.DType.Size)).ToArray()

    Expect.equal (Tree.paths actual) (Tree.paths expected) "places"

    for e, a in Array.zip (Tree.leaves expected) (Tree.leaves actual) do
        Expect.equal (a.DType, List.ofArray a.Shape) (e.DType, List.ofArray e.Shape) "dtype and shape"
        Expect.equal (bits a) (bits e) "bits"

type private Kind =
    | Plain
    | Bent of slope: float
    | Own of (Tensor -> Tensor)

type private Described = {
    Weight: Tensor
    Kind: Kind
    Rate: float
    Count: int
    Note: string
    Flag: bool
    Type: DType
    Sizes: int list
    Pair: int * float
    Inner: {| Scale: float32 |}
    Maybe: int option
    Apply: Tensor -> Tensor
}

let private described = {
    Weight = tensor [ 1.0; 2.0 ]
    Kind = Bent 0.1
    Rate = 1.0 / 3.0
    Count = 3
    Note = "a \"text\" of ∂"
    Flag = true
    Type = DType.Float16
    Sizes = [ 1; 2 ]
    Pair = 4, 0.5
    Inner = {| Scale = 2.0f |}
    Maybe = Some 7
    Apply = sin
}

let private statics =
    tests "what is no tensor" [
        "the same loads, whatever the culture",
        inFile (fun path ->
            let culture = Globalization.CultureInfo.CurrentCulture

            try
                Globalization.CultureInfo.CurrentCulture <- Globalization.CultureInfo "de-DE"
                Checkpoint.save path described
            finally
                Globalization.CultureInfo.CurrentCulture <- culture

            let template = { described with Weight = tensor [ 0.0; 0.0 ]; Apply = cos }
            equals [ 1.0; 2.0 ] (Checkpoint.load path template).Weight
            Expect.isEmpty (Checkpoint.metadata path) "texts of one's own are none")
        "each difference is told",
        inFile (fun path ->
            Checkpoint.save path described

            let differs (part: Described) (says: string) =
                throws<TreeException, _>
                    [ "Checkpoint.load"; says; "The tensors fit"; "`IgnoreStatics`" ]
                    (fun () -> Checkpoint.load path part)

                let ignoring = { Checkpoint.defaults with IgnoreStatics = true }
                let loaded = Checkpoint.loadWith ignoring path part
                Expect.equal (loaded.Rate, loaded.Note) (part.Rate, part.Note) "the template's"

            differs { described with Kind = Bent 0.2 } "`$.Kind` is Bent(0.1), and Bent(0.2) in the template"
            differs { described with Kind = Plain } "`$.Kind` is Bent(0.1), and Plain in the template"
            differs { described with Kind = Own sin } "`$.Kind` is Bent(0.1), and Own(_) in the template"
            differs { described with Rate = 0.5 } "`$.Rate` is 0.3333333333333333, and 0.5 in the template"
            differs { described with Count = 4 } "`$.Count` is 3, and 4"
            differs { described with Note = "other" } "`$.Note` is \"a \"text\" of ∂\", and \"other\""
            differs { described with Flag = false } "`$.Flag` is true, and false"
            differs { described with Type = DType.Float32 } "`$.Type` is Float16, and Float32"
            differs { described with Sizes = [ 1; 3 ] } "`$.Sizes` is [1, 2], and [1, 3]"
            differs { described with Pair = 4, 0.25 } "`$.Pair` is (4, 0.5), and (4, 0.25)"
            differs { described with Inner = {| Scale = 3.0f |} } "`$.Inner` is {Scale = 2}, and {Scale = 3}"
            differs { described with Maybe = None } "`$.Maybe` is Some(7), and null"
            // All at once, and beside other faults.
            let two = { described with Rate = 0.5; Count = 4 }
            throws<TreeException, _> [ "`$.Rate`"; "`$.Count`" ] (fun () -> Checkpoint.load path two)

            throws<ShapeException, _> [ "'weight'"; "`$.Rate`" ] (fun () ->
                Checkpoint.load path { two with Weight = tensor 0.0 }))
        "an activation",
        inFile (fun path ->
            Checkpoint.save path (model 1L)

            throws<TreeException, _>
                [ "`$.Layers[0].Activation` is Relu, and Tanh in the template" ]
                (fun () -> Checkpoint.load path (Mlp.create [ 4; 3; 2 ] Activation.Tanh (Key.create 2L))))
        "a folder's newest",
        SafetensorsTests.inFolder (fun folder ->
            Checkpoint.saveStep 2 folder 1 described

            throws<TreeException, _> [ "Checkpoint.resume"; "`$.Count`" ] (fun () ->
                Checkpoint.resume folder { described with Count = 0 }))
        "files of other programs, and of before, have none",
        inFile (fun path ->
            for about in
                [
                    Map.empty
                    Map [ "cotangent.statics", "[1]" ]
                    Map [ "cotangent.statics", "{\"$.Count\": 9" ]
                    Map [ "cotangent.statics", "{\"$.Count\": 9}" ]
                ] do
                Safetensors.writeWith about path (Map [ "weight", tensor [ 5.0; 6.0 ] ])
                equals [ 5.0; 6.0 ] (Checkpoint.load path { described with Count = 9 }).Weight)
        "a text of one's own under that name stays",
        inFile (fun path ->
            Checkpoint.saveWith
                { Checkpoint.defaults with Metadata = Map [ "cotangent.statics", "mine" ] }
                path
                described

            equals [ 1.0; 2.0 ] (Checkpoint.load path { described with Count = 9 }).Weight)
    ]

let private trees =
    tests "trees" [
        "a model, under PyTorch's names",
        inFile (fun path ->
            Checkpoint.save path (model 1L)
            exact (model 1L) (Checkpoint.load path (model 2L))

            Expect.equal
                (names path)
                [ "layers.0.bias"; "layers.0.weight"; "layers.1.bias"; "layers.1.weight" ]
                "names")
        "a training as a whole: optimiser, key and position",
        inFile (fun path ->
            Checkpoint.save path (training 1L)
            let loaded = Checkpoint.load path (training 2L)
            exact (training 1L) loaded
            Expect.equal (string loaded.Key) (string (training 1L).Key) "key"
            Expect.contains (names path) "optimizer.slots.second.layers.1.weight" "a slot's name"
            Expect.contains (names path) "optimizer.numbers.step" "the count's name")
        "frozen leaves; what is no tensor is the template's, where it may differ",
        inFile (fun path ->
            let make x note = { Weight = tensor [ x ]; Mean = Frozen(tensor [ x + 1.0 ]); Note = note }
            Checkpoint.save path (make 1.0 "saved")
            let ignoring = { Checkpoint.defaults with IgnoreStatics = true }
            let loaded = Checkpoint.loadWith ignoring path (make 5.0 "template")
            equals [ 1.0 ] loaded.Weight
            equals [ 2.0 ] loaded.Mean.Value
            Expect.equal loaded.Note "template" "static")
        "tuples, lists, options, maps and a tensor alone",
        inFile (fun path ->
            let make x = ([ tensor [ x ]; tensor x ], Some(tensor [| x |]), Map [ "a", tensor (x + 1.0) ])
            Checkpoint.save path (make 1.0)
            exact (make 1.0) (Checkpoint.load path (make 2.0))
            Checkpoint.save path (tensor [ 1.0; 2.0 ])
            equals [ 1.0; 2.0 ] (Checkpoint.load path (tensor [ 0.0; 0.0 ]))
            Expect.equal (names path) [ "tensor" ] "its name")
        "16 bits stay 16 bits",
        inFile (fun path ->
            let make (x: float) =
                tensor (Array.init 1000 (fun i -> half (x * float i))),
                tensor (Array.init 1000 (fun i -> bfloat (x / float (i + 1))))

            Checkpoint.save path (make 0.37)
            exact (make 0.37) (Checkpoint.load path (make 0.0))
            Expect.isLessThan (FileInfo(path).Length) 4300L "bytes")
        "a tensor in two places is saved once, and is one again",
        inFile (fun path ->
            let table = Random.normal (Key.create 1L) DType.Float32 [ 50; 20 ]
            let tied = { Embedding = table; Head = table; Bias = tensor [ 1.0f ] }
            Checkpoint.save path tied
            Expect.isLessThan (FileInfo(path).Length) 4500L "bytes"
            Expect.equal (Checkpoint.metadata path) (Map [ "head", "embedding" ]) "what is said of it"

            let zeros = {
                Embedding = Tensor.zerosLike table
                Head = Tensor.zerosLike table
                Bias = tensor [ 0.0f ]
            }

            let loaded = Checkpoint.load path zeros
            exact tied loaded
            Expect.isTrue (obj.ReferenceEquals(loaded.Embedding, loaded.Head)) "one tensor")
        "views of one memory are saved as what they show",
        inFile (fun path ->
            let x = tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]
            let views = {| Whole = x; Turned = x.Transpose(); Row = x[1] |}
            Checkpoint.save path views
            Expect.equal (names path) [ "row"; "turned"; "whole" ] "names"
            exact views (Checkpoint.load path (Tree.zerosLike views)))
        "names are changed both ways",
        inFile (fun path ->
            let options = {
                Checkpoint.defaults with
                    Rename = fun name -> "model." + name.Replace("layers", "h")
            }

            Checkpoint.saveWith options path (model 1L)
            Expect.contains (names path) "model.h.0.bias" "name"
            exact (model 1L) (Checkpoint.loadWith options path (model 2L)))
        "texts",
        inFile (fun path ->
            let texts = Map [ "author", "Ä \"quoted\"\n"; "empty", "" ]
            Checkpoint.saveWith { Checkpoint.defaults with Metadata = texts } path (tensor 1.0)
            Expect.equal (Checkpoint.metadata path) texts "texts")
        "inside a scope and after it, and after a donation",
        inFile (fun path ->
            let big = Tensor.arange DType.Float32 300_000

            let saving =
                scope (fun () ->
                    let inside = [ big + 1.0f; big * 2.0f ]
                    let saving = Checkpoint.saveInBackground Checkpoint.defaults path inside
                    sum inside[0] |> ignore
                    saving)

            // Memory of those that are gone is used again here.
            for _ in 1..10 do
                big * 3.0f |> ignore

            saving.Wait()
            let loaded = Checkpoint.load path [ big; big ]
            Expect.isTrue (loaded[0].Equals(big + 1.0f)) "first"
            Expect.isTrue (loaded[1].Equals(big * 2.0f)) "second"
            let given = big + 5.0f
            let saving = Checkpoint.saveInBackground Checkpoint.defaults path given
            let halve = compileDonating (fun (x: Tensor, ()) -> x * 0.5f)
            halve (given, ()) |> ignore
            saving.Wait()
            Expect.isTrue ((Checkpoint.load path big).Equals(big + 5.0f)) "given away")
    ]

let private loadedWith change path template = Checkpoint.loadWith (change Checkpoint.defaults) path template

let private partial =
    tests "in part" [
        "leaves that the file lacks keep the template's numbers",
        inFile (fun path ->
            Checkpoint.save path {| A = tensor [ 1.0 ] |}
            let template = {| A = tensor [ 0.0 ]; B = tensor [ 7.0 ] |}
            let loaded = loadedWith (fun o -> { o with KeepMissing = true }) path template
            equals [ 1.0 ] loaded.A
            equals [ 7.0 ] loaded.B

            raises<TreeException, _>
                "'b' is missing"
                (fun () -> loadedWith (fun o -> { o with IgnoreExtra = true }) path template)
                "strict")
        "tensors without a leaf are left alone",
        inFile (fun path ->
            Checkpoint.save path {| A = tensor [ 1.0 ]; B = tensor [ 7.0 ] |}
            let template = {| A = tensor [ 0.0 ] |}
            equals [ 1.0 ] (loadedWith (fun o -> { o with IgnoreExtra = true }) path template).A

            raises<TreeException, _>
                "'b' has no leaf in the template"
                (fun () -> loadedWith (fun o -> { o with KeepMissing = true }) path template)
                "strict")
        "shapes and dtypes must fit all the same",
        inFile (fun path ->
            Checkpoint.save path {| A = tensor [ 1.0 ] |}
            let all o = { o with KeepMissing = true; IgnoreExtra = true }

            raises<ShapeException, _>
                "'a' is F64 (1,)"
                (fun () -> loadedWith all path {| A = tensor [ 0.0; 0.0 ] |})
                "shape"

            raises<DTypeException, _>
                "Float32 (1,) in the template"
                (fun () -> loadedWith all path {| A = tensor [ 0.0f ] |})
                "dtype")
        "floating-point numbers are rounded where that is asked for, others never",
        inFile (fun path ->
            let convert o = { o with ConvertFloats = true }
            Checkpoint.save path (tensor [ 1.0 / 3.0 ])
            equals [ float32 (1.0 / 3.0) ] (loadedWith convert path (tensor [ 0.0f ]))
            equals [ half (1.0 / 3.0) ] (loadedWith convert path (tensor [ half 0.0 ]))

            raises<DTypeException, _>
                "Int32 (1,) in the template"
                (fun () -> loadedWith convert path (tensor [ 0 ]))
                "integer"

            Checkpoint.save path (tensor [ 1L ])

            raises<DTypeException, _>
                "I64 (1,)"
                (fun () -> loadedWith convert path (tensor [ 0 ]))
                "narrower"

            raises<DTypeException, _> "I64 (1,)" (fun () -> loadedWith convert path (tensor [ 0.0 ])) "float")
    ]

let private message (f: unit -> 'a) : string =
    try
        f () |> ignore
        failtest "no error"
    with :? CotangentException as e ->
        e.Message

let private differences =
    tests "differences" [
        "all at once, with the nearest names",
        inFile (fun path ->
            Checkpoint.save path {|
                Layer0Weight = tensor [ 1.0 ]
                Bias = tensor [ 1.0; 2.0 ]
                Scale = tensor 1.0f
                Other = tensor 1.0
            |}

            let template = {|
                LayerWeight = tensor [ 0.0 ]
                Bias = tensor [ 0.0 ]
                Scale = tensor 0.0
                New = tensor 0.0
            |}

            let text = message (fun () -> Checkpoint.load path template)

            for part in
                [
                    $"Checkpoint.load: '{path}' and the template, of 4 leaves, differ:"
                    "'layer_weight' is missing; the nearest is 'layer0_weight'"
                    "'new' is missing"
                    "'layer0_weight' has no leaf in the template; the nearest is 'layer_weight'"
                    "'other' has no leaf in the template"
                    "'bias' is F64 (2,), and Float64 (1,) in the template"
                    "'scale' is F32 (), and Float64 () in the template"
                    "`KeepMissing` and `IgnoreExtra`"
                ] do
                Expect.stringContains text part "the message")
        "a name in front of all",
        inFile (fun path ->
            Checkpoint.save path {| Model = model 1L |}

            Expect.stringContains
                (message (fun () -> Checkpoint.load path (model 1L)))
                "have 'model.' in front: `Rename` can put it there"
                "file"

            Checkpoint.save path (model 1L)

            Expect.stringContains
                (message (fun () -> Checkpoint.load path {| Model = model 1L |}))
                "have 'model.' in front: `Rename` can take it away"
                "template")
        "of very many some",
        inFile (fun path ->
            Checkpoint.save path (tensor 1.0)
            let text = message (fun () -> Checkpoint.load path [ for i in 1..500 -> tensor (float i) ])
            Expect.stringContains text "… and 480 more" "how many more"
            Expect.isLessThan text.Length 2500 "short")
        "two leaves of one name",
        inFile (fun path ->
            let options = { Checkpoint.defaults with Rename = fun _ -> "same" }

            raises<ValueException, _>
                "two tensors are called 'same'"
                (fun () -> Checkpoint.saveWith options path [ tensor 1.0; tensor 2.0 ])
                "names")
        "a type without tensors",
        inFile (fun path ->
            raises<TreeException, _> "can't hold a tensor" (fun () -> Checkpoint.save path "text") "type")
    ]

let private safety =
    tests "what was there before" [
        "stays where saving fails, and nothing is left beside it",
        inFile (fun path ->
            Checkpoint.save path (tensor 1.0)
            let source = new CancellationTokenSource()
            source.Cancel()
            let options = { Checkpoint.defaults with Cancellation = source.Token }

            Expect.throwsT<OperationCanceledException>
                (fun () -> Checkpoint.saveWith options path (tensor 2.0))
                "cancelled"

            equals 1.0 (Checkpoint.load path (tensor 0.0))
            Expect.equal (Directory.GetFiles(nonNull (Path.GetDirectoryName path))).Length 1 "files")
        "goes on being read by who has it open",
        inFile (fun path ->
            Checkpoint.save path (Tensor.full DType.Float32 [ 400_000 ] 1.0)
            use file = Safetensors.openFile path
            Checkpoint.save path (Tensor.full DType.Float32 [ 400_000 ] 2.0)
            let old = file.Read "tensor"
            Expect.equal (float32 old[399_999]) 1.0f "the old one"
            let loaded = Checkpoint.load path (Tensor.zeros DType.Float32 [ 400_000 ])
            Expect.equal (float32 loaded[5]) 2.0f "the new one")
        "is what a link leads to",
        inFile (fun path ->
            Checkpoint.save path (tensor 1.0)
            let link = path + ".link"
            File.CreateSymbolicLink(link, path) |> ignore
            Checkpoint.save link (tensor 2.0)
            equals 2.0 (Checkpoint.load path (tensor 0.0))
            Expect.isNotNull (FileInfo(link).LinkTarget) "still a link")
        "leftovers go, those of other files stay",
        inFile (fun path ->
            File.WriteAllText(path + ".abcdefgh.partial", "left")
            File.WriteAllText(path + "x.abcdefgh.partial", "not ours")

            use held =
                new FileStream(path + ".held1234.partial", FileMode.Create, FileAccess.Write, FileShare.None)

            Checkpoint.save path (tensor 1.0)
            Expect.isFalse (File.Exists(path + ".abcdefgh.partial")) "left"
            Expect.isTrue (File.Exists(path + "x.abcdefgh.partial")) "not ours"
            Expect.isTrue (File.Exists(path + ".held1234.partial")) "being written")
        "a folder that is missing is made",
        SafetensorsTests.inFolder (fun folder ->
            let path = Path.Combine(folder, "a", "b", "c.safetensors")
            Checkpoint.save path (tensor 1.0)
            equals 1.0 (Checkpoint.load path (tensor 0.0)))
        "two that save to one path at a time leave one whole file",
        inFile (fun path ->
            let save i =
                for _ in 1..20 do
                    try
                        Checkpoint.save path (Tensor.full DType.Float32 [ 1000 ] (float i))
                    with :? IOException ->
                        ()

            let threads = [ for i in 1..4 -> Thread(fun () -> save i) ]
            threads |> List.iter _.Start()
            threads |> List.iter _.Join()
            let loaded = Checkpoint.load path (Tensor.zeros DType.Float32 [ 1000 ])

            Expect.isTrue
                (loaded.Equals(Tensor.full DType.Float32 [ 1000 ] (float (loaded[0]))))
                "one of them"

            Expect.equal (Directory.GetFiles(nonNull (Path.GetDirectoryName path))).Length 1 "files")
    ]

let private rotation =
    tests "a folder of checkpoints" [
        "the last ones are kept, the newest is found",
        SafetensorsTests.inFolder (fun folder ->
            Expect.equal (Checkpoint.latest folder) None "none yet"
            Expect.equal (Checkpoint.resume folder (tensor 0.5)) (tensor 0.5, 0) "the beginning"

            for step in [ 9; 10; 100; 1_000_000_000 ] do
                Checkpoint.saveStep 3 folder step (tensor (float step))

            Expect.equal
                [ for each in Checkpoint.steps folder -> each.Step ]
                [ 10; 100; 1_000_000_000 ]
                "steps"

            Expect.equal (Checkpoint.resume folder (tensor 0.0)) (tensor 1e9, 1_000_000_000) "the newest"

            Expect.equal
                (Checkpoint.metadata (Array.head (Checkpoint.steps folder)).Path)
                (Map [ "step", "10" ])
                "its step")
        "one that is damaged is passed over",
        SafetensorsTests.inFolder (fun folder ->
            for step in 1..3 do
                Checkpoint.saveStep 5 folder step (tensor (float step))

            let path = (Array.last (Checkpoint.steps folder)).Path
            File.WriteAllBytes(path, Array.truncate 50 (File.ReadAllBytes path))
            Expect.equal (Checkpoint.resume folder (tensor 0.0)) (tensor 2.0, 2) "the one before")
        "other files are nobody's business",
        SafetensorsTests.inFolder (fun folder ->
            File.WriteAllText(Path.Combine(folder, "step-best.safetensors"), "")
            File.WriteAllText(Path.Combine(folder, "model.safetensors"), "")
            Checkpoint.saveStep 1 folder 1 (tensor 1.0)
            Checkpoint.saveStep 1 folder 2 (tensor 2.0)
            Expect.equal (Directory.GetFiles folder).Length 3 "files"
            Expect.equal (Checkpoint.steps folder).Length 1 "checkpoints")
        "steps do not go back",
        SafetensorsTests.inFolder (fun folder ->
            Checkpoint.saveStep 3 folder 100 (tensor 1.0)
            Checkpoint.saveStep 3 folder 100 (tensor 2.0)

            raises<ValueException, _>
                "a checkpoint of step 100 is"
                (fun () -> Checkpoint.saveStep 3 folder 50 (tensor 3.0))
                "earlier"

            raises<ValueException, _>
                "-1 as a step"
                (fun () -> Checkpoint.saveStep 3 folder -1 (tensor 3.0))
                "negative"

            raises<ValueException, _>
                "0 checkpoints to keep"
                (fun () -> Checkpoint.saveStep 0 folder 200 (tensor 3.0))
                "none"

            Expect.equal (Checkpoint.resume folder (tensor 0.0)) (tensor 2.0, 100) "the same step again")
    ]

let private nearest =
    testCase "distances between names" (fun () ->
        // Levenshtein's, by the definition.
        let rec distance (a: char list) (b: char list) =
            match a, b with
            | [], rest
            | rest, [] -> rest.Length
            | x :: xs, y :: ys when x = y -> distance xs ys
            | _ :: xs, _ :: ys -> 1 + min (distance xs ys) (min (distance xs b) (distance a ys))

        for a in [ ""; "a"; "bias"; "basis"; "weigh" ] do
            for b in [ ""; "bias"; "ba"; "height"; "sib" ] do
                Expect.equal
                    (NearestName.distance a b)
                    (distance (List.ofSeq a) (List.ofSeq b))
                    $"{a} and {b}")

[<Tests>]
let all = testList "Checkpoints" [ statics; trees; partial; differences; safety; rotation; nearest ]
