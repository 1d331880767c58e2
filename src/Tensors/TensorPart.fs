namespace Cotangent

/// A part of a tensor, as `t.At[1.., 0]` or `t.AtPoints [ rows; columns ]` names it: to read it, or to replace it in a copy.
/// Tensors never change.
[<Sealed>]
type TensorPart internal (whole: Tensor, selection: PartSelection) =
    let number (operation: string) (value: float) =
        Bind.full (Literals.real operation whole.DType value) whole.DType [||] whole.Device

    let changed (operation: string) (change: PartChange) (value: Tensor) : Tensor =
        Given.check "value" value
        PartUpdate.apply operation change selection value whole

    /// <summary>The part itself: what <c>t[1.., 0]</c> is.</summary>
    /// <exception cref="T:Cotangent.IndexException">An index lies outside its axis.</exception>
    member _.Value: Tensor = PartUpdate.read selection whole

    /// <summary>
    /// A copy of the whole tensor in which the part holds a value of its dtype, which stretches to the part, or under a
    /// mask to the whole. Where positions repeat the last one wins.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The value does not stretch to the part.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The value has another dtype.</exception>
    /// <example><code>
    /// (tensor [ 1.0; 2.0; 3.0 ]).At[1..].Set(tensor [ 7.0; 8.0 ]) // [1, 7, 8]
    /// </code></example>
    member _.Set(value: Tensor) : Tensor = changed "set" PartChange.Set value

    /// <summary>A copy of the whole tensor in which the part holds one number.</summary>
    /// <exception cref="T:Cotangent.DTypeException">
    /// The number is not a whole one, and the dtype an integer.
    /// </exception>
    /// <example><code>
    /// (tensor [ [ 1; 2 ]; [ 3; 4 ] ]).At[*, 0].Set 0.0 // [[0, 2], [0, 4]]
    /// </code></example>
    member part.Set(value: float) : Tensor = part.Set(number "set" value)

    /// <summary>
    /// A copy of the whole tensor with a value added to the part; where positions repeat all are added.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The value does not stretch to the part.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The value has another dtype.</exception>
    /// <example><code>
    /// (tensor [ 1.0; 2.0 ]).At[tensor [ 0; 0 ]].Add(tensor [ 10.0; 20.0 ]) // [31, 2]
    /// </code></example>
    member _.Add(value: Tensor) : Tensor = changed "add" (PartChange.Meet Reduce.Sum) value

    /// <summary>A copy of the whole tensor with a number added to the part.</summary>
    /// <exception cref="T:Cotangent.DTypeException">
    /// The number is not a whole one, and the dtype an integer.
    /// </exception>
    /// <example><code>
    /// (tensor [ 1.0; 2.0 ]).At[0].Add 0.5 // [1.5, 2]
    /// </code></example>
    member part.Add(value: float) : Tensor = part.Add(number "add" value)

    /// <summary>
    /// A copy of the whole tensor with the part multiplied by a value; where positions repeat, by all of them.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The value does not stretch to the part.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The value has another dtype, or the dtype is Bool.</exception>
    /// <example><code>
    /// (tensor [ 1.0; 2.0 ]).At[tensor [ 1; 1 ]].Multiply(tensor [ 10.0; 20.0 ]) // [1, 400]
    /// </code></example>
    member _.Multiply(value: Tensor) : Tensor = changed "multiply" (PartChange.Meet Reduce.Prod) value

    /// <summary>A copy of the whole tensor with the part multiplied by a number.</summary>
    /// <exception cref="T:Cotangent.DTypeException">
    /// The number is not a whole one, and the dtype an integer.
    /// </exception>
    /// <example><code>
    /// (tensor [ 1.0; 2.0 ]).At[0].Multiply 0.5 // [0.5, 2]
    /// </code></example>
    member part.Multiply(value: float) : Tensor = part.Multiply(number "multiply" value)

    /// <summary>
    /// A copy of the whole tensor in which the part is the larger of itself and a value; where positions repeat, the
    /// largest of all.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The value does not stretch to the part.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The value has another dtype.</exception>
    /// <example><code>
    /// (tensor [ 1.0; 2.0 ]).At[tensor [ 1; 1 ]].Max(tensor [ 10.0; 20.0 ]) // [1, 20]
    /// </code></example>
    member _.Max(value: Tensor) : Tensor = changed "max" (PartChange.Meet Reduce.Max) value

    /// <summary>A copy of the whole tensor in which nothing of the part is below a number.</summary>
    /// <exception cref="T:Cotangent.DTypeException">
    /// The number is not a whole one, and the dtype an integer.
    /// </exception>
    /// <example><code>
    /// (tensor [ -1.0; -2.0 ]).At[0].Max 0.0 // [0, -2]
    /// </code></example>
    member part.Max(value: float) : Tensor = part.Max(number "max" value)

    /// <summary>
    /// A copy of the whole tensor in which the part is the smaller of itself and a value; where positions repeat, the
    /// smallest of all.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The value does not stretch to the part.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The value has another dtype.</exception>
    /// <example><code>
    /// (tensor [ 1.0; 2.0 ]).At[tensor [ 1; 1 ]].Min(tensor [ 10.0; -20.0 ]) // [1, -20]
    /// </code></example>
    member _.Min(value: Tensor) : Tensor = changed "min" (PartChange.Meet Reduce.Min) value

    /// <summary>A copy of the whole tensor in which nothing of the part is above a number.</summary>
    /// <exception cref="T:Cotangent.DTypeException">
    /// The number is not a whole one, and the dtype an integer.
    /// </exception>
    /// <example><code>
    /// (tensor [ 1.0; 2.0 ]).At[0].Min 0.0 // [0, 2]
    /// </code></example>
    member part.Min(value: float) : Tensor = part.Min(number "min" value)
