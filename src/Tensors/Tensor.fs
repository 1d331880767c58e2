namespace Cotangent

open System.Threading
open Cotangent.Engines
open Cotangent.Notebooks
open Cotangent.Inlined // in place of functions of Array and List

// The type, what traces do with it, and its operators, in one file: a tensor is a buffer or a tracer, tracers belong to
// traces, and these apply primitives to tensors; operators apply primitives by `Bind`, and F# looks for operators, and for what
// `exp x` stands for, only among members that are defined in the file of the type. What needs none of these types is
// elsewhere: `NumberCheck`, `Literals`, `NestedData`, `Display`.

/// <summary>
/// An immutable array of numbers of any rank, on a device; or, inside a transformation, a stand-in for one.
/// </summary>
/// <remarks>
/// Arithmetic broadcasts as NumPy does. Two tensors of different dtypes never meet silently: <c>Convert</c> one of
/// them. A scalar literal takes the tensor's dtype.
/// </remarks>
[<CustomEquality;
  NoComparison;
  StructuredFormatDisplay("{DisplayHeader}{DisplayBody}");
  TypeFormatterSource(typeof<NotebookFormatters>)>]
type Tensor =
    internal
    | Value of Buffer
    | Traced of Tracer

    /// The element type.
    member t.DType =
        match t with
        | Value b -> b.DType
        | Traced r -> r.DType

    /// Where the numbers live.
    member t.Device =
        match t with
        | Value b -> b.Device
        | Traced r -> r.Device

    /// The shape without a copy; never to be changed.
    member internal t.Dims =
        match t with
        | Value b -> b.Shape
        | Traced r -> r.Shape

    /// The size of each axis; empty for a scalar. A copy, the caller's to keep.
    member t.Shape: int[] = Array.copy t.Dims

    /// The number of axes.
    member t.Rank = t.Dims.Length

    /// The number of elements.
    member t.Size = Shape.count t.Dims

    /// The numbers in main memory. Throws inside a transformation that only knows the shape and dtype.
    member internal t.Host =
        match t with
        | Value b -> (Engines.forDevice b.Device).ToHost b
        | Traced r -> r.Concrete.Host

    /// Whether there are numbers to be had.
    member internal t.HasNumbers: bool =
        match t with
        | Value _ -> true
        | Traced r -> r.HasNumbers && r.Concrete.HasNumbers

    /// What a function reads from the numbers in main memory. Throws where another thread gave them away while it did.
    member internal t.Reading(read: HostBuffer -> 'a) : 'a =
        let host = t.Host
        let result = read host
        Volatile.ReadBarrier()
        host.CheckAlive()
        result

    /// What F# Interactive shows.
    member internal t.Display: string * obj =
        match t with
        | Value _ -> t.Reading Display.parts
        | Traced _ -> t.ToString(), ""

    member internal t.DisplayHeader = fst t.Display
    member internal t.DisplayBody = snd t.Display

    /// <summary>The values as NumPy prints them, shortened when there are many.</summary>
    /// <example><code>
    /// string (tensor [ 1.0; 2.0 ]) // [1, 2]
    /// </code></example>
    override t.ToString() =
        match t with
        | Value _ -> t.Reading Print.buffer
        | Traced r -> $"traced by {r.TracedBy}: {r.DType} {Shape.show r.Shape}{r.Remark}"

    /// <summary>Equal shapes, dtypes and values (NaN equals NaN here, as in every .NET <c>Equals</c>).</summary>
    /// <example><code>
    /// tensor [ 1.0; nan ] = tensor [ 1.0; nan ] // true
    /// tensor [ 1.0; 2.0 ] = tensor [ 1.0f; 2.0f ] // false
    /// </code></example>
    override t.Equals other =
        match other with
        | :? Tensor as u ->
            obj.ReferenceEquals(t, u)
            || (t.DType = u.DType
                && Shape.equal t.Dims u.Dims
                && t.Reading(fun a -> u.Reading(Inspect.sameValues a)))
        | _ -> false

    override t.GetHashCode() =
        let mutable h = System.HashCode()
        h.Add(int t.DType.Size)

        for d in t.Dims do
            h.Add d

        // One of which only the shape is known equals nothing but itself.
        if t.HasNumbers then Inspect.addHash &h t.Host
        h.ToHashCode()

    interface INotebookView with
        member t.Text =
            match t with
            | Value _ -> t.Reading Display.line
            | Traced _ -> t.ToString()

        member t.Html =
            match t with
            | Value _ -> t.Reading Display.lines
            | Traced _ -> t.ToString()
            |> NotebookHtml.lines

/// One use of a transformation. Levels count up, so of two traces that are open in one flow of calls the inner one
/// has the higher level.
and [<AbstractClass>] internal Trace(name: string) =
    static let mutable levels = 0L
    static let mutable opened = 0
    let level = Interlocked.Increment &levels
    let mutable closed = false
    do Trace.Require name
    do Interlocked.Increment &opened |> ignore

    /// Transformations in each other are calls in each other, and a stack that overflows ends the process: throws before.
    static member Require(name: string) =
        if not (System.Runtime.CompilerServices.RuntimeHelpers.TryEnsureSufficientExecutionStack()) then
            raise (
                TraceException
                    $"{name}: transformations, or control flow, stand in each other as deep as this thread's stack goes; does a function call itself without end? Repeat with `iterate` or a loop, or give the thread more stack."
            )

    /// Whether any transformation is under way, in whatever thread.
    static member AnyIsOpen() = Volatile.Read &opened > 0

    member _.Name = name
    member _.Level = level
    member _.IsClosed = closed

    /// Called when the transformation returns: whatever still holds one of its tracers has leaked it.
    member _.Close() =
        if not closed then Interlocked.Decrement &opened |> ignore
        closed <- true

    /// Interprets a primitive of which at least one input is a tracer of this trace: all of its results.
    abstract Apply: Primitive * Tensor[] -> Tensor[]

    /// Interprets a primitive without inputs: staging alone catches those.
    abstract Create: Primitive * Device -> Tensor
    default trace.Create(p, _) = invalidOp $"`{p}` has no input that `{trace.Name}` could have traced."

    /// While this one stages, has a batch inside of it take over the tensors of the same batch around it.
    abstract Adopt: around: Trace * inside: Trace -> unit
    default _.Adopt(_, _) = ()

/// A tensor's stand-in that belongs to one trace.
and [<AbstractClass>] internal Tracer(trace: Trace, dtype: DType, shape: int[], device: Device) =
    member _.Trace: Trace = trace
    member _.TracedBy: string = trace.Name
    member _.DType = dtype
    member _.Shape = shape
    member _.Device = device

    /// The tensor one level below that has this one's value, where there is one; throws with the reason where not.
    abstract Concrete: Tensor

    /// Whether there is one.
    abstract HasNumbers: bool
    default _.HasNumbers = true

    /// The tensor one level below that holds this one's numbers, be it among those of other examples; none while there are none.
    abstract Below: Tensor voption
    default r.Below = if r.HasNumbers then ValueSome r.Concrete else ValueNone

    /// The same value, a constant for every differentiation around.
    abstract Detached: Tensor

    /// What its text says besides dtype and shape.
    abstract Remark: string
    default _.Remark = ""

    /// Why nothing can be computed with it once its trace has closed.
    abstract Escaped: unit -> exn

    default r.Escaped() =
        TraceException(
            $"A tensor of shape {Shape.show shape} was used after the `{trace.Name}` that traced it had returned. Return it from the function that was transformed (`gradWith` carries extra results out) instead of storing it in a variable.",
            HasEscaped = true
        )

    /// Where this is a root, what it is the root of: the derivatives of its square are those, also at 0, where the root
    /// itself has none.
    member val Squares: Tensor voption = ValueNone with get, set

    /// Where this is a change that only some branches pass on: whether the one taken does. Where it does not this is 0, and
    /// stands for none.
    member val Presence: Tensor voption = ValueNone with get, set

    /// What the product of two factors is, where they are one and the same root.
    static member Squared(factors: Tensor[]) : Tensor voption =
        match factors[0], factors[1] with
        | Traced a, Traced b when obj.ReferenceEquals(a, b) -> a.Squares
        | _ -> ValueNone

/// A function with a derivative or kernel of the user's own, runnable on tensors.
[<AbstractClass>]
type internal CustomOperation(name) =
    inherit CustomFunction(name)
    abstract Run: Tensor[] -> Tensor[]

/// The staging in progress. Other transformations dispatch on their data; this one catches every primitive bound while
/// it lasts, also those without a traced input: zeros, counters and random draws would otherwise be made while tracing,
/// to be large constants ever after.
module internal Staging =
    let private current = AsyncLocal<Trace | null>()

    /// null outside.
    let innermost () : Trace | null = if Ambient.anyActive () then current.Value else null

    let during (trace: Trace) (body: unit -> 'a) : 'a = Ambient.during current trace body

    /// What eager code does in the midst of staging: engines evaluate, nothing is recorded.
    let suspended (body: unit -> 'a) : 'a = Ambient.during current null body

/// Applying primitives: dispatch to the innermost transformation, or to the engine.
module internal Bind =
    let private escaped (t: Tracer) = raise (t.Escaped())

    /// The trace of the highest level among the inputs; null when no input is traced.
    let private top (inputs: Tensor[]) =
        let mutable found: Trace | null = null

        for t in inputs do
            match t with
            | Value _ -> ()
            | Traced r ->
                if r.Trace.IsClosed then escaped r

                match found with
                | null -> found <- r.Trace
                | f -> if r.Trace.Level > f.Level then found <- r.Trace

        // Staging stands at its own level: what was traced outside of it is one of its inputs.
        match found, Staging.innermost () with
        | _, null -> found
        | null, staging -> staging
        | f, staging -> if f.Level < staging.Level then staging else f

    let private buffer t =
        match t with
        | Value b -> b
        | Traced r -> escaped r

    let private sameDevice (p: Primitive) (inputs: Tensor[]) =
        for t in inputs do
            if t.Device <> inputs[0].Device then
                raise (
                    DeviceException
                        $"{p}: tensors on {inputs[0].Device} and {t.Device} can't meet. Move one with `t.To device`."
                )

    /// An evaluation by an engine, recorded if a profile is taken.
    let private evaluated (recorder: ProfileRecorder) p (inputs: Buffer[]) device (work: unit -> Buffer[]) =
        recorder.Time(
            ProfiledWork.Primitive,
            (fun () -> string<Primitive> p),
            (fun () -> Profiling.shapes inputs),
            (fun results -> Profiling.bytes inputs + Profiling.bytes results),
            (fun () ->
                let results = work ()
                Engines.synchronize device
                results)
        )

    let private evaluateAll (engine: Engine) (p: Primitive) (inputs: Buffer[]) (device: Device) : Buffer[] =
        match Profiling.current () with
        | null -> engine.EvaluateAll(p, inputs, device)
        | recorder -> evaluated recorder p inputs device (fun () -> engine.EvaluateAll(p, inputs, device))

    let private evaluate (engine: Engine) (p: Primitive) (inputs: Buffer[]) (device: Device) : Buffer =
        match Profiling.current () with
        | null -> engine.Evaluate(p, inputs, device)
        | recorder ->
            (evaluated recorder p inputs device (fun () -> [| engine.Evaluate(p, inputs, device) |]))[0]

    /// Applies a primitive that has inputs: all of its results.
    let apply (p: Primitive) (inputs: Tensor[]) : Tensor[] =
        match top inputs with
        | null ->
            let facts = Facts.primitive p

            match facts.Custom with
            | null ->
                let buffers = Array.map buffer inputs

                match facts.Target with
                | ValueSome device -> [| Value(Engines.transfer buffers[0] device) |]
                | ValueNone ->
                    sameDevice p inputs
                    let device = inputs[0].Device
                    let engine = Engines.forDevice device

                    if facts.HasSeveral then
                        evaluateAll engine p buffers device
                        |> Array.map (fun output ->
                            NumberCheck.result p buffers output
                            Value output)
                    else
                        let output = evaluate engine p buffers device
                        NumberCheck.result p buffers output
                        [| Value output |]
            | f -> (f :?> CustomOperation).Run inputs
        | trace ->
            Trace.Require trace.Name
            trace.Apply(p, inputs)

    /// The only result of a primitive that has inputs.
    let one p inputs = (apply p inputs)[0]

    /// Applies a primitive without inputs.
    let create (p: Primitive) (device: Device) =
        match Staging.innermost () with
        | null -> Value(evaluate (Engines.forDevice device) p [||] device)
        | staging -> staging.Create(p, device)

    let unary (op: Unary) (x: Tensor) =
        match x with
        | Value b when not (Ambient.anyActive ()) -> Value((Engines.forDevice b.Device).Unary(op, b))
        | Value _
        | Traced _ -> one (Primitive.Unary op) [| x |]

    let binary (op: Binary) (x: Tensor) (y: Tensor) =
        match x, y with
        | Value a, Value b when
            not (Ambient.anyActive ()) && (obj.ReferenceEquals(a.Device, b.Device) || a.Device = b.Device)
            ->
            Value((Engines.forDevice a.Device).Binary(op, a, b))
        | _ -> one (Primitive.Binary op) [| x; y |]

    let full literal dtype shape device = create (Primitive.Full(literal, dtype, shape)) device

    /// The same value, a constant for every differentiation around.
    let detach (x: Tensor) =
        match x with
        | Value _ -> x
        | Traced r -> r.Detached

/// Lines operands up: dtypes must agree, shapes broadcast, literals take the tensor's dtype.
module internal Operands =
    // The operation is what a user calls the function, which may have several primitives to it. It is anything that prints,
    // and is asked for its name only in an error.

    /// Most functions are of real numbers, those of bits of integers.
    let private requireDefined (operation: 'operation) (accepts: DType -> bool) (dtype: DType) =
        if not (accepts dtype) then
            raise (
                DTypeException(
                    if accepts DType.Float32 then
                        $"{operation} is not defined on {dtype}. {DTypes.wayOut dtype}"
                    elif dtype.IsComplex then
                        $"{operation} is not defined on {dtype}: it is of integers."
                    else
                        $"{operation} is not defined on {dtype}. Convert first, with `t.Convert DType.Int32` for example."
                )
            )

    let private accepts (operation: 'operation) (op: Binary) (dtype: DType) =
        requireDefined operation (ShapeRule.acceptsBinary op) dtype

    let sameDType (operation: 'operation) (a: Tensor) (b: Tensor) =
        if a.DType <> b.DType then
            raise (
                DTypeException
                    $"{operation}: {a.DType} {Shape.show a.Dims} and {b.DType} {Shape.show b.Dims} have different dtypes, and none is converted silently. Use `t.Convert` on one of them."
            )

    let unaryOf (operation: 'operation) (op: Unary) (x: Tensor) =
        Given.check "a" x
        requireDefined operation (ShapeRule.acceptsUnary op) x.DType
        Bind.unary op x

    let unary (op: Unary) (x: Tensor) = unaryOf op op x

    /// The size of each number, which of a complex one is real.
    let modulus (x: Tensor) =
        Given.check "a" x

        if x.DType.IsComplex then
            Bind.one (Primitive.OfComplex ComplexFunction.Modulus) [| x |]
        else
            unary Unary.Abs x

    let convert (dtype: DType) (x: Tensor) =
        if x.DType = dtype then
            x
        elif x.DType.IsComplex && not dtype.IsComplex then
            raise (
                DTypeException
                    $"Convert: {x.DType} {Shape.show x.Dims} can't become {dtype}: nothing is said of the imaginary part. Take `real`, `imag`, `abs` or `angle` of it."
            )
        else
            Bind.one (Primitive.Convert dtype) [| x |]

    /// A whole number near by: integers are whole.
    let whole (near: Tensor -> Tensor) (x: Tensor) =
        Given.check "a" x
        if x.DType.IsInteger then x else near x

    let expandTo shape (x: Tensor) =
        if Shape.equal x.Dims shape then x else Bind.one (Primitive.Broadcast shape) [| x |]

    let binaryOf (operation: 'operation) (op: Binary) (a: Tensor) (b: Tensor) =
        Given.check "a" a
        Given.check "b" b

        if a.DType <> b.DType then sameDType operation a b

        accepts operation op a.DType

        if Shape.equal a.Dims b.Dims then
            Bind.binary op a b
        else
            let shape = Shape.broadcast operation a.Dims b.Dims
            Bind.binary op (expandTo shape a) (expandTo shape b)

    let binary (op: Binary) (a: Tensor) (b: Tensor) = binaryOf op op a b

    let private like (operation: 'operation) (x: Tensor) (value: float) =
        Bind.full (Literals.real operation x.DType value) x.DType x.Dims x.Device

    let withRealOf (operation: 'operation) (op: Binary) (x: Tensor) (value: float) =
        Given.check "a" x
        accepts operation op x.DType
        Bind.binary op x (like operation x value)

    let withReal (op: Binary) (x: Tensor) (value: float) = withRealOf op op x value

    let realWithOf (operation: 'operation) (op: Binary) (value: float) (x: Tensor) =
        Given.check "b" x
        accepts operation op x.DType
        Bind.binary op (like operation x value) x

    let realWith (op: Binary) (value: float) (x: Tensor) = realWithOf op op value x

    /// A complex number as a tensor of a complex one's dtype.
    let private complexLike (op: Binary) (x: Tensor) (value: System.Numerics.Complex) =
        if not x.DType.IsComplex then
            let target = ValueOption.defaultValue DType.Complex128 (DTypes.tryWithParts x.DType)

            raise (
                DTypeException
                    $"{op}: {x.DType} {Shape.show x.Dims} and a complex number have different dtypes, and none is converted silently. Use `t.Convert DType.{target}`."
            )

        let part (number: float) = Bind.full (Literal.Real number) (DTypes.ofParts x.DType) [||] x.Device

        Bind.one Primitive.Complex [| part value.Real; part value.Imaginary |]

    let withComplex (op: Binary) (x: Tensor) (value: System.Numerics.Complex) =
        Given.check "a" x
        binary op x (complexLike op x value)

    let complexWith (op: Binary) (value: System.Numerics.Complex) (x: Tensor) =
        Given.check "b" x
        binary op (complexLike op x value) x

    /// Of a Bool, or of each bit of an integer: -x is one more than that.
    let opposite (x: Tensor) =
        Given.check "a" x

        if x.DType.IsInteger then
            withReal Binary.Subtract (Bind.unary Unary.Negate x) 1.0
        else
            unary Unary.Not x

    /// Bits moved by one number for all; more than an integer has move all out.
    let shift (operation: string) (op: Binary) (x: Tensor) (bits: int) =
        if bits < 0 then
            raise (
                ValueException
                    $"{operation}: {bits} bits; a number of 0 or more is needed. Shift the other way instead."
            )

        withRealOf operation op x (float (min bits 64))

    /// A whole power of integers, by squaring; overflow wraps around, as in every product.
    let private wholePower (x: Tensor) (exponent: float) =
        let multiply = binary Binary.Multiply

        let rec go (square: Tensor) (n: int64) (product: Tensor voption) =
            let product =
                match product with
                | p when n % 2L = 0L -> p
                | ValueNone -> ValueSome square
                | ValueSome p -> ValueSome(multiply p square)

            if n < 2L then product else go (multiply square square) (n / 2L) product

        // Powers of 2⁶³ and more would all be even ones, whose exponents Int64 can't hold.
        if exponent <> System.Math.Floor exponent || exponent < 0.0 || exponent >= 9.2e18 then
            raise (
                DTypeException
                    $"power: {x.DType} has no power of exponent {string exponent}; those of integers are whole, 0 or more. Convert first, with `t.Convert DType.Float32` for example."
            )

        match go x (int64 exponent) ValueNone with
        | ValueSome product -> product
        | ValueNone -> like "power" x 1.0

    /// Squares are common enough to skip the general power.
    let power (x: Tensor) (exponent: float) =
        Given.check "a" x

        if x.DType.IsInteger then wholePower x exponent
        elif exponent = 2.0 && x.DType.HasDerivatives then binary Binary.Multiply x x
        else withReal Binary.Power x exponent

/// What sums of no tensors are, and begin with.
module internal Neutral =
    let mutable private zero: Tensor | null = null

    /// Always the same scalar, so that it is known again: as a beginning it has no dtype yet.
    let get () : Tensor =
        match zero with
        | null ->
            let made =
                Staging.suspended (fun () -> Bind.full (Literal.Real 0.0) DType.Float32 [||] Device.Cpu)

            zero <- made
            made
        | zero -> zero

    let isIt (t: Tensor) = not (isNull (box t)) && obj.ReferenceEquals(t, zero)

type Tensor with

    /// <summary>
    /// What <c>List.sum</c> and its like begin with: added to a tensor it is that tensor, whatever its dtype and shape. By
    /// itself a Float32 scalar.
    /// </summary>
    /// <example><code>
    /// List.sum [ tensor [ 1.0; 2.0 ]; tensor [ 10.0; 20.0 ] ] // [11, 22]
    /// </code></example>
    static member Zero: Tensor = Neutral.get ()

    /// <exclude/>
    static member DivideByInt(a: Tensor, n: int) = Operands.withReal Binary.Divide a (float n)

    /// <summary>Sum, elementwise and broadcast; also with a number on either side.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ: convert one.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// tensor [ [ 1.0 ]; [ 2.0 ] ] + tensor [ 10.0; 20.0 ] // [[11, 21], [12, 22]]
    /// tensor [ 1.0 ] + tensor [ 1.0f ] // throws DTypeException
    /// </code></example>
    static member (+)(a: Tensor, b: Tensor) =
        if Neutral.isIt a && not (isNull (box b)) then b else Operands.binary Binary.Add a b

    /// <exclude/>
    static member (+)(a: Tensor, b: float) = Operands.withReal Binary.Add a b
    /// <exclude/>
    static member (+)(a: float, b: Tensor) = Operands.realWith Binary.Add a b
    /// <exclude/>
    static member (+)(a: Tensor, b: float32) = Operands.withReal Binary.Add a (float b)
    /// <exclude/>
    static member (+)(a: float32, b: Tensor) = Operands.realWith Binary.Add (float a) b
    /// <exclude/>
    static member (+)(a: Tensor, b: int) = Operands.withReal Binary.Add a (float b)
    /// <exclude/>
    static member (+)(a: int, b: Tensor) = Operands.realWith Binary.Add (float a) b
    /// <exclude/>
    static member (+)(a: Tensor, b: System.Numerics.Complex) = Operands.withComplex Binary.Add a b
    /// <exclude/>
    static member (+)(a: System.Numerics.Complex, b: Tensor) = Operands.complexWith Binary.Add a b

    /// <summary>Difference, elementwise and broadcast; also with a number on either side.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ: convert one.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// tensor [ 5.0; 7.0 ] - tensor [ 1.0; 2.0 ] // [4, 5]
    /// 10.0 - tensor [ 5.0; 7.0 ] // [5, 3]
    /// </code></example>
    static member (-)(a: Tensor, b: Tensor) = Operands.binary Binary.Subtract a b
    /// <exclude/>
    static member (-)(a: Tensor, b: float) = Operands.withReal Binary.Subtract a b
    /// <exclude/>
    static member (-)(a: float, b: Tensor) = Operands.realWith Binary.Subtract a b
    /// <exclude/>
    static member (-)(a: Tensor, b: float32) = Operands.withReal Binary.Subtract a (float b)
    /// <exclude/>
    static member (-)(a: float32, b: Tensor) = Operands.realWith Binary.Subtract (float a) b
    /// <exclude/>
    static member (-)(a: Tensor, b: int) = Operands.withReal Binary.Subtract a (float b)
    /// <exclude/>
    static member (-)(a: int, b: Tensor) = Operands.realWith Binary.Subtract (float a) b
    /// <exclude/>
    static member (-)(a: Tensor, b: System.Numerics.Complex) = Operands.withComplex Binary.Subtract a b
    /// <exclude/>
    static member (-)(a: System.Numerics.Complex, b: Tensor) = Operands.complexWith Binary.Subtract a b

    /// <summary>Product, elementwise and broadcast; also with a number on either side.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ: convert one.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// tensor [ 2.0; 3.0 ] * tensor [ 10.0; 100.0 ] // [20, 300]
    /// </code></example>
    static member (*)(a: Tensor, b: Tensor) = Operands.binary Binary.Multiply a b
    /// <exclude/>
    static member (*)(a: Tensor, b: float) = Operands.withReal Binary.Multiply a b
    /// <exclude/>
    static member (*)(a: float, b: Tensor) = Operands.realWith Binary.Multiply a b
    /// <exclude/>
    static member (*)(a: Tensor, b: float32) = Operands.withReal Binary.Multiply a (float b)
    /// <exclude/>
    static member (*)(a: float32, b: Tensor) = Operands.realWith Binary.Multiply (float a) b
    /// <exclude/>
    static member (*)(a: Tensor, b: int) = Operands.withReal Binary.Multiply a (float b)
    /// <exclude/>
    static member (*)(a: int, b: Tensor) = Operands.realWith Binary.Multiply (float a) b
    /// <exclude/>
    static member (*)(a: Tensor, b: System.Numerics.Complex) = Operands.withComplex Binary.Multiply a b
    /// <exclude/>
    static member (*)(a: System.Numerics.Complex, b: Tensor) = Operands.complexWith Binary.Multiply a b

    /// <summary>Quotient, elementwise and broadcast; also with a number on either side. Integer division rounds toward 0.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ: convert one.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <exception cref="T:Cotangent.ValueException">An element of an integer divisor is 0.</exception>
    /// <example><code>
    /// 1.0 / tensor [ 2.0; 4.0 ] // [0.5, 0.25]
    /// tensor [ 7; -7 ] / tensor 2 // [3, -3]
    /// </code></example>
    static member (/)(a: Tensor, b: Tensor) = Operands.binary Binary.Divide a b
    /// <exclude/>
    static member (/)(a: Tensor, b: float) = Operands.withReal Binary.Divide a b
    /// <exclude/>
    static member (/)(a: float, b: Tensor) = Operands.realWith Binary.Divide a b
    /// <exclude/>
    static member (/)(a: Tensor, b: float32) = Operands.withReal Binary.Divide a (float b)
    /// <exclude/>
    static member (/)(a: float32, b: Tensor) = Operands.realWith Binary.Divide (float a) b
    /// <exclude/>
    static member (/)(a: Tensor, b: int) = Operands.withReal Binary.Divide a (float b)
    /// <exclude/>
    static member (/)(a: int, b: Tensor) = Operands.realWith Binary.Divide (float a) b
    /// <exclude/>
    static member (/)(a: Tensor, b: System.Numerics.Complex) = Operands.withComplex Binary.Divide a b
    /// <exclude/>
    static member (/)(a: System.Numerics.Complex, b: Tensor) = Operands.complexWith Binary.Divide a b

    /// <summary>Remainder, of the sign of the dividend, elementwise and broadcast; also with a number on either side.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ: convert one.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <exception cref="T:Cotangent.ValueException">An element of an integer divisor is 0.</exception>
    /// <example><code>
    /// tensor [ 7.5; -7.5 ] % tensor 3.0 // [1.5, -1.5]
    /// </code></example>
    static member (%)(a: Tensor, b: Tensor) = Operands.binary Binary.Remainder a b
    /// <exclude/>
    static member (%)(a: Tensor, b: float) = Operands.withReal Binary.Remainder a b
    /// <exclude/>
    static member (%)(a: float, b: Tensor) = Operands.realWith Binary.Remainder a b
    /// <exclude/>
    static member (%)(a: Tensor, b: float32) = Operands.withReal Binary.Remainder a (float b)
    /// <exclude/>
    static member (%)(a: float32, b: Tensor) = Operands.realWith Binary.Remainder (float a) b
    /// <exclude/>
    static member (%)(a: Tensor, b: int) = Operands.withReal Binary.Remainder a (float b)
    /// <exclude/>
    static member (%)(a: int, b: Tensor) = Operands.realWith Binary.Remainder (float a) b

    /// <summary>The negative of each element.</summary>
    /// <example><code>
    /// -(tensor [ 1.0; -2.0 ]) // [-1, 2]
    /// </code></example>
    static member (~-)(a: Tensor) = Operands.unary Unary.Negate a

    /// <summary>And, of the bits of integers, or of Bools.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// tensor [| 12uy; 10uy |] &amp;&amp;&amp; tensor 6uy // [4, 2]
    /// </code></example>
    static member (&&&)(a: Tensor, b: Tensor) = Operands.binary Binary.And a b

    /// <summary>Or, of the bits of integers, or of Bools.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// tensor [| 12uy; 10uy |] ||| tensor 1uy // [13, 11]
    /// </code></example>
    static member (|||)(a: Tensor, b: Tensor) = Operands.binary Binary.Or a b

    /// <summary>Exclusive or, of the bits of integers, or of Bools.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// tensor [| 12uy; 10uy |] ^^^ tensor 6uy // [10, 12]
    /// </code></example>
    static member (^^^)(a: Tensor, b: Tensor) = Operands.binary Binary.Xor a b

    /// <summary>The opposite: of each bit of an integer, or of a Bool.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is floating-point.</exception>
    /// <example><code>
    /// ~~~(tensor [| 0uy; 254uy |]) // [255, 1]
    /// </code></example>
    static member (~~~)(a: Tensor) = Operands.opposite a

    /// <summary>
    /// The bits of integers moved to the left, zeros coming in from the right. As many as there are, or more, move all out.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is no integer.</exception>
    /// <exception cref="T:Cotangent.ValueException">The number of bits is negative.</exception>
    /// <example><code>
    /// tensor [ 1; -3 ] &lt;&lt;&lt; 2 // [4, -12]
    /// </code></example>
    static member (<<<)(a: Tensor, bits: int) = Operands.shift "shiftLeft" Binary.ShiftLeft a bits

    /// <summary>
    /// The bits of integers moved to the right, copies of the sign coming in from the left; zeros where there is none.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is no integer.</exception>
    /// <exception cref="T:Cotangent.ValueException">The number of bits is negative.</exception>
    /// <example><code>
    /// tensor [ 12; -3 ] >>> 1 // [6, -2]
    /// </code></example>
    static member (>>>)(a: Tensor, bits: int) = Operands.shift "shiftRight" Binary.ShiftRight a bits

    // The names that F#'s own functions look for: `exp x`, `x ** 2.0`, `atan2 y x`.
    /// <summary>
    /// x to a power, elementwise: <c>x ** y</c>. Integers have powers whose exponent is a whole number, 0 or more.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or have no such power.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// tensor [ 2.0; 3.0 ] ** tensor [ 3.0; -1.0 ] // [8, 0.3333]
    /// tensor [ 2; 3 ] ** 2 // [4, 9]
    /// </code></example>
    static member Pow(a: Tensor, b: Tensor) = Operands.binary Binary.Power a b
    /// <exclude/>
    static member Pow(a: Tensor, b: float) = Operands.power a b
    /// <exclude/>
    static member Pow(a: Tensor, b: float32) = Operands.power a (float b)
    /// <exclude/>
    static member Pow(a: Tensor, b: int) = Operands.power a (float b)
    /// <summary>The angle of the point (x, y), elementwise: <c>atan2 y x</c>.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// atan2 (tensor [ 1.0; -1.0 ]) (tensor [ 1.0; 0.0 ]) // [0.7854, -1.5708]
    /// </code></example>
    static member Atan2(a: Tensor, b: Tensor) = Operands.binary Binary.Atan2 a b
    /// <summary>|x|, whose derivative at 0 is 0: <c>abs x</c>. Of complex numbers it is real.</summary>
    /// <example><code>
    /// abs (tensor [ -3.0; 2.0 ]) // [3, 2]
    /// abs (complex (tensor 3.0) (tensor 4.0)) // 5
    /// </code></example>
    static member Abs(a: Tensor) = Operands.modulus a

    /// <summary>
    /// The logarithm to the base 10: <c>log10 x</c>. It is whole at powers of ten; of complex numbers it is log z / log 10.
    /// </summary>
    /// <example><code>
    /// log10 (tensor [ 1000.0; 0.01 ]) // [3, -2]
    /// </code></example>
    static member Log10(a: Tensor) =
        Given.check "a" a
        let ofLog x = Operands.withReal Binary.Divide (Operands.unaryOf "log10" Unary.Log x) (log 10.0)

        // n + log10 (a/10ⁿ), where n is the nearest whole number: whole at powers of ten. Beyond `most` 10ⁿ might not be a number.
        let most =
            match a.DType.Storage with
            | Storage.Float64 -> 300.0
            | Storage.Float16 -> 4.0
            | Storage.Float32
            | Storage.BFloat16
            | Storage.Integer _
            | Storage.Bool
            | Storage.Complex64
            | Storage.Complex128 -> 30.0

        if a.DType.IsComplex then
            ofLog a
        else
            let near = Operands.withReal Binary.Min (Operands.withReal Binary.Max (ofLog a) -most) most
            let n = Operands.unary Unary.Round near

            Operands.binary
                Binary.Add
                n
                (ofLog (Operands.binary Binary.Divide a (Operands.realWith Binary.Power 10.0 n)))

    /// <summary>The whole number toward 0: <c>truncate x</c>. Integers stay as they are.</summary>
    /// <example><code>
    /// truncate (tensor [ 1.7; -1.7 ]) // [1, -1]
    /// </code></example>
    static member Truncate(a: Tensor) =
        a
        |> Operands.whole (fun a ->
            Operands.binary
                Binary.Multiply
                (Operands.unaryOf "truncate" Unary.Sign a)
                (Operands.unaryOf "truncate" Unary.Floor (Operands.unary Unary.Abs a)))

    /// <summary>The largest whole number not above x: <c>floor x</c>. Integers stay as they are.</summary>
    /// <example><code>
    /// floor (tensor [ 1.7; -1.7 ]) // [1, -2]
    /// </code></example>
    static member Floor(a: Tensor) = Operands.whole (Operands.unary Unary.Floor) a
    /// <summary>The smallest whole number not below x: <c>ceil x</c>. Integers stay as they are.</summary>
    /// <example><code>
    /// ceil (tensor [ 1.3; -1.3 ]) // [2, -1]
    /// </code></example>
    static member Ceiling(a: Tensor) = Operands.whole (Operands.unary Unary.Ceiling) a
    /// <summary>The nearest whole number, halves to the even one: <c>round x</c>. Integers stay as they are.</summary>
    /// <example><code>
    /// round (tensor [ 0.5; 1.5; 1.7 ]) // [0, 2, 2]
    /// </code></example>
    static member Round(a: Tensor) = Operands.whole (Operands.unary Unary.Round) a
    /// <summary>e to the x: <c>exp x</c>.</summary>
    /// <example><code>
    /// exp (tensor [ 0.0; 1.0 ]) // [1, 2.7183]
    /// </code></example>
    static member Exp(a: Tensor) = Operands.unary Unary.Exp a
    /// <summary>The natural logarithm: <c>log x</c>.</summary>
    /// <example><code>
    /// log (tensor [ 1.0; 2.0; 0.0 ]) // [0, 0.6931, -infinity]
    /// </code></example>
    static member Log(a: Tensor) = Operands.unary Unary.Log a
    /// <summary>The square root: <c>sqrt x</c>.</summary>
    /// <example><code>
    /// sqrt (tensor [ 4.0; 9.0; -1.0 ]) // [2, 3, nan]
    /// </code></example>
    static member Sqrt(a: Tensor) = Operands.unary Unary.Sqrt a
    /// <summary>The sine: <c>sin x</c>.</summary>
    /// <example><code>
    /// sin (tensor [ 0.0; System.Math.PI / 2.0 ]) // [0, 1]
    /// </code></example>
    static member Sin(a: Tensor) = Operands.unary Unary.Sin a
    /// <summary>The cosine: <c>cos x</c>.</summary>
    /// <example><code>
    /// cos (tensor [ 0.0; System.Math.PI ]) // [1, -1]
    /// </code></example>
    static member Cos(a: Tensor) = Operands.unary Unary.Cos a
    /// <summary>The tangent: <c>tan x</c>.</summary>
    /// <example><code>
    /// tan (tensor [ 0.0; System.Math.PI / 4.0 ]) // [0, 1]
    /// </code></example>
    static member Tan(a: Tensor) = Operands.unary Unary.Tan a
    /// <summary>The inverse sine: <c>asin x</c>.</summary>
    /// <example><code>
    /// asin (tensor [ 0.0; 1.0; 2.0 ]) // [0, 1.5708, nan]
    /// </code></example>
    static member Asin(a: Tensor) = Operands.unary Unary.Asin a
    /// <summary>The inverse cosine: <c>acos x</c>.</summary>
    /// <example><code>
    /// acos (tensor [ 1.0; -1.0 ]) // [0, 3.1416]
    /// </code></example>
    static member Acos(a: Tensor) = Operands.unary Unary.Acos a
    /// <summary>The inverse tangent: <c>atan x</c>.</summary>
    /// <example><code>
    /// atan (tensor [ 0.0; 1.0 ]) // [0, 0.7854]
    /// </code></example>
    static member Atan(a: Tensor) = Operands.unary Unary.Atan a
    /// <summary>The hyperbolic sine: <c>sinh x</c>.</summary>
    /// <example><code>
    /// sinh (tensor [ 0.0; 1.0 ]) // [0, 1.1752]
    /// </code></example>
    static member Sinh(a: Tensor) = Operands.unary Unary.Sinh a
    /// <summary>The hyperbolic cosine: <c>cosh x</c>.</summary>
    /// <example><code>
    /// cosh (tensor [ 0.0; 1.0 ]) // [1, 1.5431]
    /// </code></example>
    static member Cosh(a: Tensor) = Operands.unary Unary.Cosh a
    /// <summary>The hyperbolic tangent: <c>tanh x</c>.</summary>
    /// <example><code>
    /// tanh (tensor [ 0.0; 1.0 ]) // [0, 0.7616]
    /// </code></example>
    static member Tanh(a: Tensor) = Operands.unary Unary.Tanh a

    /// <summary>
    /// The values as .NET data of the type asked for, which must match the dtype and the rank: <c>float32</c>,
    /// <c>float32[]</c>, <c>float32[,]</c>, <c>float32 list list</c>, …
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The type of the data is not that of the elements.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The nesting is not the rank.</exception>
    /// <exception cref="T:Cotangent.TraceException">
    /// Inside a transformation that only knows shape and dtype.
    /// </exception>
    /// <example><code>
    /// (tensor [ 1.0f; 2.0f ]).ToData&lt;float32[]>()
    /// </code></example>
    member t.ToData<'data>() : 'data =
        let read (host: HostBuffer) = NestedData.ofBuffer typeof<'data> host |> unbox<'data>

        let bytes = int64 (Shape.count t.Dims) * int64 t.DType.Size
        Recycling.orRefuse "ToData" bytes (fun () -> t.Reading read)

    /// The one element, for a conversion that is called by the name of its type.
    static member private Single<'number>(name: string, t: Tensor, dtype: DType) : 'number =
        Given.check "t" t

        if Shape.count t.Dims <> 1 then
            raise (
                ShapeException
                    $"{name}: a tensor of shape {Shape.show t.Dims} is not a single number. Index or reduce it first."
            )

        (Operands.convert dtype t).ToData<'number>()

    /// <summary>The one element as a number: <c>float t</c>.</summary>
    /// <exception cref="T:Cotangent.ShapeException">There is not exactly one element.</exception>
    /// <exception cref="T:Cotangent.TraceException">Inside a transformation that only knows shape and dtype.</exception>
    /// <example><code>
    /// float (tensor [ 2.5f ]) // 2.5
    /// float (tensor [ 1.0; 2.0 ]) // throws ShapeException
    /// </code></example>
    static member op_Explicit(t: Tensor) : float = Tensor.Single("float", t, DType.Float64)
    /// <summary>The one element as a number: <c>float32 t</c>.</summary>
    /// <exception cref="T:Cotangent.ShapeException">There is not exactly one element.</exception>
    static member op_Explicit(t: Tensor) : float32 = Tensor.Single("float32", t, DType.Float32)
    /// <summary>The one element as a number: <c>int t</c>.</summary>
    /// <exception cref="T:Cotangent.ShapeException">There is not exactly one element.</exception>
    static member op_Explicit(t: Tensor) : int = Tensor.Single("int", t, DType.Int32)
