namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// Straight-line vector code, whatever the width: what the body of a kernel becomes before it becomes machine code.
// Each operation works on all lanes of a vector at once. The code is a graph in which an operation names its operands
// by number, and which holds no operation twice.

open System
open System.Collections.Generic
open Cotangent

/// What a lane holds. A truth is a whole lane (I32 or I64) of zeros or of ones.
[<RequireQualifiedAccess; Struct>]
type internal Element =
    | F32
    | F64
    | I32
    | I64

    /// In bytes.
    member x.Size =
        match x with
        | F32
        | I32 -> 4
        | F64
        | I64 -> 8

    member x.IsFloat =
        match x with
        | F32
        | F64 -> true
        | I32
        | I64 -> false

    /// The integers of the same size, which truths are made of.
    member x.Whole =
        match x with
        | F32
        | I32 -> I32
        | F64
        | I64 -> I64

    /// The floats of the same size.
    member x.Real =
        match x with
        | F32
        | I32 -> F32
        | F64
        | I64 -> F64

[<RequireQualifiedAccess; Struct>]
type internal Op =
    /// The element that access number Immediate finds.
    | Load
    /// One byte, 0 or 1, as a truth.
    | LoadBool
    /// Immediate, as bits.
    | Constant
    /// The index along axis Immediate.
    | Index
    | Sqrt
    | Floor
    | Ceiling
    /// To the nearest integer, ties to even.
    | Round
    | Truncate
    | Not
    /// The same bits as another element of the same size.
    | Bits
    /// Between numbers of one size. To an integer: towards zero, saturating, 0 for NaN.
    | ToReal
    | ToWhole
    /// To elements of twice the size, as many bits in all: the first half of the lanes, or the second half.
    | WidenLower
    | WidenUpper
    /// Two vectors into one of elements of half the size.
    | Narrow
    /// To elements of twice the size, in twice the bits; and back.
    | Widen
    | NarrowHalf
    | ShiftLeft
    | ShiftRight
    /// With copies of the sign.
    | ShiftRightSigned
    | Add
    | Subtract
    | Multiply
    | Divide
    /// NaN if either is NaN; 0 is larger than -0.
    | Max
    | Min
    /// The second where either is NaN or both are 0 on some machines; NaN if either is on others.
    | MaxNative
    | MinNative
    | And
    | Or
    | Xor
    /// A and not B
    | AndNot
    | Equal
    | Less
    | LessEqual
    /// Where A is true B, else C.
    | Select
    /// A·B + C, rounded once where the machine can.
    | MultiplyAdd
    /// C - A·B
    | NegatedMultiplyAdd
    /// A·B - C
    | MultiplySubtract
    /// Where A is true in any lane, B recomputed one lane after the other, by the scalar function of Immediate
    /// (a Scalar case), of C (and of the first operand of D, in functions of two).
    | Guard
    /// Folds over the reduced axes.
    | Sum
    | Largest
    | Smallest
    | All
    | Any

/// An operation; Bits is the size of the vector.
[<Struct; CustomEquality; NoComparison>]
type internal Node = {
    Op: Op
    Element: Element
    Bits: int
    A: int
    B: int
    C: int
    D: int
    Immediate: int64
} with

    override x.Equals other =
        match other with
        | :? Node as y -> (x :> IEquatable<Node>).Equals y
        | _ -> false

    override x.GetHashCode() =
        ((((x.Op.GetHashCode() * 31 + x.A) * 31 + x.B) * 31 + x.C) * 31 + x.D) * 31
        + x.Immediate.GetHashCode()

    interface IEquatable<Node> with
        member x.Equals y =
            x.Op = y.Op
            && x.A = y.A
            && x.B = y.B
            && x.C = y.C
            && x.D = y.D
            && x.Immediate = y.Immediate
            && x.Element = y.Element
            && x.Bits = y.Bits

/// Collects operations.
[<Sealed; AllowNullLiteral>]
type internal Lanes() =
    let nodes = ResizeArray<Node>()
    let known = Dictionary<Node, int>()

    member _.Nodes = nodes

    member _.Add(node: Node) =
        match known.TryGetValue node with
        | true, i -> i
        | _ ->
            let i = nodes.Count
            nodes.Add node
            known.Add(node, i)
            i

