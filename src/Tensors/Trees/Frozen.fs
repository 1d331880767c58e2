namespace Cotangent

/// <summary>
/// What is part of a model but is not trained: running statistics, fixed tables, a part that came trained already. Its tensors,
/// of whatever dtype, are leaves of a tree like any other: they compile, batch, convert and are saved. But no derivative is
/// taken by them: <c>grad</c> and its relatives treat them as constants, their place in the gradient holds zeros, and optimisers leave
/// them as they are.
/// </summary>
/// <remarks>
/// A name of a leaf does not show it: the mean in <c>{ Mean = Frozen mean }</c> is called <c>mean</c>.
/// </remarks>
/// <example><code>
/// let model = {| Weight = tensor [ 2.0 ]; Count = Frozen(tensor [ 3 ]) |}
/// grad (fun (m: {| Weight: Tensor; Count: Frozen&lt;Tensor> |}) -> sum (m.Weight * m.Weight)) model
/// // { Count = Frozen [0]; Weight = [4] }
/// </code></example>
[<Sealed; StructuredFormatDisplay "Frozen {Value}">]
type Frozen<'t>(value: 't) =
    /// What is not trained: a tensor, or any tree of tensors.
    member _.Value = value

    override _.Equals other =
        match other with
        | :? Frozen<'t> as other -> Unchecked.equals value other.Value
        | _ -> false

    override _.GetHashCode() = Unchecked.hash value
    override _.ToString() = $"Frozen {value}"
