namespace Cotangent.Engines

/// The matrix products of a native library. They run on the calling thread alone: who calls shares the work among the
/// cores, as kernels in managed code do, since the threads of a native library would compete with those of .NET.
[<AbstractClass>]
type internal Blas() =
    /// c <- a b, or c + a b where `add`, as BLAS has it: columns are adjacent in memory, `m`, `n` and `k` are the rows of
    /// c, the columns of c and the columns of a; `a` and `b` are transposed where told so, and `lda`, `ldb` and `ldc` are
    /// the steps from column to column as they lie in memory.
    abstract Float32:
        transposeA: bool *
        transposeB: bool *
        m: int *
        n: int *
        k: int *
        a: nativeptr<float32> *
        lda: int *
        b: nativeptr<float32> *
        ldb: int *
        add: bool *
        c: nativeptr<float32> *
        ldc: int ->
            unit

    /// The same in Float64.
    abstract Float64:
        transposeA: bool *
        transposeB: bool *
        m: int *
        n: int *
        k: int *
        a: nativeptr<float> *
        lda: int *
        b: nativeptr<float> *
        ldb: int *
        add: bool *
        c: nativeptr<float> *
        ldc: int ->
            unit
