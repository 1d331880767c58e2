namespace Cotangent

open System
open Cotangent.Inlined // in place of functions of Array and List

/// A tensor each of whose axes has a label, none twice.
[<Struct; NoComparison; NoEquality>]
type internal Labelled = { Labels: string; Value: Tensor }

/// Sums of products over labelled axes, as products of matrices, sums and diagonals.
module internal Contraction =
    let private without (labels: string) (others: string) =
        String.filter (fun label -> not (labels.Contains label)) others

    let private common (a: string) (b: string) = String.filter (fun label -> b.Contains label) a

    /// The axes in the order of these labels.
    let private ordered (labels: string) (t: Labelled) : Tensor =
        t.Value.Permute(Array.init labels.Length (fun i -> t.Labels.IndexOf labels[i]))

    /// An axis for each label, where a label that stands twice means the diagonal.
    let rec diagonal (t: Labelled) : Labelled =
        match Range.tryFind t.Labels.Length (fun i -> t.Labels.LastIndexOf t.Labels[i] > i) with
        | ValueNone -> t
        | ValueSome i ->
            let j = t.Labels.LastIndexOf t.Labels[i]
            let others = Array.filter (fun k -> k <> i && k <> j) (Shape.allAxes t.Labels.Length)

            diagonal {
                Labels = String(Array.map (fun k -> t.Labels[k]) others) + string t.Labels[i]
                Value = (t.Value.Permute(Array.append others [| i; j |])).Diagonal()
            }

    /// Summed over the axes that have none of these labels.
    let summed (keep: string) (t: Labelled) : Labelled =
        let axes = Range.filter t.Labels.Length (fun i -> not (keep.Contains t.Labels[i]))

        if axes.Length = 0 then
            t
        else
            {
                Labels = common t.Labels keep
                Value = Bind.one (Primitive.Reduce(Reduction.Sum, axes)) [| t.Value |]
            }

    /// The product of two tensors, summed over what both have and the result has not.
    let private pair (keep: string) (a: Labelled) (b: Labelled) : Labelled =
        let both = common a.Labels b.Labels
        let batch, over = common both keep, without keep both
        let rows, columns = without both a.Labels, without both b.Labels

        let sizes (t: Labelled) (labels: string) =
            Array.init labels.Length (fun i -> t.Value.Dims[t.Labels.IndexOf labels[i]])

        let shape = Array.concat [ sizes a batch; sizes a rows; sizes b columns ]
        Shape.requireRoom "einsum" shape
        let labels = batch + rows + columns

        // Groups of axes as single ones, in the order named; with no axis in a group, one of size 1.
        let grouped (t: Labelled) first second =
            let t = ordered (batch + first + second) t
            let from = batch.Length
            let middle = from + String.length first

            t.Reshape(
                Array.append t.Dims[.. from - 1] [|
                    Shape.count t.Dims[from .. middle - 1]
                    Shape.count t.Dims[middle..]
                |]
            )

        if over = "" then
            let left = ordered (batch + rows) a
            let right = ordered (batch + columns) b

            let spread = Array.concat [ left.Dims; Array.create columns.Length 1 ] |> left.Reshape

            let across =
                Array.concat [
                    right.Dims[.. batch.Length - 1]
                    Array.create rows.Length 1
                    right.Dims[batch.Length ..]
                ]
                |> right.Reshape

            { Labels = labels; Value = spread * across }
        elif rows = "" && columns = "" && batch <> "" then
            // As matrices these would have a single row and a single column.
            summed keep { Labels = batch + over; Value = ordered (batch + over) a * ordered (batch + over) b }
        else
            { Labels = labels; Value = (matmul (grouped a rows over) (grouped b over columns)).Reshape shape }

    let rec private along (path: ContractionPath) (operands: Labelled[]) : Labelled =
        match path with
        | ContractionPath.Operand i -> operands[i]
        | ContractionPath.Pair(a, b, keep) -> pair keep (along a operands) (along b operands)

    /// The product of all operands, summed over the labels that the output has not.
    let product (size: char -> float) (operands: Labelled[]) (output: string) : Tensor =
        let operands = Array.map diagonal operands

        // What only one operand has is summed over before it meets another.
        let operands =
            operands
            |> Array.mapi (fun i operand ->
                let others =
                    operands
                    |> Array.mapi (fun j other -> if j = i then "" else other.Labels)
                    |> String.Concat

                summed (output + others) operand)

        let path = ContractionPath.plan size (Array.map _.Labels operands) output
        ordered output (summed output (along path operands))
