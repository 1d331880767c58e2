namespace Cotangent

open System
open Cotangent.Batching
open Cotangent.Differentiation
open Cotangent.Inlined // in place of functions of Array and List

/// <summary>
/// The derivatives of every tensor of a result by every tensor of an argument, both of them trees. A block has the shape (shape of the
/// result's tensor) ++ (shape of the argument's), and is asked for by functions that pick these tensors. A tree itself, so that what
/// makes it can be compiled and batched.
/// </summary>
[<NoComparison; NoEquality>]
type Jacobian<'p, 'q> = {
    /// Where the derivatives are taken.
    Argument: 'p
    /// The function's value there.
    Value: 'q
    /// For each tensor of the value, in their order, the derivatives with respect to each tensor of the argument.
    Blocks: Tensor list list
} with

    /// Which tensor of a tree a function picks: each is handed over as an object of its own, also where one stands in two places.
    static member private Place
        (operation: string, example: string, tree: 'tree, pick: Func<'tree, Tensor>)
        : int =
        let marks =
            Tree.leaves tree
            |> Array.map (fun t ->
                match t with
                | Value b -> Value b
                | Traced r -> Traced r)

        let picked = pick.Invoke(Tree.rebuild tree marks)

        match marks |> Array.tryFindIndex (fun t -> obj.ReferenceEquals(t, picked)) with
        | Some place -> place
        | None ->
            raise (
                TreeException
                    $"{operation}: the function must pick one of the tensors, as `{example}` does; it returned something else. Pick first, and compute with what comes out."
            )

    static member private PlaceOfResult(operation, value, pick) =
        Jacobian<'p, 'q>.Place(operation, "fun y -> y.Loss", value, pick)

    static member private PlaceOfArgument(operation, argument, pick) =
        Jacobian<'p, 'q>.Place(operation, "fun x -> x.Weights", argument, pick)

    /// <summary>
    /// The derivatives of one tensor of the result, by all of the argument: a tree like the argument, whose tensors have the shape
    /// (shape of the result's tensor) ++ (their own).
    /// </summary>
    /// <exception cref="T:Cotangent.TreeException">The function does not pick a tensor of the result.</exception>
    /// <example><code>
    /// let j = jacobians (fun (a: Tensor, b: Tensor) -> {| Sum = a + b; Product = a * b |}) (tensor 2.0, tensor 3.0)
    /// j.Of(fun y -> y.Product) // (3, 2)
    /// </code></example>
    member j.Of(result: Func<'q, Tensor>) : 'p =
        Given.check "result" result
        let row = Jacobian<'p, 'q>.PlaceOfResult("Jacobian.Of", j.Value, result)
        Tree.rebuild j.Argument (List.toArray j.Blocks[row])

    /// <summary>
    /// The derivatives of all of the result, by one tensor of the argument: a tree like the result, whose tensors have the shape
    /// (their own) ++ (shape of the argument's tensor).
    /// </summary>
    /// <exception cref="T:Cotangent.TreeException">The function does not pick a tensor of the argument.</exception>
    /// <example><code>
    /// let j = jacobians (fun (a: Tensor, b: Tensor) -> {| Sum = a + b; Product = a * b |}) (tensor 2.0, tensor 3.0)
    /// j.By(fst).Product // 3
    /// </code></example>
    member j.By(argument: Func<'p, Tensor>) : 'q =
        Given.check "argument" argument
        let column = Jacobian<'p, 'q>.PlaceOfArgument("Jacobian.By", j.Argument, argument)
        Tree.rebuild j.Value [| for row in j.Blocks -> row[column] |]

    /// <summary>The derivatives of one tensor of the result by one of the argument.</summary>
    /// <exception cref="T:Cotangent.TreeException">A function does not pick a tensor.</exception>
    /// <example><code>
    /// let j = jacobians (fun (a: Tensor, b: Tensor) -> a * b) (tensor [ 1.0; 2.0 ], tensor 3.0)
    /// j.Block(id, fst) // [[3, 0], [0, 3]]
    /// </code></example>
    member j.Block(result: Func<'q, Tensor>, argument: Func<'p, Tensor>) : Tensor =
        Given.check "result" result
        Given.check "argument" argument
        let row = Jacobian<'p, 'q>.PlaceOfResult("Jacobian.Block", j.Value, result)
        j.Blocks[row][Jacobian<'p, 'q>.PlaceOfArgument("Jacobian.Block", j.Argument, argument)]

    /// <summary>
    /// All blocks as one matrix: a row for each number of the result, a column for each of the argument, in the order of
    /// <c>Tree.leaves</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The tensors differ in their dtype.</exception>
    /// <example><code>
    /// let j = jacobians (fun (a: Tensor, b: Tensor) -> a * b) (tensor [ 1.0; 2.0 ], tensor 3.0)
    /// j.ToMatrix() // [[3, 0, 1], [0, 3, 2]]
    /// </code></example>
    member j.ToMatrix() : Tensor =
        let rows, columns = Tree.leaves j.Value, Tree.leaves j.Argument

        let row (y: Tensor) (blocks: Tensor list) =
            let block (x: Tensor) (t: Tensor) = t.Reshape [| y.Size; x.Size |]
            concat 1 (Seq.map2 block columns blocks)

        concat 0 (Seq.map2 row rows j.Blocks)

/// All derivatives of a function of trees, each as one batch of pushes or pulls.
module internal Jacobians =
    /// How many are made at once: fewer where the largest tensor on the way, `width` numbers for each, would have more than 2²⁶.
    let private atOnce (t: Tensor) (width: int) = max 1 ((1 <<< 26) / max 1 (max width t.Size))

    /// The leaves of the result, and of each its number among the trained ones, if it is one.
    let private numbered (operation: string) (y: 'q) : struct (Tensor[] * int voption[]) =
        let struct (leaves, trained) = Tree.marked $"{operation}: the result's type" y
        let mutable next = -1

        let number i (t: Tensor) =
            if trained[i] && not t.DType.IsFloat then
                raise (
                    DTypeException
                        $"{Placed.before ((Tree.paths y)[i])}{operation}: the function returns {t.DType} numbers, which have no derivatives. Leave them out of its result, or convert them to a float."
                )

            if trained[i] then
                next <- next + 1
                ValueSome next
            else
                ValueNone

        struct (leaves, Array.mapi number leaves)

    let private shape (result: Tensor) (argument: Tensor) = Array.append result.Dims argument.Dims

    let private zeros (result: Tensor) (argument: Tensor) =
        (Tensor.zerosLike argument).Expand(shape result argument)

    let private made x y (blocks: Tensor[][]) : Jacobian<'p, 'q> = {
        Argument = x
        Value = y
        Blocks = blocks |> Array.map List.ofArray |> List.ofArray
    }

    /// Rows by pulls of the result's tensors, one after the other.
    let reverse (operation: string) (f: 'p -> 'q) (x: 'p) : Jacobian<'p, 'q> =
        let struct (y, pull, width) = Transform.vjpOfLeaf operation f x
        let struct (results, numbers) = numbered operation y
        let arguments = Tree.leaves x

        Array.map2
            (fun (t: Tensor) number ->
                match number with
                | ValueNone -> arguments |> Array.map (zeros t)
                | ValueSome number ->
                    let rows = Batch.allOverBasis operation (atOnce t width) (pull number >> Tree.leaves) t
                    Array.map2 (fun (r: Tensor) x -> r.Reshape(shape t x)) rows arguments)
            results
            numbers
        |> made x y

    /// Columns by pushes of the argument's tensors.
    let forward (operation: string) (f: 'p -> 'q) (x: 'p) : Jacobian<'p, 'q> =
        let struct (y, push, width) = Transform.linearizeOfLeaf operation f x
        let struct (results, _) = numbered operation y
        let struct (arguments, numbers) = numbered operation x

        let columns =
            Array.map2
                (fun (t: Tensor) number ->
                    match number with
                    | ValueNone -> results |> Array.map (fun y -> zeros y t)
                    | ValueSome number ->
                        let columns =
                            Batch.allOverBasis operation (atOnce t width) (push number >> Tree.leaves) t

                        Array.map2
                            (fun (c: Tensor) y -> c.MoveAxis(0, -1).Reshape(shape y t))
                            columns
                            results)
                arguments
                numbers

        Array.init results.Length (fun i -> columns |> Array.map (fun column -> column[i])) |> made x y

    /// Of a function with one tensor as its result, a tree like the argument.
    let only (j: Jacobian<'p, Tensor>) : 'p = Tree.rebuild j.Argument (List.toArray j.Blocks[0])
