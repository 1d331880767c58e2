namespace Cotangent.Inference

open System
open Cotangent
open Cotangent.Distributions

/// <summary>
/// A log-density over parameters that have bounds, as one over any numbers: chosen tensors of the tree are values of bijections, and the
/// logarithm of how much these stretch is added. What samplers and variational inference take.
/// </summary>
/// <example><code>
/// // A positive number, exponential of rate 2, by its logarithm.
/// let model = Unconstrained(fun (x: Tensor) -> Exponential(tensor 2.0).LogProb x).With(id, Bijections.Exp)
/// let found = Nuts.sample Nuts.defaults model.LogDensity (model.Free(tensor 1.0)) (Key.create 0L)
/// (Samples.map model.Constrain found).Draws // shape (4, 1000)
/// </code></example>
[<Sealed>]
type Unconstrained<'p>
    private (logDensity: Func<'p, Tensor>, constraints: (Func<'p, Tensor> * Bijection) list) =
    /// Which leaf of a tree each constraint is about: that which its function returns. Views, so that no two leaves are one object.
    let places (tree: 'p) : (int * Bijection) list =
        let tree = tree |> Tree.map (fun t -> (t.Unsqueeze 0).Squeeze 0)
        let leaves = Tree.leaves tree

        let found =
            constraints
            |> List.map (fun (select, bijection) ->
                let chosen = select.Invoke tree

                match leaves |> Array.tryFindIndex (fun leaf -> obj.ReferenceEquals(leaf, chosen)) with
                | Some place -> place, bijection
                | None ->
                    raise (
                        ValueException
                            "Unconstrained.With: the function returned no tensor of the tree. It must return one as it stands there, as in `fun q -> q.Spread`; what is computed of it belongs into the log-density."
                    ))

        for place, several in List.groupBy fst found do
            if several.Length > 1 then
                raise (
                    ValueException
                        $"Unconstrained.With: {several.Length} bijections for `{(Tree.paths tree)[place]}`; one is wanted. `Bijections.Chain` makes one of several."
                )

        found

    /// Some leaves replaced, each by a function of its bijection and itself.
    let replace (f: Bijection -> Tensor -> Tensor) (tree: 'p) : 'p =
        let leaves = Tree.leaves tree

        for place, bijection in places tree do
            leaves[place] <- f bijection leaves[place]

        Tree.rebuild tree leaves

    /// <summary>A log-density that has no bounds yet.</summary>
    new(logDensity: Func<'p, Tensor>) =
        if isNull (box logDensity) then nullArg "logDensity"
        Unconstrained(logDensity, [])

    /// <summary>The same where one tensor of the tree is the value of a bijection.</summary>
    /// <param name="select">Returns that tensor of a tree, as <c>fun q -> q.Spread</c> does.</param>
    /// <param name="bijection">Whose values it may have: <c>Bijections.Exp</c> for a positive one.</param>
    /// <exception cref="T:Cotangent.ValueException">
    /// When it is used: the function returns no tensor of the tree, or one that has a bijection already.
    /// </exception>
    /// <example><code>
    /// // A positive number, by its logarithm.
    /// let model = Unconstrained(fun (x: Tensor) -> Exponential(tensor 2.0).LogProb x).With(id, Bijections.Exp)
    /// model.Free(tensor 1.0) // 0
    /// </code></example>
    member _.With(select: Func<'p, Tensor>, bijection: Bijection) : Unconstrained<'p> =
        if isNull (box select) then nullArg "select"
        if isNull (box bijection) then nullArg "bijection"
        Unconstrained(logDensity, constraints @ [ select, bijection ])

    /// <summary>The parameters that free numbers stand for; of draws, too, with axes in front.</summary>
    /// <example><code>
    /// let model = Unconstrained(fun (x: Tensor) -> Exponential(tensor 2.0).LogProb x).With(id, Bijections.Exp)
    /// model.Constrain(tensor [ 0.0; 1.0 ]) // [1, 2.7183]
    /// </code></example>
    member _.Constrain(free: 'p) : 'p = replace (fun bijection x -> bijection.Forward x) free

    /// <summary>The free numbers that stand for parameters.</summary>
    /// <exception cref="T:Cotangent.ValueException">A parameter is out of its bounds.</exception>
    /// <example><code>
    /// let model = Unconstrained(fun (x: Tensor) -> Exponential(tensor 2.0).LogProb x).With(id, Bijections.Exp)
    /// model.Free(tensor 2.0) // 0.6931
    /// model.Free(tensor -1.0) // throws ValueException
    /// </code></example>
    member _.Free(parameters: 'p) : 'p =
        parameters
        |> replace (fun bijection y ->
            let isOutside = bijection.IsOutside y
            // One Bool for each value, which may have axes.
            let spread =
                Seq.fold (fun (t: Tensor) _ -> t.Unsqueeze -1) isOutside [ isOutside.Rank + 1 .. y.Rank ]

            let wanted = "what the bijection of this tensor can give"
            bijection.Inverse(Parameters.require "Unconstrained.Free" "a parameter" wanted (spread.Not()) y))

    /// <summary>
    /// The log-density of free numbers: that of the parameters which they stand for, and the logarithm of how much space is stretched. One
    /// number.
    /// </summary>
    /// <example><code>
    /// // log 2 - 2 eˣ + x
    /// let model = Unconstrained(fun (x: Tensor) -> Exponential(tensor 2.0).LogProb x).With(id, Bijections.Exp)
    /// model.LogDensity(tensor 0.0) // -1.3069
    /// </code></example>
    member model.LogDensity(free: 'p) : Tensor =
        let leaves = Tree.leaves free

        let stretched =
            places free |> List.map (fun (place, bijection) -> sum (bijection.LogJacobian leaves[place]))

        List.fold (+) (logDensity.Invoke(model.Constrain free)) stretched
