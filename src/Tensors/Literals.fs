namespace Cotangent

/// Numbers that are written beside tensors.
module internal Literals =
    /// A literal as an element of a dtype; refused where an integer dtype can't hold it.
    let real (operation: 'operation) (dtype: DType) (value: float) =
        if not dtype.IsFloat && value <> System.Math.Floor value then
            raise (
                DTypeException
                    $"{operation}: the literal {string value} is not a whole number and the tensor is {dtype}. Convert the tensor to a floating-point dtype first."
            )

        let beyond limit = value < -limit || value >= limit

        if
            (dtype = DType.Int32 && beyond 2147483648.0)
            || (dtype = DType.Int64 && beyond 9223372036854775808.0)
        then
            raise (
                ValueException
                    $"{operation}: the literal {string value} is too large for {dtype}. Convert the tensor to a dtype that holds it first."
            )

        Literal.Real value
