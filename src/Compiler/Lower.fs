namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// From the primitives of a kernel's body to lane operations, with the meaning that the managed engine gives them.

open System
open Cotangent

/// Lane code of a kernel's body. A store takes the value of an operation; one of Bool takes a truth.
[<NoComparison>]
type internal Body = {
    Nodes: Node[]
    Accesses: struct (Access * DType)[]
    Stores: struct (Access * DType * int)[]
    /// How many points of the nest a vector holds.
    Lanes: int
}

[<RequireQualifiedAccess>]
module internal Lower =

    let private element (dtype: DType) =
        match dtype with
        | DType.Float32 -> Element.F32
        | DType.Float64 -> Element.F64
        | DType.Int32 -> Element.I32
        | DType.Int64 -> Element.I64
        | DType.Bool
        | DType.BFloat16
        | DType.Float16 -> invalidOp $"{dtype} has no lanes of its own."

    /// The dtype of each instruction's value.
    let dtypes (body: Instruction[]) =
        let types = Array.zeroCreate body.Length

        for i in 0 .. body.Length - 1 do
            types[i] <-
                match body[i] with
                | Instruction.Load(dtype, _)
                | Instruction.Constant(_, dtype)
                | Instruction.Position(dtype, _, _, _)
                | Instruction.Convert(dtype, _) -> dtype
                | Instruction.Unary(Unary.IsNaN, _)
                | Instruction.Binary((Binary.Equal | Binary.Less | Binary.LessEqual), _, _) -> DType.Bool
                | Instruction.Unary(_, x)
                | Instruction.Binary(_, x, _)
                | Instruction.Select(_, x, _)
                | Instruction.Reduce(_, x) -> types[x]

        types

    let private is4 (d: DType) = d = DType.Float32 || d = DType.Int32
    let private is8 (d: DType) = d = DType.Float64 || d = DType.Int64

    let private refusesConvert (source: DType) (target: DType) =
        match source, target with
        | DType.Int64, DType.Float32 -> Some "Int64 to Float32 in lanes would round twice"
        | _ -> None

    /// Why a kernel can't become lane code.
    let refuses (width: int) (kernel: Kernel) =
        let types = dtypes kernel.Body

        let instruction i =
            match kernel.Body[i] with
            | Instruction.Binary((Binary.Divide | Binary.Remainder) as op, _, _) when types[i].IsInteger ->
                Some $"{op} of {types[i]}, which no vector unit has"
            | Instruction.Reduce(Reduction.Sum, _) when types[i] = DType.Bool -> Some "a sum of Bool"
            | Instruction.Convert(target, x) -> refusesConvert types[x] target
            | _ -> None

        if types |> Array.exists (fun d -> d = DType.Float16 || d = DType.BFloat16) then
            Some "16-bit floats"
        elif width = 128 && Array.exists is4 types && Array.exists is8 types then
            Some "elements of 4 and of 8 bytes in vectors of 16"
        else
            Seq.tryPick instruction (seq { 0 .. kernel.Body.Length - 1 })

    /// A truth as wide as others are.
    let private fit (like: Lane) (truth: Lane) =
        if truth.Element.Size = like.Element.Size then
            truth
        elif truth.Element.Size = 4 then
            Lane.Make(truth.Code, Op.Widen, Element.I64, truth.Bits * 2, truth.Id, -1, -1, -1, 0L)
        else
            Lane.Make(truth.Code, Op.NarrowHalf, Element.I32, truth.Bits / 2, truth.Id, -1, -1, -1, 0L)

    let private unsupported (op: obj) = invalidOp $"{op} on these elements should have been refused before."

    let private truth (op: Unary) (x: Lane) =
        match op with
        | Unary.Not -> Lane.complement x
        | _ -> unsupported op

    let private sign (x: Lane) =
        let one = if x.Element.IsFloat then x.Real 1.0 else x.Whole 1L

        let low =
            if x.Element.IsFloat then
                Lane.select (Lane.less x x.Zero) (x.Real -1.0) (x.Two(Op.Add, x.Zero))
            else
                Lane.less x x.Zero

        Lane.select (Lane.less x.Zero x) one low

    let private unary (op: Unary) (x: Lane) =
        match op with
        | Unary.Negate -> Lane.negate x
        | Unary.Abs -> if x.Element.IsFloat then Lane.abs x else x.Two(Op.Max, Lane.negate x)
        | Unary.Sign -> sign x
        | Unary.Floor -> x.One Op.Floor
        | Unary.Ceiling -> x.One Op.Ceiling
        | Unary.Round -> x.One Op.Round
        | Unary.Exp -> LaneMath.exp x
        | Unary.Expm1 -> LaneMath.expm1 x
        | Unary.Log -> LaneMath.log x
        | Unary.Log1p -> LaneMath.log1p x
        | Unary.Sqrt -> x.One Op.Sqrt
        | Unary.Sin -> LaneMath.scalar Scalar.Sin x x
        | Unary.Cos -> LaneMath.scalar Scalar.Cos x x
        | Unary.Tan -> LaneMath.scalar Scalar.Tan x x
        | Unary.Asin -> LaneMath.scalar Scalar.Asin x x
        | Unary.Acos -> LaneMath.scalar Scalar.Acos x x
        | Unary.Atan -> LaneMath.scalar Scalar.Atan x x
        | Unary.Sinh -> LaneMath.sinh x
        | Unary.Cosh -> LaneMath.cosh x
        | Unary.Tanh -> LaneMath.tanh x
        | Unary.Asinh -> LaneMath.scalar Scalar.Asinh x x
        | Unary.Acosh -> LaneMath.scalar Scalar.Acosh x x
        | Unary.Atanh -> LaneMath.scalar Scalar.Atanh x x
        | Unary.Sigmoid -> LaneMath.sigmoid x
        | Unary.Softplus -> LaneMath.softplus x
        // NaN is not below 0; -0 becomes 0.
        | Unary.Relu -> Lane.unless (Lane.lessEqual x x.Zero) x
        | Unary.IsNaN -> Lane.complement (Lane.equal x x)
        | Unary.Not -> unsupported op

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
        | Binary.Power
        | Binary.Atan2 -> unsupported op

    let private binary (op: Binary) (x: Lane) (y: Lane) =
        match op with
        | Binary.Add -> x.Two(Op.Add, y)
        | Binary.Subtract -> x.Two(Op.Subtract, y)
        | Binary.Multiply -> x.Two(Op.Multiply, y)
        | Binary.Divide -> x.Two(Op.Divide, y)
        | Binary.Remainder -> LaneMath.scalar Scalar.Remainder x y
        | Binary.Power -> LaneMath.scalar Scalar.Power x y
        | Binary.Atan2 -> LaneMath.scalar Scalar.Atan2 x y
        | Binary.Max -> x.Two(Op.Max, y)
        | Binary.Min -> x.Two(Op.Min, y)
        | Binary.And -> Lane.both x y
        | Binary.Or -> Lane.either x y
        | Binary.Xor -> Lane.differ x y
        | Binary.Equal -> Lane.equal x y
        | Binary.Less -> Lane.less x y
        | Binary.LessEqual -> Lane.lessEqual x y

    let private widen (x: Lane) =
        let element = if x.Element.IsFloat then Element.F64 else Element.I64
        Lane.Make(x.Code, Op.Widen, element, x.Bits * 2, x.Id, -1, -1, -1, 0L)

    let private narrow (x: Lane) =
        let element = if x.Element.IsFloat then Element.F32 else Element.I32
        Lane.Make(x.Code, Op.NarrowHalf, element, x.Bits / 2, x.Id, -1, -1, -1, 0L)

    /// Between numbers. Integers saturate, NaN becomes 0.
    let private convert (target: Element) (x: Lane) =
        match x.Element, target with
        | a, b when a = b -> x
        | Element.F32, Element.F64
        | Element.I32, Element.I64 -> widen x
        | Element.F64, Element.F32 -> narrow x
        | Element.F32, Element.I32
        | Element.F64, Element.I64 -> x.ToWhole
        | Element.I32, Element.F32
        | Element.I64, Element.F64 -> x.ToReal
        | Element.F32, _ -> (widen x).ToWhole
        | Element.I32, _ -> (widen x).ToReal
        | _ ->
            let whole = if x.Element.IsFloat then x.ToWhole else x
            let low, high = whole.Whole(int64 Int32.MinValue), whole.Whole(int64 Int32.MaxValue)
            let whole = Lane.select (Lane.less whole low) low whole
            narrow (Lane.select (Lane.less high whole) high whole)

    let private literal (code: Lanes) element bits (value: Literal) =
        let zero = Lane.Constant(code, element, bits, 0L)

        match value with
        | Literal.Real v ->
            match element with
            | Element.F32
            | Element.F64 -> zero.Real v
            | Element.I32 -> zero.Whole(int64 (Int32.CreateSaturating v))
            | Element.I64 -> zero.Whole(Int64.CreateSaturating v)
        | Literal.Whole v ->
            match element with
            | Element.F32 -> zero.Real(float (float32 v))
            | Element.F64 -> zero.Real(float v)
            | Element.I32 -> zero.Whole(int64 (Int32.CreateSaturating v))
            | Element.I64 -> zero.Whole v

    let private translate (width: int) (kernel: Kernel) =
        let code = Lanes()
        let types = dtypes kernel.Body
        let widest = if Array.exists is8 types then 8 else 4
        // Elements of 4 bytes fill half a vector beside those of 8.
        let bits size = width / (widest / size)
        let accesses = ResizeArray<struct (Access * DType)>()
        let values: Lane[] = Array.zeroCreate kernel.Body.Length

        let make op element a immediate =
            Lane.Make(code, op, element, bits element.Size, a, -1, -1, -1, immediate)

        let whole size = if size = 4 then Element.I32 else Element.I64

        for i in 0 .. kernel.Body.Length - 1 do
            values[i] <-
                match kernel.Body[i] with
                | Instruction.Load(dtype, access) ->
                    accesses.Add(struct (access, dtype))
                    let number = int64 (accesses.Count - 1)

                    if dtype = DType.Bool then
                        make Op.LoadBool (whole widest) -1 number
                    else
                        make Op.Load (element dtype) -1 number
                | Instruction.Constant(value, dtype) ->
                    if dtype = DType.Bool then
                        let isTrue =
                            match value with
                            | Literal.Real v -> v <> 0.0
                            | Literal.Whole v -> v <> 0L

                        make Op.Constant (whole widest) -1 (if isTrue then -1L else 0L)
                    else
                        literal code (element dtype) (bits dtype.Size) value
                | Instruction.Position(dtype, axis, start, step) ->
                    let size = if dtype = DType.Bool then widest else dtype.Size
                    let index = make Op.Index (whole size) -1 (int64 axis)
                    let scaled = if step = 1 then index else index.Two(Op.Multiply, index.Whole(int64 step))
                    let moved = if start = 0 then scaled else scaled.Two(Op.Add, scaled.Whole(int64 start))

                    if dtype = DType.Bool then
                        Lane.complement (Lane.equal moved moved.Zero)
                    else
                        convert (element dtype) moved
                | Instruction.Unary(op, x) ->
                    if types[x] = DType.Bool then truth op values[x] else unary op values[x]
                | Instruction.Binary(op, x, y) ->
                    if types[x] = DType.Bool then
                        binaryTruth op values[x] (fit values[x] values[y])
                    else
                        binary op values[x] values[y]
                | Instruction.Select(c, x, y) ->
                    let y = if types[y] = DType.Bool then fit values[x] values[y] else values[y]
                    Lane.select (fit values[x] values[c]) values[x] y
                | Instruction.Convert(dtype, x) ->
                    let v = values[x]

                    if dtype = types[x] then
                        v
                    elif dtype = DType.Bool then
                        Lane.complement (Lane.equal v v.Zero)
                    elif types[x] = DType.Bool then
                        let like = Lane.Constant(code, element dtype, bits dtype.Size, 0L)
                        let one = if dtype.IsFloat then like.Real 1.0 else like.Whole 1L
                        Lane.where (fit like v) one
                    else
                        convert (element dtype) v
                | Instruction.Reduce(kind, x) ->
                    let op =
                        match kind with
                        | Reduction.Sum -> Op.Sum
                        | Reduction.Max -> if types[x] = DType.Bool then Op.Any else Op.Largest
                        | Reduction.Min -> if types[x] = DType.Bool then Op.All else Op.Smallest

                    values[x].One op

        let stores = kernel.Stores |> Array.map (fun (access, i) -> struct (access, types[i], values[i].Id))
        struct (code, accesses.ToArray(), stores, width / 8 / widest)

    /// Whether an operand is named.
    let inline private used i = i >= 0

    /// Keeps what the stores need, and puts products that only one sum needs into that sum.
    let private contract (nodes: ResizeArray<Node>) (stores: struct (Access * DType * int)[]) =
        let uses = Array.zeroCreate<int> nodes.Count
        let use' i = if used i then uses[i] <- uses[i] + 1

        for struct (_, _, i) in stores do
            use' i

        for i in nodes.Count - 1 .. -1 .. 0 do
            if uses[i] > 0 then
                let node = nodes[i]
                use' node.A
                use' node.B
                use' node.C
                use' node.D

        let product i = uses[i] = 1 && nodes[i].Op = Op.Multiply && nodes[i].Element.IsFloat

        let code = Lanes()
        let moved = Array.create nodes.Count -1
        let at i = if used i then moved[i] else -1

        for i in 0 .. nodes.Count - 1 do
            if uses[i] > 0 then
                let n = nodes[i]

                let joined op (product: Node) sum = {
                    n with
                        Op = op
                        A = moved[product.A]
                        B = moved[product.B]
                        C = moved[sum]
                }

                let node =
                    if n.Op = Op.Add && product n.A then joined Op.MultiplyAdd nodes[n.A] n.B
                    elif n.Op = Op.Add && product n.B then joined Op.MultiplyAdd nodes[n.B] n.A
                    elif n.Op = Op.Subtract && product n.B then joined Op.NegatedMultiplyAdd nodes[n.B] n.A
                    elif n.Op = Op.Subtract && product n.A then joined Op.MultiplySubtract nodes[n.A] n.B
                    else { n with A = at n.A; B = at n.B; C = at n.C; D = at n.D }

                moved[i] <- code.Add node

        struct (code.Nodes.ToArray(), moved)

    let body (width: int) (kernel: Kernel) : Body =
        let struct (code, accesses, stores, lanes) = translate width kernel
        let struct (nodes, moved) = contract code.Nodes stores

        {
            Nodes = nodes
            Accesses = accesses
            Stores = stores |> Array.map (fun (struct (access, dtype, i)) -> struct (access, dtype, moved[i]))
            Lanes = lanes
        }
