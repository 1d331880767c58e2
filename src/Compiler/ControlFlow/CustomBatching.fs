namespace Cotangent

open Cotangent.Batching
open Cotangent.Inlined // in place of functions of Array and List

/// <summary>
/// What <c>withBatching</c> gives its rule: the argument of all examples at once.
/// </summary>
/// <example><code>
/// // The rule gets all examples at once.
/// let double = withBatching (fun (all: BatchedArgument&lt;Tensor>) -> 2.0 * all.Value) (fun x -> 2.0 * x)
/// vmap double (tensor [ 1.0; 2.0 ]) // [2, 4]
/// </code></example>
[<NoComparison; NoEquality>]
type BatchedArgument<'p> = {
    /// A tree like the argument of one example. Its tensors have the examples along axis 0, but for those that all examples share,
    /// which are as they were.
    Value: 'p
    /// How many examples there are.
    Examples: int
    /// Whether a tensor has the examples along axis 0, for each of them, in the order of `Tree.leaves`.
    IsBatched: bool list
} with

    /// The same, where every tensor has the examples along axis 0: shared ones are spread, which takes no memory.
    member batch.Expanded: 'p =
        let each isBatched (t: Tensor) =
            BatchRules.each batch.Examples (if isBatched then Operand.Batched t else Operand.Shared t)

        Tree.leaves batch.Value
        |> Array.map2 each (Array.ofList batch.IsBatched)
        |> Tree.rebuild batch.Value

namespace Cotangent.Compiler

open Cotangent
open Cotangent.Batching
open Cotangent.Inlined // in place of functions of Array and List

/// A function of one example with a function of a whole batch. Its derivatives are such pairs again: of each function its own.
[<Sealed>]
type internal WithBatchRule
    (name: string, f: Tensor[] -> Tensor[], rule: int -> bool[] -> Tensor[] -> Tensor[]) =
    inherit BatchingOperation(name)

    /// What a transformation makes of the function, and of the rule, of which every input then has the examples along axis 0:
    /// each example has a change of its own, also of what all share.
    let transformed count (through: (Tensor[] -> Tensor[]) -> Tensor[] -> Tensor[]) =
        let throughRule examples (marks: bool[]) (inputs: Tensor[]) =
            Array.map2
                (fun (t: Tensor) isBatched ->
                    BatchRules.each examples (if isBatched then Operand.Batched t else Operand.Shared t))
                inputs
                marks
            |> through (rule examples (Array.create count true))

        WithBatchRule(name, through f, throughRule)

    let apply (f: WithBatchRule) (inputs: Tensor[]) = Bind.apply (Primitive.Custom f) inputs

    override _.Run inputs = f inputs

    override _.OfBatch(trace, operands) =
        let outputs =
            operands |> Array.map _.Tensor |> rule trace.Examples (operands |> Array.map _.IsBatched)

        for t in outputs do
            if t.Rank = 0 || t.Dims[0] <> trace.Examples then
                raise (
                    ShapeException
                        $"{name}: the rule returned shape {Shape.show t.Dims} for a batch of {trace.Examples} examples; every tensor of its result must have these along axis 0."
                )

        outputs

    override _.Pushed(inputs, tangents) =
        let count = inputs.Length
        let active = BodyRules.places (fun (d: Tensor voption) -> d.IsSome) tangents
        let mutable results, floats = 0, [||]

        let push run (xs: Tensor[]) =
            let struct (values, pushed) =
                BodyRules.forward name run (Array.take count xs) active (Array.skip count xs)

            results <- values.Length
            floats <- BodyRules.places BodyRules.isFloat values
            Array.append values (BodyRules.pickOrZeros floats values pushed)

        let all =
            active
            |> Array.map (fun i -> tangents[i].Value)
            |> Array.append inputs
            |> apply (transformed count push)

        struct (Array.take results all, BodyRules.scatter results floats (Array.skip results all))

    override _.HasSeries = true

    override _.Series(order, inputs, rest) =
        let count, places = inputs.Length, BodyRules.termPlaces rest
        let mutable results, floats = 0, [||]

        let along run (xs: Tensor[]) =
            let struct (values, found) =
                BodyRules.series name order run (Array.take count xs) places (Array.skip count xs)

            results <- values.Length
            floats <- BodyRules.places BodyRules.isFloat values
            Array.append values (BodyRules.termsOrZeros order floats values found)

        let all = BodyRules.pickTerms places rest |> Array.append inputs |> apply (transformed count along)

        struct (Array.take results all, BodyRules.scatterTerms results order floats (Array.skip results all))

    override f.Push(inputs, _, tangents) =
        let struct (_, pushed) = f.Pushed(inputs, tangents)
        pushed

    override _.Pull(inputs, _, cotangents) =
        let count = inputs.Length
        let given = BodyRules.places (fun (c: Tensor voption) -> c.IsSome) cotangents
        let wanted = BodyRules.places BodyRules.isFloat inputs

        let pull run (xs: Tensor[]) =
            let primals = Array.take count xs

            BodyRules.reverse name run primals wanted given (Array.skip count xs)
            |> BodyRules.pickOrZeros wanted primals

        given
        |> Array.map (fun i -> cotangents[i].Value)
        |> Array.append inputs
        |> apply (transformed count pull)
        |> BodyRules.scatter count wanted

/// A function with a batching rule of the user's own.
module internal CustomBatching =
    let run (name: string) (rule: BatchedArgument<'p> -> 'q) (f: 'p -> 'q) (x: 'p) : 'q =
        let mutable result = Unchecked.defaultof<'q>

        let told (y: 'q) =
            result <- y
            Tree.leavesOf $"{name}: the result's type" y

        let ofBatch examples (marks: bool[]) (inputs: Tensor[]) =
            told (rule { Value = Tree.rebuild x inputs; Examples = examples; IsBatched = List.ofArray marks })

        let operation = WithBatchRule(name, (fun inputs -> told (f (Tree.rebuild x inputs))), ofBatch)

        let outputs = Bind.apply (Primitive.Custom operation) (Tree.leavesOf $"{name}: the argument's type" x)
        Tree.rebuild result outputs
