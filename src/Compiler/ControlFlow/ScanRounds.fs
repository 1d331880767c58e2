namespace Cotangent.Compiler

open Cotangent
open Cotangent.Differentiation
open Cotangent.Inlined // in place of functions of Array and List

/// What the rules of a loop of known length take apart and put together: its inputs by their parts, and rounds by their order.
[<Sealed>]
type internal ScanRounds(s: Scan) =
    /// The first input that is a sequence.
    member val First = s.Shared + s.Carry

    /// Shared inputs, what goes round, and sequences.
    member rounds.Parts(xs: 'a[]) : struct ('a[] * 'a[] * 'a[]) =
        struct (xs[.. s.Shared - 1], xs[s.Shared .. rounds.First - 1], xs[rounds.First ..])

    /// Of what is there for each round, the part of so many rounds, in the order in which they run.
    member _.Cut(early: int, count: int, t: Tensor) : Tensor =
        sliceAxis 0 (if s.Reverse then s.Count - early - count else early) count t

    member rounds.CutAll(early: int, count: int, xs: Tensor[]) : Tensor[] =
        xs |> Array.map (fun t -> rounds.Cut(early, count, t))

    member rounds.CutEach(early: int, count: int, xs: Tensor voption[]) : Tensor voption[] =
        xs |> Array.map (ValueOption.map (fun t -> rounds.Cut(early, count, t)))

    /// What there is for one round.
    member rounds.One(early: int, t: Tensor) : Tensor = (rounds.Cut(early, 1, t)).Reshape t.Dims[1..]

    /// What the body is given in a round.
    member rounds.Given(early: int, others: Tensor[], sequences: Tensor[]) : Tensor[] =
        Array.append others (sequences |> Array.map (fun t -> rounds.One(early, t)))

    /// What comes next after a round, in the order of the inputs.
    member _.Next(inputs: 'a[], results: 'a[], sequences: 'a[]) : 'a[] =
        Array.concat [ inputs[.. s.Shared - 1]; Array.take s.Carry results; sequences ]

    member _.Join(early: Tensor, late: Tensor) : Tensor =
        concat 0 (if s.Reverse then [ late; early ] else [ early; late ])

    /// Two parts of a change, where either is there.
    member rounds.JoinChange
        (early: struct (Tensor * Tensor voption), late: struct (Tensor * Tensor voption))
        : Tensor voption =
        match early, late with
        | struct (_, ValueNone), struct (_, ValueNone) -> ValueNone
        | struct (a, da), struct (b, db) ->
            ValueSome(rounds.Join(BodyRules.orZeros a da, BodyRules.orZeros b db))

/// Groups of inputs of a loop that a rule writes, of which its body gets each by itself.
[<Struct; NoComparison; NoEquality>]
type internal ScanGroup = {
    Inputs: Tensor[]
    /// Whether a round gets a slice of each.
    IsSliced: bool
} with

    static member whole(inputs: Tensor[]) = { Inputs = inputs; IsSliced = false }
    static member sliced(inputs: Tensor[]) = { Inputs = inputs; IsSliced = true }

[<RequireQualifiedAccess>]
module internal ScanGroup =
    /// The body's graph, and all inputs of the loop.
    let stage
        (name: string)
        (groups: ScanGroup list)
        (step: Tensor[] list -> Tensor[])
        : struct (Graph * Tensor[]) =
        let like =
            groups
            |> List.map (fun g ->
                if g.IsSliced then Array.map BodyRules.likeSlice g.Inputs else BodyRules.likeAll g.Inputs)
            |> Array.concat

        let counts = groups |> List.map _.Inputs.Length
        let body = Stage.closed name (BodyRules.split counts >> step) like
        struct (body, groups |> List.map _.Inputs |> Array.concat)
