namespace Cotangent.Torch

open System.Runtime.InteropServices
open Microsoft.FSharp.NativeInterop
open Cotangent.Engines

/// The BLAS inside libtorch: MKL's on x64.
module internal Mkl =

    [<DllImport("torch_cpu")>]
    extern void sgemm_(
        byte& transposeA,
        byte& transposeB,
        int& m,
        int& n,
        int& k,
        float32& alpha,
        float32* a,
        int& lda,
        float32* b,
        int& ldb,
        float32& beta,
        float32* c,
        int& ldc
    )

    [<DllImport("torch_cpu")>]
    extern void dgemm_(
        byte& transposeA,
        byte& transposeB,
        int& m,
        int& n,
        int& k,
        float& alpha,
        float* a,
        int& lda,
        float* b,
        int& ldb,
        float& beta,
        float* c,
        int& ldc
    )

    /// How many threads MKL may use for calls from this thread, 0 for no such limit; returns the limit before.
    [<DllImport("torch_cpu", EntryPoint = "MKL_Set_Num_Threads_Local"); SuppressGCTransition>]
    extern int setThreads(int count)

[<Sealed>]
type internal TorchBlas() =
    inherit Blas()

    let flag transposed = if transposed then byte 'T' else byte 'N'

    override _.Float32(transposeA, transposeB, m, n, k, a, lda, b, ldb, add, c, ldc) =
        let mutable ta, tb = flag transposeA, flag transposeB
        let mutable m, n, k, lda, ldb, ldc = m, n, k, lda, ldb, ldc
        let mutable one, beta = 1.0f, (if add then 1.0f else 0.0f)
        let before = Mkl.setThreads 1
        Mkl.sgemm_ (&ta, &tb, &m, &n, &k, &one, a, &lda, b, &ldb, &beta, c, &ldc)
        Mkl.setThreads before |> ignore

    override _.Float64(transposeA, transposeB, m, n, k, a, lda, b, ldb, add, c, ldc) =
        let mutable ta, tb = flag transposeA, flag transposeB
        let mutable m, n, k, lda, ldb, ldc = m, n, k, lda, ldb, ldc
        let mutable one, beta = 1.0, (if add then 1.0 else 0.0)
        let before = Mkl.setThreads 1
        Mkl.dgemm_ (&ta, &tb, &m, &n, &k, &one, a, &lda, b, &ldb, &beta, c, &ldc)
        Mkl.setThreads before |> ignore
