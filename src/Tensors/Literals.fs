namespace Cotangent

/// Numbers that are written beside tensors.
module internal Literals =
    let requireWhole (operation: 'operation) (dtype: DType) (value: float) =
        if not dtype.HasDerivatives && value <> System.Math.Floor value then
            raise (
                DTypeException
                    $"{operation}: the literal {string value} is not a whole number and the tensor is {dtype}. Convert the tensor to a floating-point dtype first."
            )

    /// Whether an integer dtype holds a number.
    let requireFits (operation: 'operation) (dtype: DType) (value: float) =
        let struct (least, beyond) = DTypes.bounds dtype

        if value < least || value >= beyond then
            let wrong = if value < 0.0 then "small" else "large"

            raise (
                ValueException
                    $"{operation}: the literal {string value} is too {wrong} for {dtype}. Convert the tensor to a dtype that holds it first."
            )

    /// A literal as an element of a dtype; refused where an integer dtype can't hold it.
    let real (operation: 'operation) (dtype: DType) (value: float) =
        if not dtype.HasDerivatives then
            requireWhole operation dtype value
            if dtype.IsInteger then requireFits operation dtype value

        Literal.Real value
