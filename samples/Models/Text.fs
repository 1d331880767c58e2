/// A transformer and an LSTM learn to write definitions, letter by letter.
module Models.Text

open System
open System.Diagnostics
open System.Threading
open Cotangent
open Cotangent.Charts
open Models
open Models.LanguageModels

let private title = "A transformer and an LSTM on The Devil's Dictionary"

/// How long, how wide, how often.
type private Plan = {
    /// Letters in a row that are learned from together.
    Length: int
    Batch: int
    Epochs: int
    Rate: float
}

/// What training and drawing have reached.
type private Written = {
    Name: string
    Parameters: int64
    BitsPerCharacter: float
    History: (int * (string * float) list) list
    Drawn: string list
    Save: CheckpointOptions -> string -> unit
}

/// The transformer, small for a quick run.
let attending (quick: bool) = if quick then transformer 2 64 4 else transformer 4 128 4

/// Rows of so many letters and the one after them, each beginning half a row after the one before.
let private rows (length: int) (text: string) : Tensor =
    let letters = DevilsDictionary.encode text
    let count = (letters.Length - length - 1) / (length / 2) + 1
    tensor [| for i in 0 .. count - 1 -> letters[i * length / 2 .. i * length / 2 + length] |]

/// Bits per character of held-out rows. Each letter counts once: in the row that shows at least half a row of letters before it.
let private evaluating (model: LanguageModel<'net, _>) (length: int) (held: Tensor) : 'net -> float =
    let bits =
        compile (fun (net, rows: Tensor) ->
            let half = length / 2
            let logits = model.Forward net null rows[*, .. length - 1]
            Loss.crossEntropy rows[*, half + 1 ..] logits[*, half..] / log 2.0)

    fun net ->
        let batches = (Data.inOrder 64 held).Epoch 0 0
        let total = batches |> Seq.sumBy (fun rows -> float (Data.count rows) * float (bits (net, rows)))
        total / float (Data.count held)

/// Four words of eight letters that the book does not have.
let private prompts = [ "COMPUTER, n.  "; "GRADIENT, n.  "; "INTERNET, n.  "; "SOFTWARE, n.  " ]

/// A definition of each prompt, all of one length, up to where the next one would begin.
let write (model: LanguageModel<'net, _>) (net: 'net) (key: Key) (prompts: string list) : string list =
    let start = tensor [| for prompt in prompts -> DevilsDictionary.encode prompt |]
    let drawn = draw model net 0.7 300 key start

    [
        for i, prompt in List.indexed prompts ->
            let text = prompt + DevilsDictionary.decode (drawn[i].ToData<int[]>())
            let next = DevilsDictionary.beginning.Match(text, prompt.Length)
            (if next.Success then text[.. next.Index - 1] else text + " …").Trim()
    ]

let private train
    (options: Options.Options)
    (model: LanguageModel<'net, _>)
    (plan: Plan)
    (cancellation: CancellationToken)
    (texts: DevilsDictionary.Texts)
    key
    =
    let forNet, forOrder, forDropout, forDrawing = Key.split4 key
    let rows, held = rows plan.Length texts.Train, rows plan.Length texts.Test
    let batches = Data.batches plan.Batch forOrder rows |> Batches.withKeys forDropout
    let steps = plan.Epochs * batches.Count
    let rate = Schedule.cosine plan.Rate 0.0 steps |> Schedule.warmUp (steps / 20)
    let optimizer = Optimizer.chain [ Optimizer.clipByGlobalNorm 1.0; Optimizer.adamW rate ]
    let evaluate = evaluating model plan.Length held

    let step (net, state) (rows: Tensor, key) =
        let loss net = Loss.crossEntropy rows[*, 1..] (model.Forward net key rows[*, .. plan.Length - 1])
        let loss, gradient = valueAndGrad loss net
        Optimizer.step optimizer gradient state net, loss / log 2.0

    let training progress =
        let net = model.Create forNet

        Recording.run
            options
            [ Record.throughput plan.Batch ]
            {
                Train.defaults with
                    Epochs = plan.Epochs
                    ReportEvery = 50
                    Progress = progress
                    Cancellation = cancellation
                    Callbacks = [ Callback.measure (Every.Epochs 1) "held out" (fst >> evaluate) ]
            }
            step
            batches
            (net, optimizer.Init net)

    let reached = Progress.show model.Name training
    let net, _ = reached.Last.State

    {
        Name = model.Name
        Parameters = Tree.size net
        BitsPerCharacter = evaluate net
        History = reached.History
        Drawn = write model net forDrawing prompts
        Save = fun about path -> Checkpoint.saveWith about path net
    }

/// What a text costs without a net, and with each of the two.
let private measures (texts: DevilsDictionary.Texts) (written: Written list) : (string * float) list =
    let counted n = NGrams.bits n DevilsDictionary.symbols texts.Train texts.Test
    let transformer, lstm = written[0], written[1]

    [
        "bitsPerCharacter", transformer.BitsPerCharacter
        "bitsPerCharacterLstm", lstm.BitsPerCharacter
        "bitsPerCharacterBigram", counted 2
        "bitsPerCharacterTrigram", counted 3
        "bitsPerCharacterFivegram", counted 5
        "bitsPerCharacterGzip", NGrams.gzip texts.Test
        "parametersLstm", float lstm.Parameters
    ]

let private figures (written: Written list) : Page.Figure list = [
    for each in written do
        Page.curves $"bits per character, {each.Name}" each.History [ "loss"; "held out" ]

    for each in written do
        Page.lines $"written by the {each.Name}" (String.concat "\n\n" each.Drawn)
]

let private run (options: Options.Options) (cancellation: CancellationToken) =
    DevilsDictionary.load options.Quick
    |> Result.map (fun texts ->
        let watch = Stopwatch.StartNew()
        let forTransformer, forLstm = Key.split (Key.create options.Seed)

        let plan length epochs rate = {
            Length = length
            Batch = 16
            Epochs = defaultArg options.Epochs epochs
            Rate = rate
        }

        // The page that follows a training follows the transformer's.
        let unwatched = { options with Watch = None }

        let written =
            if options.Quick then
                [
                    train options (attending true) (plan 64 3 4e-3) cancellation texts forTransformer
                    train unwatched (lstm 96) (plan 64 3 4e-3) cancellation texts forLstm
                ]
            else
                [
                    train options (attending false) (plan 128 4 2e-3) cancellation texts forTransformer
                    train unwatched (lstm 256) (plan 128 4 2e-3) cancellation texts forLstm
                ]

        {
            Seconds = watch.Elapsed.TotalSeconds
            Parameters = written.Head.Parameters
            Measures = measures texts written
            Figures = figures written
            Save = written.Head.Save
        })

let sample = {
    Name = "text"
    Title = title
    About =
        "Two nets read Ambrose Bierce's dictionary letter by letter, each telling from the letters so far how likely every letter is to come next, and then go on by themselves from words that the book does not have. Bits per character are those that a text takes if it is coded by these chances, on definitions that were held out; models of two, three and five letters in a row (Witten and Bell 1991) and gzip show what there is to beat."
    Run = run
}
