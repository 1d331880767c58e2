namespace Cotangent;

/// <summary>Making tensors from shapes: <c>Tensor.Zeros(2, 3)</c>. Float32 where no dtype is given.</summary>
public static class TensorCreation
{
    extension(Tensor)
    {
        /// <summary>Zeros in Float32.</summary>
        /// <exception cref="ShapeException">A size is negative.</exception>
        /// <example><code>
        /// Tensor.Zeros(2, 3) // shape (2, 3)
        /// </code></example>
        public static Tensor Zeros(params ReadOnlySpan<int> shape) => Tensor.Zeros(shape, DType.Float32);

        /// <summary>Zeros (false for Bool).</summary>
        /// <exception cref="ShapeException">A size is negative.</exception>
        /// <example><code>
        /// Tensor.Zeros([3], DType.Float64) // [0, 0, 0]
        /// </code></example>
        public static Tensor Zeros(ReadOnlySpan<int> shape, DType dtype) => TensorModule.zeros(dtype, shape.ToArray());

        /// <summary>Ones in Float32.</summary>
        /// <example><code>
        /// Tensor.Ones(3) // [1, 1, 1]
        /// </code></example>
        public static Tensor Ones(params ReadOnlySpan<int> shape) => Tensor.Ones(shape, DType.Float32);

        /// <summary>Ones (true for Bool).</summary>
        /// <exception cref="ShapeException">A size is negative.</exception>
        /// <example><code>
        /// Tensor.Ones([2], DType.Bool) // [true, true]
        /// </code></example>
        public static Tensor Ones(ReadOnlySpan<int> shape, DType dtype) => TensorModule.ones(dtype, shape.ToArray());

        /// <summary>One number everywhere. Float32 by default.</summary>
        /// <exception cref="ShapeException">A size is negative.</exception>
        /// <exception cref="DTypeException">The number is not a whole one, and the dtype an integer.</exception>
        /// <example><code>
        /// Tensor.Full(0.5, [2, 2]) // [[0.5, 0.5], [0.5, 0.5]]
        /// </code></example>
        public static Tensor Full(double value, ReadOnlySpan<int> shape, DType dtype = default) =>
            TensorModule.full(dtype, shape.ToArray(), value);

        /// <summary>A tensor of rank 0, Float32 by default. <c>Tensor.Create(1.0)</c> takes the dtype from the number.</summary>
        /// <exception cref="DTypeException">The number is not a whole one, and the dtype an integer.</exception>
        /// <example><code>
        /// Tensor.Scalar(2.5) // 2.5
        /// Tensor.Scalar(2, DType.Int64).DType // Int64
        /// </code></example>
        public static Tensor Scalar(double value, DType dtype = default) => TensorModule.scalar(dtype, value);

        /// <summary>0, 1, … count - 1. Float32 by default.</summary>
        /// <exception cref="ShapeException">The count is negative.</exception>
        /// <exception cref="DTypeException">The dtype is Bool.</exception>
        /// <exception cref="ValueException">The last number is too large for an integer dtype.</exception>
        /// <example><code>
        /// Tensor.Arange(3, DType.Int32) // [0, 1, 2]
        /// </code></example>
        public static Tensor Arange(int count, DType dtype = default) => TensorModule.arange(dtype, count);

        /// <summary>start, start + step, … short of stop. Float32 by default.</summary>
        /// <exception cref="ValueException">The step is 0 or the number of steps not finite.</exception>
        /// <exception cref="DTypeException">The dtype is Bool, or an integer that a bound or the step is not.</exception>
        /// <example><code>
        /// Tensor.Arange(1, 2, 0.25) // [1, 1.25, 1.5, 1.75]
        /// </code></example>
        public static Tensor Arange(double start, double stop, double step = 1, DType dtype = default) =>
            TensorModule.arangeIn(dtype, start, stop, step);

