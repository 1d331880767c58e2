namespace Cotangent

open System.Text.RegularExpressions

/// <summary>
/// Which tensors of a model are meant, by name or by predicate; what is not trained is never among them.
/// </summary>
[<Sealed>]
type Selection internal (text: string, patterns: string list, chooses: Leaf -> bool) =
    /// What must each choose something.
    member internal _.Patterns = patterns
    member internal _.Chooses(leaf: Leaf) = chooses leaf
    override _.ToString() = text

/// <summary>Selections of a model's tensors, for weight decay, groups and freezing.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Selection =
    /// A pattern as a regular expression: `*` is anything but a dot, `**` anything, and `**.` may be nothing.
    let private expression (pattern: string) =
        let text =
            Regex
                .Escape(pattern)
                .Replace(@"\*\*\.", "(.*\\.)?")
                .Replace(@"\*\*", ".*")
                .Replace(@"\*", "[^.]*")

        Regex($"^{text}$", RegexOptions.CultureInvariant)

    let private fits (expression: Regex) (leaf: Leaf) =
        expression.IsMatch leaf.Name || expression.IsMatch leaf.Path

    /// <summary>All tensors that are trained.</summary>
    let all: Selection = Selection("all", [], (fun _ -> true))

    /// <summary>Those for which a predicate holds; it sees names, shapes and dtypes, not numbers.</summary>
    /// <example><code>
    /// // Not biases and the like.
    /// let matrices = Selection.where (fun leaf -> leaf.Tensor.Rank > 1)
    /// let optimizer = Optimizer.adamW(1e-3, decayed = matrices)
    /// </code></example>
    let where (predicate: Leaf -> bool) : Selection =
        Given.check "predicate" predicate
        Selection("where", [], predicate)

    /// <summary>
    /// Those of these names, <c>layers.0.bias</c>, in which <c>*</c> stands for one part and <c>**</c> for any number of them: a bias
    /// anywhere is <c>**.bias</c>. A pattern that fits nothing in a model is an error there.
    /// </summary>
    /// <example><code>
    /// let heads = Optimizer.groups [
    ///     Selection.named [ "**.bias" ], Optimizer.sgd 0.1
    ///     Selection.except [ Selection.named [ "**.bias" ] ], Optimizer.adam 1e-3
    /// ]
    /// </code></example>
    let named (patterns: string list) : Selection =
        Given.check "patterns" patterns
        Given.check "patterns" patterns
        let expressions = patterns |> List.map expression

        Selection(
            "named " + System.String.Join(", ", patterns),
            patterns,
            (fun leaf -> expressions |> List.exists (fun e -> fits e leaf))
        )

    /// <summary>Those in none of some selections.</summary>
    /// <example><code>
    /// // All but the bias stand still.
    /// let x = {| Weight = tensor [ 1.0 ]; Bias = tensor [ 1.0 ] |}
    /// let optimizer = Optimizer.sgd 1.0 |> Optimizer.freeze (Selection.except [ Selection.named [ "bias" ] ])
    /// let next, _ = Optimizer.step optimizer x (optimizer.Init x) x
    /// next.Bias, next.Weight // ([0], [1])
    /// </code></example>
    let except (selections: Selection list) : Selection =
        Given.check "selections" selections
        Given.check "selections" selections
        let text = "except " + System.String.Join(", ", selections)
        let patterns = selections |> List.collect _.Patterns
        Selection(text, patterns, (fun leaf -> not (selections |> List.exists (fun s -> s.Chooses leaf))))

    /// Which of the leaves are chosen.
    let internal chosen (operation: string) (selection: Selection) (leaves: Leaf[]) : bool[] =
        for pattern in selection.Patterns do
            let expression = expression pattern

            if not (leaves |> Array.exists (fits expression)) then
                let names = System.String.Join(", ", leaves |> Seq.truncate 10 |> Seq.map _.Name)
                let more = if leaves.Length > 10 then ", …" else ""

                raise (
                    ValueException
                        $"{operation}: no trained tensor is called {pattern}. There are: {names}{more}."
                )

        leaves |> Array.map selection.Chooses

    /// Which of a transformation's parameters are chosen; of all of them no names are made.
    let internal mask
        (operation: string)
        (selection: Selection)
        (parameters: TrainedParameters)
        : int -> bool =
        if obj.ReferenceEquals(selection, all) then
            fun _ -> true
        else
            let chosen = chosen operation selection parameters.Leaves.Value
            fun i -> chosen[i]
