namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// From the primitives of a kernel's body to lane operations, with the meaning that the managed engine gives them.

open System
open Cotangent

/// Lane code of a kernel's body.
[<NoEquality; NoComparison>]
type internal Body = {
    Nodes: LaneNode[]
    /// Where the loads read, and then where the stores write.
    Accesses: Access[]
    Types: DType[]
    Loads: int
    /// The operation whose value each store takes; one of Bool takes a truth.
    Stored: int[]
    /// How many points of the nest a vector holds.
    Lanes: int
}

[<RequireQualifiedAccess>]
module internal LaneCode =

    /// The dtype of each instruction's value.
    let dtypes (body: Instruction[]) : DType[] =
        let types = Array.zeroCreate body.Length

        for i in 0 .. body.Length - 1 do
            types[i] <-
                match body[i] with
                | Instruction.Load(dtype, _)
                | Instruction.Constant(_, dtype)
                | Instruction.Position(dtype, _, _, _)
                | Instruction.Convert(dtype, _)
                | Instruction.Draw(_, dtype, _, _) -> dtype
                | Instruction.Unary(Unary.IsNaN, _)
                | Instruction.Binary((Binary.Equal | Binary.Less | Binary.LessEqual), _, _) -> DType.Bool
                | Instruction.Unary(_, x)
                | Instruction.Binary(_, x, _)
                | Instruction.Select(_, x, _)
                | Instruction.Reduce(_, x) -> types[x]

        types

    let private hasSize bytes (types: DType[]) =
        let mutable found = false

        for d in types do
            if d.Size = bytes then found <- true

        found

    /// Why a kernel can't become lane code.
    let refuses (width: int) (kernel: LoopNest) : string option =
        let types = dtypes kernel.Body
        let mutable reason = None

        for i in 0 .. types.Length - 1 do
            match kernel.Body[i] with
            | Instruction.Binary((Binary.Divide | Binary.Remainder) as op, _, _) when types[i].IsInteger ->
                reason <- Some $"{op} of {types[i]}, which no vector unit has"
            | Instruction.Binary((Binary.ShiftLeft | Binary.ShiftRight) as op, _, _) ->
                reason <- Some $"{op}, of which each lane has a count of its own"
            | Instruction.Reduce(Reduction.Sum, _) when types[i] = DType.Bool ->
                reason <- Some "a sum of Bool"
            | Instruction.Convert(DType.Float32, x) when types[x] = DType.Int64 ->
                reason <- Some "Int64 to Float32, which lanes would round twice"
            | Instruction.Binary _
            | Instruction.Reduce _
            | Instruction.Convert _
            | Instruction.Load _
            | Instruction.Constant _
            | Instruction.Position _
            | Instruction.Unary _
            | Instruction.Select _
            | Instruction.Draw _ -> ()

        if hasSize 2 types then
            Some "16-bit floats"
        elif width = 128 && hasSize 4 types && hasSize 8 types then
            Some "elements of 4 and of 8 bytes in vectors of 16"
        else
            reason

    let private unsupported (op: obj) = invalidOp $"{op} on these elements should have been refused before."

    let private sign (x: Lane) =
        let one = if Element.isFloat x.Element then x.Real 1.0 else x.Whole 1L

        let low =
            if Element.isFloat x.Element then
                Lane.select (Lane.less x x.Zero) (x.Real -1.0) (x.Two(Op.Add, x.Zero))
            else
                Lane.less x x.Zero

        Lane.select (Lane.less x.Zero x) one low

    let private unary (op: Unary) (x: Lane) =
        match op.Form with
        | Form.Arithmetic Arithmetic.Negate -> Lane.negate x
        | Form.Arithmetic Arithmetic.Abs ->
            if Element.isFloat x.Element then Lane.abs x else x.Two(Op.Max, Lane.negate x)
        | Form.Arithmetic Arithmetic.Sign -> sign x
        // NaN is not below 0; -0 becomes 0.
        | Form.Arithmetic Arithmetic.Relu -> Lane.unless (Lane.lessEqual x x.Zero) x
        | Form.Direct Direct.Floor -> x.One Op.Floor
        | Form.Direct Direct.Ceiling -> x.One Op.Ceiling
        | Form.Direct Direct.Round -> x.One Op.Round
        | Form.Direct Direct.Sqrt -> x.One Op.Sqrt
        | Form.Special f -> SpecialFunctions.unary f x
        | Form.Doubled f -> SpecialFunctions.doubled f x
        | Form.Apart _ -> invalidOp $"`{op}` is none that loop nests have code for."
        | Form.IsNaN -> Lane.complement (Lane.equal x x)
        | Form.Not -> Lane.complement x

    let private binaryTruth (op: Binary) (x: Lane) (y: Lane) =
        match op with
        | Binary.And
        | Binary.Min -> Lane.both x y
        | Binary.Or
        | Binary.Max -> Lane.either x y
        | Binary.Xor -> Lane.differ x y
        | Binary.Equal -> Lane.complement (Lane.differ x y)
        | Binary.Less -> Lane.butNot x y
        | Binary.LessEqual -> Lane.either y (Lane.complement x)
        | Binary.Add
        | Binary.Subtract
        | Binary.Multiply
        | Binary.Divide
        | Binary.Remainder
        | Binary.ShiftLeft
        | Binary.ShiftRight
        | Binary.Power
        | Binary.Atan2 -> unsupported op

    let private binary (op: Binary) (x: Lane) (y: Lane) =
        match op with
        | Binary.Add -> x.Two(Op.Add, y)
        | Binary.Subtract -> x.Two(Op.Subtract, y)
        | Binary.Multiply -> x.Two(Op.Multiply, y)
        | Binary.Divide -> x.Two(Op.Divide, y)
        | Binary.Remainder -> SpecialFunctions.scalar Cotangent.Lanes.Scalar.Remainder x y
        | Binary.Power -> SpecialFunctions.power x y
        | Binary.Atan2 -> SpecialFunctions.atan2 x y
        | Binary.Max -> Bounds.max x y
        | Binary.Min -> Bounds.min x y
        | Binary.And -> Lane.both x y
        | Binary.Or -> Lane.either x y
        | Binary.Xor -> Lane.differ x y
        | Binary.ShiftLeft
        | Binary.ShiftRight -> unsupported op
        | Binary.Equal -> Lane.equal x y
        | Binary.Less -> Lane.less x y
        | Binary.LessEqual -> Lane.lessEqual x y

    /// To elements of twice or half the size.
    let private widen (x: Lane) =
        let element = if Element.isFloat x.Element then Element.F64 else Element.I64
        Lane.Make(x.Code, Op.Widen, element, x.Bits * 2, x.Id, -1, -1, -1, 0L)

    let private narrow (x: Lane) =
        let element = if Element.isFloat x.Element then Element.F32 else Element.I32
        Lane.Make(x.Code, Op.NarrowHalf, element, x.Bits / 2, x.Id, -1, -1, -1, 0L)

    /// A truth as wide as others are.
    let private fit (like: Lane) (truth: Lane) =
        let size = Element.size like.Element

        if Element.size truth.Element = size then truth
        elif size = 8 then widen truth
        else narrow truth

    /// Between numbers. Integers saturate, NaN becomes 0.
    let private convert (target: Element) (x: Lane) =
        if target = x.Element then
            x
        elif Element.size target = Element.size x.Element then
            if Element.isFloat target then x.ToReal else x.ToWhole
        elif Element.size target = 8 then
            let wide = widen x

            if Element.isFloat target = Element.isFloat x.Element then wide
            elif Element.isFloat target then wide.ToReal
            else wide.ToWhole
        elif Element.isFloat target then
            narrow x
        else
            let whole = if Element.isFloat x.Element then x.ToWhole else x
            let low, high = whole.Pattern(int64 Int32.MinValue), whole.Pattern(int64 Int32.MaxValue)
            let whole = Lane.select (Lane.less whole low) low whole
            narrow (Lane.select (Lane.less high whole) high whole)

    let private element (dtype: DType) =
        match dtype with
        | DType.Float32 -> Element.F32
        | DType.Float64 -> Element.F64
        | DType.Int32 -> Element.I32
        | DType.Int64 -> Element.I64
        | DType.BFloat16
        | DType.Float16
        | DType.Int8
        | DType.Int16
        | DType.UInt8
        | DType.UInt16
        | DType.UInt32
        | DType.UInt64
        | DType.Bool
        | DType.Complex64
        | DType.Complex128 -> invalidOp $"{dtype} has no lanes of its own."

    let private literal (code: Lanes) element bits (value: Literal) =
        let zero = Lane.Constant(code, element, bits, 0L)

        match value with
        | Literal.Real v when Element.isFloat element -> zero.Real v
        | Literal.Real v when element = Element.I32 -> zero.Pattern(int64 (Int32.CreateSaturating v))
        | Literal.Real v -> zero.Pattern(Int64.CreateSaturating v)
        | Literal.Whole v when element = Element.F32 -> zero.Real(float (float32 v))
        | Literal.Whole v when element = Element.F64 -> zero.Real(float v)
        | Literal.Whole v when element = Element.I32 -> zero.Pattern(int64 (Int32.CreateSaturating v))
        | Literal.Whole v -> zero.Pattern v

    /// Translates the instructions of one body.
    [<Sealed>]
    type private Translation(width: int, kernel: LoopNest) =
        let code = Lanes()
        let types = dtypes kernel.Body
        let widest = if hasSize 8 types then 8 else 4
        let values: Lane[] = Array.zeroCreate types.Length
        let truths = if widest = 8 then Element.I64 else Element.I32

        /// Elements of 4 bytes fill half a vector beside those of 8.
        let bits e = width / (widest / Element.size e)

        let make op e a immediate = Lane.Make(code, op, e, bits e, a, -1, -1, -1, immediate)
        let isTrue x = Lane.complement (Lane.equal x x.Zero)

        member _.Code = code
        member _.Types = types
        member _.Values = values
        member _.Lanes = width / 8 / widest

        member _.Load(dtype, number: int) =
            if dtype = DType.Bool then
                make Op.LoadBool truths -1 (int64 number)
            else
                make Op.Load (element dtype) -1 (int64 number)

        member _.Constant(value, dtype) =
            if dtype = DType.Bool then
                let isTrue =
                    match value with
                    | Literal.Real v -> v <> 0.0
                    | Literal.Whole v -> v <> 0L

                make Op.Constant truths -1 (if isTrue then -1L else 0L)
            else
                let e = element dtype
                literal code e (bits e) value

        member _.Position(dtype: DType, axis: int, start: int, step: int) =
            let e = if dtype = DType.Bool then truths else Element.whole (element dtype)
            let index = make Op.Index e -1 (int64 axis)
            let scaled = if step = 1 then index else index.Two(Op.Multiply, index.Pattern(int64 step))
            let moved = if start = 0 then scaled else scaled.Two(Op.Add, scaled.Pattern(int64 start))
            if dtype = DType.Bool then isTrue moved else convert (element dtype) moved

        member _.Convert(dtype: DType, x) =
            let v = values[x]

            if dtype = types[x] then
                v
            elif dtype = DType.Bool then
                isTrue v
            elif types[x] = DType.Bool then
                let e = element dtype
                let zero = Lane.Constant(code, e, bits e, 0L)
                Lane.where (fit zero v) (if dtype.IsFloat then zero.Real 1.0 else zero.Pattern 1L)
            else
                convert (element dtype) v

        member _.Reduce(kind, x) =
            let isBool = types[x] = DType.Bool

            values[x]
                .One(
                    match kind with
                    | Reduction.Sum -> Op.Sum
                    | Reduction.Max -> if isBool then Op.Any else Op.Largest
                    | Reduction.Min -> if isBool then Op.All else Op.Smallest
                )

        member _.Binary(op, x, y) =
            if types[x] = DType.Bool then
                binaryTruth op values[x] (fit values[x] values[y])
            else
                binary op values[x] values[y]

        member _.Unary(op, x) = unary op values[x]

        member _.Draw(kind, dtype, key, index) =
            convert (element dtype) (RandomLanes.draw kind dtype values[key] values[index])

        member _.Select(c, x, y) =
            let y = if types[y] = DType.Bool then fit values[x] values[y] else values[y]
            Bounds.select (fit values[x] values[c]) values[x] y

    /// Keeps what the stores need. A product and a sum stay two operations, each of which rounds: compiled and eager arithmetic
    /// give the same bits. (Sums over axes take products in.)
    let private keep (code: Lanes) (stored: int[]) : LaneNode[] =
        let needed: bool[] = Array.zeroCreate code.Count
        let need i = if i >= 0 then needed[i] <- true

        for i in stored do
            need i

        for i in code.Count - 1 .. -1 .. 0 do
            if needed[i] then
                let n = code[i]
                need n.A
                need n.B
                need n.C
                need n.D

        let kept = Lanes()
        let moved: int[] = Array.zeroCreate code.Count
        let at i = if i >= 0 then moved[i] else i

        for i in 0 .. code.Count - 1 do
            if needed[i] then
                let n = code[i]
                moved[i] <- kept.Add { n with A = at n.A; B = at n.B; C = at n.C; D = at n.D }

        for s in 0 .. stored.Length - 1 do
            stored[s] <- moved[stored[s]]

        kept.ToArray()

    /// Lane code for vectors of a width in bits.
    let body (width: int) (kernel: LoopNest) : Body =
        let t = Translation(width, kernel)
        let accesses = ResizeArray<Access>()
        let accessed = ResizeArray<int>()

        for i in 0 .. kernel.Body.Length - 1 do
            t.Values[i] <-
                match kernel.Body[i] with
                | Instruction.Load(dtype, access) ->
                    accesses.Add access
                    accessed.Add i
                    t.Load(dtype, accesses.Count - 1)
                | Instruction.Constant(value, dtype) -> t.Constant(value, dtype)
                | Instruction.Position(dtype, axis, start, step) -> t.Position(dtype, axis, start, step)
                | Instruction.Unary(op, x) -> t.Unary(op, x)
                | Instruction.Binary(op, x, y) -> t.Binary(op, x, y)
                | Instruction.Select(c, x, y) -> t.Select(c, x, y)
                | Instruction.Convert(dtype, x) -> t.Convert(dtype, x)
                | Instruction.Draw(kind, dtype, key, index) -> t.Draw(kind, dtype, key, index)
                | Instruction.Reduce(kind, x) -> t.Reduce(kind, x)

        let loads = accesses.Count
        let stored = Array.zeroCreate kernel.Stores.Length

        for s in 0 .. stored.Length - 1 do
            let access, i = kernel.Stores[s]
            accesses.Add access
            accessed.Add i
            stored[s] <- t.Values[i].Id

        let types = Array.zeroCreate accessed.Count

        for a in 0 .. types.Length - 1 do
            types[a] <- t.Types[accessed[a]]

        {
            Nodes = keep t.Code stored
            Accesses = accesses.ToArray()
            Types = types
            Loads = loads
            Stored = stored
            Lanes = t.Lanes
        }