/// The result of an operation: what formulas are written in.
[<Struct; CustomEquality; NoComparison>]
type internal Lane = {
    Code: Lanes
    Id: int
} with

    override x.Equals _ = invalidOp "Lanes are compared by Lane.equal."
    override x.GetHashCode() = x.Id

    member x.Node = x.Code.Nodes[x.Id]
    member x.Element = x.Node.Element
    member x.Bits = x.Node.Bits

    static member Make(code: Lanes, op, element, bits, a, b, c, d, immediate) =
        let node = {
            Op = op
            Element = element
            Bits = bits
            A = a
            B = b
            C = c
            D = d
            Immediate = immediate
        }

        { Code = code; Id = code.Add node }

    static member Constant(code: Lanes, element: Element, bits: int, value: int64) =
        Lane.Make(code, Op.Constant, element, bits, -1, -1, -1, -1, value)

    /// A constant of the same kind.
    member x.Real(value: float) =
        match x.Element.Real with
        | Element.F32 ->
            Lane.Constant(x.Code, Element.F32, x.Bits, int64 (BitConverter.SingleToInt32Bits(float32 value)))
        | _ -> Lane.Constant(x.Code, Element.F64, x.Bits, BitConverter.DoubleToInt64Bits value)

    member x.Whole(value: int64) = Lane.Constant(x.Code, x.Element.Whole, x.Bits, value)

    /// 0 of the same kind.
    member x.Zero = Lane.Constant(x.Code, x.Element, x.Bits, 0L)

    member x.To(op, element) = Lane.Make(x.Code, op, element, x.Bits, x.Id, -1, -1, -1, 0L)
    member x.One op = x.To(op, x.Element)
    member x.Shift(op, count: int) = Lane.Make(x.Code, op, x.Element, x.Bits, x.Id, -1, -1, -1, int64 count)
    member x.Two(op, y: Lane) = Lane.Make(x.Code, op, x.Element, x.Bits, x.Id, y.Id, -1, -1, 0L)

    /// A truth.
    member x.Compare(op, y: Lane) = Lane.Make(x.Code, op, x.Element.Whole, x.Bits, x.Id, y.Id, -1, -1, 0L)

    member x.AsWhole = if x.Element.IsFloat then x.To(Op.Bits, x.Element.Whole) else x
    member x.AsReal = if x.Element.IsFloat then x else x.To(Op.Bits, x.Element.Real)
    member x.ToWhole = x.To(Op.ToWhole, x.Element.Whole)
    member x.ToReal = x.To(Op.ToReal, x.Element.Real)

[<RequireQualifiedAccess>]
module internal Lane =
    let private three op element (a: Lane) (b: Lane) (c: Lane) =
        Lane.Make(a.Code, op, element, b.Bits, a.Id, b.Id, c.Id, -1, 0L)

    /// x·y + z
    let fma (x: Lane) (y: Lane) (z: Lane) = three Op.MultiplyAdd x.Element x y z

    /// z - x·y
    let fnma (x: Lane) (y: Lane) (z: Lane) = three Op.NegatedMultiplyAdd x.Element x y z

    /// x·y - z
    let fms (x: Lane) (y: Lane) (z: Lane) = three Op.MultiplySubtract x.Element x y z
    let select (truth: Lane) (a: Lane) (b: Lane) = three Op.Select a.Element truth a b
    let equal (x: Lane) (y: Lane) = x.Compare(Op.Equal, y)
    let less (x: Lane) (y: Lane) = x.Compare(Op.Less, y)
    let lessEqual (x: Lane) (y: Lane) = x.Compare(Op.LessEqual, y)
    let complement (x: Lane) = x.One Op.Not
    let both (x: Lane) (y: Lane) = x.Two(Op.And, y)
    let either (x: Lane) (y: Lane) = x.Two(Op.Or, y)
    let differ (x: Lane) (y: Lane) = x.Two(Op.Xor, y)

    /// x and not y
    let butNot (y: Lane) (x: Lane) = x.Two(Op.AndNot, y)

    let private bitwise (op: Lane -> Lane) (a: Lane) =
        if a.Element.IsFloat then (op a.AsWhole).AsReal else op a

    /// a where the truth holds, 0 elsewhere.
    let where (truth: Lane) (a: Lane) = bitwise (both truth) a

    /// 0 where the truth holds, a elsewhere.
    let unless (truth: Lane) (a: Lane) = bitwise (butNot truth) a

    let private signBit (x: Lane) =
        x.Whole(if x.Element.Size = 4 then int64 Int32.MinValue else Int64.MinValue)

    let abs (x: Lane) = bitwise (butNot (signBit x)) x

    let negate (x: Lane) =
        if x.Element.IsFloat then bitwise (differ (signBit x)) x else x.Zero.Two(Op.Subtract, x)

    /// The sign bit alone.
    let signOf (x: Lane) = both x.AsWhole (signBit x)

    /// A number that is not negative, with the sign of another.
    let withSign (sign: Lane) (x: Lane) = (either x.AsWhole sign).AsReal

    /// A polynomial, the highest coefficient first.
    let polynomial (x: Lane) (coefficients: float[]) =
        let mutable y = x.Real coefficients[0]

        for i in 1 .. coefficients.Length - 1 do
            y <- fma y x (x.Real coefficients[i])

        y

/// For files of formulas: these hide the operators on ordinary numbers. (F# finds operators that are members only on
/// public types.)
module internal LaneOperators =
    let (+) (x: Lane) (y: Lane) = x.Two(Op.Add, y)
    let (-) (x: Lane) (y: Lane) = x.Two(Op.Subtract, y)
    let (*) (x: Lane) (y: Lane) = x.Two(Op.Multiply, y)
    let (/) (x: Lane) (y: Lane) = x.Two(Op.Divide, y)
    let (~-) (x: Lane) = Lane.negate x
    let (&&&) (x: Lane) (y: Lane) = Lane.both x y
    let (|||) (x: Lane) (y: Lane) = Lane.either x y
    let (^^^) (x: Lane) (y: Lane) = Lane.differ x y
    let (<<<) (x: Lane) (count: int) = x.Shift(Op.ShiftLeft, count)
    /// With zeros.
    let (>>>) (x: Lane) (count: int) = x.Shift(Op.ShiftRight, count)
    // With a number.
    let (+.) (x: Lane) (y: float) = x + x.Real y
    let (-.) (x: Lane) (y: float) = x - x.Real y
    let ( *. ) (x: Lane) (y: float) = x * x.Real y