        /// <summary>
        /// Powers of ten whose exponents are evenly spaced from start to stop, both included. Float32 by default.
        /// </summary>
        /// <exception cref="ValueException">The count is below 1.</exception>
        /// <exception cref="DTypeException">The dtype is not a floating-point one.</exception>
        /// <example><code>
        /// Tensor.Logspace(0, 3, 4) // [1, 10, 100, 1000]
        /// </code></example>
        public static Tensor Logspace(double start, double stop, int count, DType dtype = default) =>
            TensorModule.logspace(dtype, start, stop, count);

        /// <summary>Numbers evenly spaced from start to stop, both included. Float32 by default.</summary>
        /// <exception cref="DTypeException">The dtype is not a floating-point one.</exception>
        /// <exception cref="ValueException">The count is below 1.</exception>
        /// <example><code>
        /// Tensor.Linspace(0, 1, 5) // [0, 0.25, 0.5, 0.75, 1]
        /// </code></example>
        public static Tensor Linspace(double start, double stop, int count, DType dtype = default) =>
            TensorModule.linspace(dtype, start, stop, count);

        /// <summary>The identity matrix of n rows. Float32 by default.</summary>
        /// <example><code>
        /// Tensor.Eye(2) // [[1, 0], [0, 1]]
        /// </code></example>
        public static Tensor Eye(int n, DType dtype = default) => TensorModule.eye(dtype, n);

        /// <summary>
        /// The square matrix with a vector on its diagonal and zeros elsewhere; of each vector in a batch.
        /// <see cref="TensorProducts.Diagonal"/> goes the other way.
        /// </summary>
        /// <exception cref="ShapeException">The tensor is a scalar.</exception>
        /// <example><code>
        /// Tensor.Diag(Tensor.Create([1, 2])) // [[1, 0], [0, 2]]
        /// </code></example>
        public static Tensor Diag(Tensor t) => TensorModule.diag(t.NotNull());

        /// <summary>
        /// The coordinates of a grid: for n vectors, n tensors whose axis i follows vector i ("ij" indexing, as in
        /// PyTorch).
        /// </summary>
        /// <exception cref="ShapeException">One of the tensors is not a vector.</exception>
        /// <example><code>
        /// var grid = Tensor.Meshgrid(Tensor.Create([0, 1]), Tensor.Create([5, 6, 7]));
        /// grid[0] // [[0, 0, 0], [1, 1, 1]]
        /// </code></example>
        public static Tensor[] Meshgrid(params IEnumerable<Tensor> vectors) => TensorModule.meshgrid(vectors.NoneNull());

        /// <summary>
        /// Class indices (any integer shape s) as unit vectors, of shape s and then <c>classes</c>. Float32 by default.
        /// </summary>
        /// <exception cref="DTypeException">The indices are not integers.</exception>
        /// <exception cref="IndexException">An index is none of the classes.</exception>
        /// <example><code>
        /// Tensor.OneHot(Tensor.Create([2, 0]), 3) // [[0, 0, 1], [1, 0, 0]]
        /// </code></example>
        public static Tensor OneHot(Tensor indices, int classes, DType dtype = default) =>
            TensorModule.oneHot(dtype, classes, indices.NotNull());
    }

    /// <summary>Zeros in the shape, dtype and device of a tensor.</summary>
    /// <example><code>
    /// Tensor.Create([1.0, 2.0]).ZerosLike() // [0, 0]
    /// </code></example>
    public static Tensor ZerosLike(this Tensor t) => TensorModule.zerosLike(t.NotNull());

    /// <summary>Ones in the shape, dtype and device of a tensor.</summary>
    /// <example><code>
    /// Tensor.Create([1.0, 2.0]).OnesLike() // [1, 1]
    /// </code></example>
    public static Tensor OnesLike(this Tensor t) => TensorModule.onesLike(t.NotNull());

    /// <summary>One number everywhere, in the shape, dtype and device of a tensor.</summary>
    /// <exception cref="DTypeException">The number is not a whole one, and the tensor holds integers.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 2.0]).FullLike(0.5) // [0.5, 0.5]
    /// </code></example>
    public static Tensor FullLike(this Tensor t, double value) => TensorModule.fullLike(t.NotNull(), value);
}
