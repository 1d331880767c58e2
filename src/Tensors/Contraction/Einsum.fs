namespace Cotangent

open System
open System.Collections.Generic
open Cotangent.Inlined // in place of functions of Array and List

/// Sums of products in Einstein's notation.
[<AutoOpen>]
module Einsum =
    /// How many axes of an operand the dots stand for.
    let private restOf (equation: string) (i: int) (labels: string) (t: Tensor) : int =
        let hasRest = labels.Contains EinsumEquation.rest
        let named = if hasRest then labels.Length - 1 else labels.Length
        let axes = t.Rank - named

        if axes < 0 || axes > 0 && not hasRest then
            let written = labels.Replace(string EinsumEquation.rest, "...")

            raise (
                ShapeException
                    $"einsum: in \"{equation}\" operand {i + 1}, \"{written}\", names {named} axes, and the tensor has shape {Shape.show t.Dims}. Name each axis; three dots stand for any number of them."
            )

        axes

    /// The dots spelled out as so many labels.
    let private spelled (labels: string) (rest: int) : string =
        let dots = String(Array.init rest (fun i -> EinsumEquation.restLabel (rest - 1 - i)))
        labels.Replace(string EinsumEquation.rest, dots)

    let private isRest (label: char) = label >= EinsumEquation.restLabel 0

    /// The size of each label; axes under the dots broadcast.
    let private sizes (equation: string) (labels: string[]) (operands: Tensor[]) : Dictionary<char, int> =
        let found = Dictionary<char, int>()

        for i in 0 .. operands.Length - 1 do
            for axis in 0 .. labels[i].Length - 1 do
                let label, size = labels[i][axis], operands[i].Dims[axis]

                match found.TryGetValue label with
                | false, _ -> found[label] <- size
                | true, known when known = size || isRest label && size = 1 -> ()
                | true, 1 when isRest label -> found[label] <- size
                | true, known ->
                    let what = if isRest label then "an axis under the dots" else string label

                    raise (
                        ShapeException
                            $"einsum: in \"{equation}\" {what} has size {known} in one place and {size} in operand {i + 1} of shape {Shape.show operands[i].Dims}. One letter is one size; axes under dots stretch where they are 1."
                    )

        found

    /// Without axes that are to stretch: a label that is missing does so by itself.
    let private narrowed (sizes: Dictionary<char, int>) (labels: string) (t: Tensor) : Labelled =
        let isStretched axis = isRest labels[axis] && t.Dims[axis] <> sizes[labels[axis]]

        match Range.filter labels.Length isStretched with
        | [||] -> { Labels = labels; Value = t }
        | stretched ->
            let kept = Range.filter labels.Length (fun axis -> not (Array.contains axis stretched))

            {
                Labels = String(Array.map (fun axis -> labels[axis]) kept)
                Value = t.Reshape(Array.map (fun axis -> t.Dims[axis]) kept)
            }

    /// <summary>
    /// A sum of products, written by the axes: `einsum "ij,jk->ik" [ a; b ]` is the product of two matrices. Each operand has
    /// a letter for each of its axes; axes of one letter go together, and what is not named behind the arrow is summed
    /// over. A letter that one operand has twice takes its diagonal. Three dots stand for all axes that are not named, which
    /// broadcast. Without an arrow, the result has the dots, then the letters that stand once, in the order of the
    /// alphabet, as in NumPy. Several operands are multiplied in the order that takes the fewest multiplications (beyond
    /// eight, a good order).
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// The equation is none, or has another number of operands than there are tensors.
    /// </exception>
    /// <exception cref="T:Cotangent.ShapeException">A tensor has another number of axes, or a letter two sizes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are Bool.</exception>
    /// <example><code>
    /// let a = tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]
    /// einsum "ij,jk->ik" [ a; a ] // [[7, 10], [15, 22]]
    /// einsum "ii" [ a ] // the trace: 5
    /// einsum "ij->ji" [ a ] // [[1, 3], [2, 4]]
    /// einsum "...d,...d->..." [ a; tensor [ 1.0; 10.0 ] ] // [21, 43]
    /// </code></example>
    let einsum (equation: string) (operands: Tensor seq) : Tensor =
        Given.check "equation" equation
        let operands = Given.items "operands" operands
        let struct (inputs, output) = EinsumEquation.parse equation

        if inputs.Length <> operands.Length then
            raise (
                ValueException
                    $"einsum: \"{equation}\" is of {inputs.Length} operands, and {operands.Length} tensors are given. Commas divide the operands."
            )

        for t in operands do
            Operands.sameDType "einsum" operands[0] t

            if t.DType = DType.Bool then
                raise (
                    DTypeException
                        $"einsum is not defined on Bool, got {Shape.show t.Dims}; convert to Int32 or a float first."
                )

        let rest = Array.init operands.Length (fun i -> restOf equation i inputs[i] operands[i])
        let mostRest = Array.fold max 0 rest

        if mostRest > 0 && not (output.Contains EinsumEquation.rest) then
            raise (
                ValueException
                    $"einsum: in \"{equation}\" the dots stand for {mostRest} axes of an operand, and the result has none. Write them behind the arrow, too, or a letter for each axis that is to be summed over."
            )

        let labels = Array.init operands.Length (fun i -> spelled inputs[i] rest[i])
        let sizes = sizes equation labels operands
        let labelled = Array.init operands.Length (fun i -> narrowed sizes labels[i] operands[i])
        Contraction.product (fun label -> float sizes[label]) labelled (spelled output mostRest)
