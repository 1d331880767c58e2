namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// Values that go to places, where several may meet in one.
module internal Meeting =
    /// Whether numbers of this dtype can meet so.
    let require (operation: string) (how: Reduce) (t: Tensor) =
        let refuse what wanted =
            raise (
                DTypeException
                    $"{operation}: a {what} needs {wanted}, got {t.DType} {Shape.show t.Dims}; convert it first."
            )

        match how with
        | Reduce.Sum -> if t.DType = DType.Bool then refuse "sum" "numbers"
        | Reduce.Prod -> if t.DType = DType.Bool then refuse "product" "numbers"
        | Reduce.Mean -> if not t.DType.HasDerivatives then refuse "mean" "a floating-point tensor"
        | Reduce.Max
        | Reduce.Min -> ShapeRule.requireOrder operation t.DType

    /// A shape of rows: axes of size 1 behind those of the positions.
    let private beside (rows: Tensor) (t: Tensor) =
        t.Reshape(Array.append t.Dims (Array.create (rows.Rank - t.Rank) 1))

    let private add size (positions: Tensor) (rows: Tensor) =
        Bind.one (Primitive.Scatter(Collision.Add, 0, 0, size)) [| rows; positions |]

    /// How many rows go to each place, as Int32.
    let counts (size: int) (positions: Tensor) : Tensor =
        add size positions (Bind.full (Literal.Whole 1L) DType.Int32 positions.Dims positions.Device)

    /// Two numbers that become one, each time.
    let combine (how: Reduce) (a: Tensor) (b: Tensor) : Tensor =
        let either ofBool ofNumbers = Bind.binary (if a.DType = DType.Bool then ofBool else ofNumbers) a b

        match how with
        | Reduce.Sum
        | Reduce.Mean -> Bind.binary Binary.Add a b
        | Reduce.Prod -> Bind.binary Binary.Multiply a b
        | Reduce.Max -> either Binary.Or Binary.Max
        | Reduce.Min -> either Binary.And Binary.Min

    /// Products: sorted by place, the rows of one place stand together, and the last has the running product of all. Only it is
    /// added to its place.
    let private products size (positions: Tensor) (rows: Tensor) : Tensor =
        let n = positions.Size
        let order = Bind.apply (Primitive.Sort(0, false)) [| positions |]
        let places, order = order[0], order[1]
        let rows = Bind.one (Primitive.Gather(Finder.Slice, 0, 0)) [| rows; order |]

        let step (a: Tensor[]) (b: Tensor[]) =
            let isSame = Operands.expandTo b[1].Dims (beside rows (Bind.binary Binary.Equal a[0] b[0]))
            [| b[0]; Bind.one Primitive.Select [| isSame; Bind.binary Binary.Multiply a[1] b[1]; b[1] |] |]

        let running = (AssociativeScan.along 0 step [| places; rows |])[1]
        let next = sliceAxis 0 1 (n - 1) places

        let isLast =
            concat 0 [
                (Bind.binary Binary.Equal (sliceAxis 0 0 (n - 1) places) next).Not()
                Bind.full (Literal.Whole 1L) DType.Bool [| 1 |] rows.Device
            ]

        let isLast = Operands.expandTo rows.Dims (beside rows isLast)
        let nothing = Bind.full (Literal.Whole 0L) rows.DType rows.Dims rows.Device
        add size places (Bind.one Primitive.Select [| isLast; running; nothing |])

    /// Whether positions may count from the end: products sort them.
    let takesFromEnd (how: Reduce) =
        match how with
        | Reduce.Prod -> false
        | Reduce.Sum
        | Reduce.Mean
        | Reduce.Max
        | Reduce.Min -> true

    /// What comes of the rows (axes after those of the positions, a vector) that go to each of so many places; neutral where there
    /// is none. Halves are taken in Float32.
    let totals (how: Reduce) (size: int) (positions: Tensor) (rows: Tensor) : Tensor =
        let total (rows: Tensor) =
            match how with
            | Reduce.Sum -> add size positions rows
            | Reduce.Mean ->
                let sums = add size positions rows
                sums / (beside sums ((counts size positions).Convert sums.DType))
            | Reduce.Max -> Bind.one (Primitive.Scatter(Collision.Max, 0, 0, size)) [| rows; positions |]
            | Reduce.Min -> Bind.one (Primitive.Scatter(Collision.Min, 0, 0, size)) [| rows; positions |]
            | Reduce.Prod ->
                let shape = Array.append [| size |] rows.Dims[1..]
                let none = Bind.full (Literal.Whole 1L) rows.DType shape rows.Device

                if positions.Size = 0 then
                    none
                else
                    let found = products size positions rows
                    where (beside found ((counts size positions).Greater 0.0)) found none

        match how with
        | Reduce.Sum
        | Reduce.Mean
        | Reduce.Prod when DTypes.isHalf rows.DType -> (total (rows.Convert DType.Float32)).Convert rows.DType
        | Reduce.Sum
        | Reduce.Mean
        | Reduce.Prod
        | Reduce.Max
        | Reduce.Min -> total rows

    /// Rows of a tensor together with those that go to them.
    let into (how: Reduce) (positions: Tensor) (rows: Tensor) (t: Tensor) : Tensor =
        match how with
        | Reduce.Mean ->
            let all =
                concat 0 [ Bind.create (Primitive.Iota(positions.DType, t.Dims[0])) t.Device; positions ]

            totals how t.Dims[0] all (concat 0 [ t; rows ])
        | Reduce.Sum
        | Reduce.Prod
        | Reduce.Max
        | Reduce.Min -> combine how t (totals how t.Dims[0] positions rows)
