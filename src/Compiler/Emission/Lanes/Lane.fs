namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// Straight-line vector code, whatever the width: what the body of a kernel becomes before it becomes machine code.
// Each operation works on all lanes of a vector at once. The code is a graph in which an operation names its operands
// by number, and which holds no operation twice.

open System

/// What a lane holds. A truth is a whole lane (I32 or I64) of zeros or of ones. (Element and Op are enumerations
/// because a union costs a method for each case, and the time to the first result is mostly that of compiling methods. A match
/// over one names all of its cases.)
type internal Element =
    | F32 = 0
    | F64 = 1
    | I32 = 2
    | I64 = 3

[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module internal Element =
    /// In bytes.
    let size (e: Element) = 4 <<< (int e &&& 1)

    let isFloat (e: Element) = int e < 2

    /// The integers of the same size, which truths are made of.
    let whole (e: Element) : Element = enum (int e ||| 2)

    /// The floats of the same size.
    let real (e: Element) : Element = enum (int e &&& 1)

type internal Op =
    /// The element that access number Immediate finds.
    | Load = 0
    /// One byte, 0 or 1, as a truth.
    | LoadBool = 1
    /// Immediate, as bits.
    | Constant = 2
    /// The index along axis Immediate.
    | Index = 3
    /// Where A is true in any lane, B recomputed one lane after the other, by the scalar function of Immediate
    /// (a case of Lanes.Scalar), of C (and of D, in functions of two).
    | Guard = 4
    // Folds over the reduced axes.
    | Sum = 5
    | Largest = 6
    | Smallest = 7
    | All = 8
    | Any = 9
    | Sqrt = 10
    | Floor = 11
    | Ceiling = 12
    /// To the nearest integer, ties to even.
    | Round = 13
    | Truncate = 14
    | Not = 15
    /// The same bits as another element of the same size.
    | Bits = 16
    /// Between numbers of one size. To an integer: towards zero, saturating, 0 for NaN.
    | ToReal = 17
    | ToWhole = 18
    /// To elements of twice the size, as many bits in all: the first half of the lanes, or the second half.
    | WidenLower = 19
    | WidenUpper = 20
    /// Two vectors into one of elements of half the size.
    | Narrow = 21
    /// To elements of twice the size, in twice the bits; and back.
    | Widen = 22
    | NarrowHalf = 23
    | ShiftLeft = 24
    | ShiftRight = 25
    /// With copies of the sign.
    | ShiftRightSigned = 26
    | Add = 27
    | Subtract = 28
    | Multiply = 29
    | Divide = 30
    /// NaN if either is NaN; 0 is larger than -0.
    | Max = 31
    | Min = 32
    /// The second where either is NaN or both are 0 on some machines; NaN if either is on others.
    | MaxNative = 33
    | MinNative = 34
    | And = 35
    | Or = 36
    | Xor = 37
    /// A and not B
    | AndNot = 38
    | Equal = 39
    | Less = 40
    | LessEqual = 41
    /// Where A is true B, else C.
    | Select = 42
    /// A·B + C, rounded once, on machines without such an instruction too.
    | MultiplyAdd = 43
    /// C - A·B
    | NegatedMultiplyAdd = 44
    /// A·B - C
    | MultiplySubtract = 45
    /// What is the same in all lanes, from Immediate bits to fewer; and from fewer to more.
    | Shorten = 46
    | Spread = 47
    // Of a key A a block of random numbers, whose number B is and whose stream Immediate: words 0 and 1, the lower one first;
    // words 2 and 3.
    | FirstWords = 48
    | LastWords = 49

/// The operations that fold over the reduced axes.
type internal Fold =
    | Sum = 5
    | Largest = 6
    | Smallest = 7
    | All = 8
    | Any = 9

[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module internal Op =
    let isFold (op: Op) = op >= Op.Sum && op <= Op.Any

    /// The fold that an operation is.
    let fold (op: Op) : Fold = if isFold op then enum (int op) else invalidOp $"{op} is no fold."

    let isLoad (op: Op) = op <= Op.LoadBool
    let isDraw (op: Op) = op >= Op.FirstWords

/// An operation; Bits is the size of the vector. Operands that are not there are -1.
[<Struct; NoEquality; NoComparison>]
type internal LaneNode = {
    Op: Op
    Element: Element
    Bits: int
    A: int
    B: int
    C: int
    D: int
    Immediate: int64
}

/// Collects operations.
[<Sealed; AllowNullLiteral>]
type internal Lanes() =
    let mutable nodes: LaneNode[] = Array.zeroCreate 64
    let mutable count = 0
    /// Chains of operations with the same hash: the last one of each, and the one before each.
    let last: int[] = Array.zeroCreate 256
    let mutable before: int[] = Array.zeroCreate 64

    member _.Count = count
    member _.Item(i: int) : LaneNode = nodes[i]
    member _.ToArray() : LaneNode[] = nodes.AsSpan(0, count).ToArray()

    /// The number of an operation, which is new unless the very same is there already.
    member _.Add(n: LaneNode) : int =
        let hash =
            (((int n.Op * 31 + n.A) * 31 + n.B) * 31 + n.C) * 31 + int n.Immediate + int (n.Immediate >>> 23)

        let hash = (hash ^^^ (hash >>> 8) ^^^ (hash >>> 16)) &&& 255
        // Numbers are kept one too large: 0 ends a chain.
        let mutable i = last[hash]

        while i > 0
              && not (
                  let m = nodes[i - 1]

                  m.Op = n.Op
                  && m.A = n.A
                  && m.B = n.B
                  && m.C = n.C
                  && m.D = n.D
                  && m.Immediate = n.Immediate
                  && m.Element = n.Element
                  && m.Bits = n.Bits
              ) do
            i <- before[i - 1]

        if i > 0 then
            i - 1
        else
            if count = nodes.Length then
                Array.Resize(&nodes, 2 * count)
                Array.Resize(&before, 2 * count)

            nodes[count] <- n
            before[count] <- last[hash]
            count <- count + 1
            last[hash] <- count
            count - 1

/// The result of an operation: what formulas are written in.
[<Struct; NoEquality; NoComparison>]
type internal Lane = {
    Code: Lanes
    Id: int
} with

    member x.Element = x.Code[x.Id].Element
    member x.Bits = x.Code[x.Id].Bits

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
        let real = Element.real x.Element

        Lane.Constant(
            x.Code,
            real,
            x.Bits,
            if real = Element.F32 then
                int64 (BitConverter.SingleToInt32Bits(float32 value))
            else
                BitConverter.DoubleToInt64Bits value
        )

    member x.Whole(value: int64) = Lane.Constant(x.Code, Element.whole x.Element, x.Bits, value)

    /// A constant of the same kind, as bits.
    member x.Pattern(bits: int64) = Lane.Constant(x.Code, x.Element, x.Bits, bits)

    /// 0 of the same kind.
    member x.Zero = x.Pattern 0L

    member x.To(op, element) = Lane.Make(x.Code, op, element, x.Bits, x.Id, -1, -1, -1, 0L)
    member x.One op = x.To(op, x.Element)
    member x.Shift(op, count: int) = Lane.Make(x.Code, op, x.Element, x.Bits, x.Id, -1, -1, -1, int64 count)
    member x.Two(op, y: Lane) = Lane.Make(x.Code, op, x.Element, x.Bits, x.Id, y.Id, -1, -1, 0L)

    /// A truth.
    member x.Compare(op, y: Lane) =
        Lane.Make(x.Code, op, Element.whole x.Element, x.Bits, x.Id, y.Id, -1, -1, 0L)

    /// The same bits as another element.
    member x.As(element: Element) : Lane =
        let code, n = x.Code, x.Code[x.Id]

        if n.Element = element then
            { Code = code; Id = x.Id }
        elif n.Op = Op.Constant then
            Lane.Constant(code, element, n.Bits, n.Immediate)
        elif n.Op = Op.Bits then
            // Of two casts only the last counts.
            let from: Lane = { Code = code; Id = n.A }
            from.As element
        else
            x.To(Op.Bits, element)

    member x.AsWhole = x.As(Element.whole x.Element)
    member x.AsReal = x.As(Element.real x.Element)
    member x.ToWhole = x.To(Op.ToWhole, Element.whole x.Element)
    member x.ToReal = x.To(Op.ToReal, Element.real x.Element)

[<RequireQualifiedAccess>]
module internal Lane =
    let private three op element (a: Lane) (b: Lane) (c: Lane) =
        Lane.Make(a.Code, op, element, b.Bits, a.Id, b.Id, c.Id, -1, 0L)

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

    /// a where the truth holds, 0 elsewhere.
    let where (truth: Lane) (a: Lane) = both (truth.As a.Element) a

    /// 0 where the truth holds, a elsewhere.
    let unless (truth: Lane) (a: Lane) = butNot (truth.As a.Element) a

    /// The sign bit alone.
    let private signBit (x: Lane) =
        x.Pattern(if Element.size x.Element = 4 then int64 Int32.MinValue else Int64.MinValue)

    let abs (x: Lane) = butNot (signBit x) x

    let negate (x: Lane) =
        if Element.isFloat x.Element then differ x (signBit x) else x.Zero.Two(Op.Subtract, x)

/// For files of formulas: these hide the operators on ordinary numbers. (F# finds operators that are members only on
/// public types.)
module internal LaneOperators =
    let (*) (x: Lane) (y: float) = x.Two(Op.Multiply, x.Real y)
    let (&&&) (x: Lane) (y: Lane) = Lane.both x y
    let (<<<) (x: Lane) (count: int) = x.Shift(Op.ShiftLeft, count)
    /// With zeros.
    let (>>>) (x: Lane) (count: int) = x.Shift(Op.ShiftRight, count)
