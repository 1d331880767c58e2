namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// Machine code of kernels, made at run time.

open System
open System.Reflection.Emit

[<RequireQualifiedAccess>]
module internal Emit =

    /// Why a kernel can't be emitted, or None.
    let refuses (width: Width) (kernel: Kernel) : string option = Lower.refuses width.Bits kernel

    let private method (name: string) (parameters: Type[]) write =
        let m = DynamicMethod(name, typeof<Void>, parameters, typeof<ScalarLanes>.Module, true)
        m.InitLocals <- false
        let il = m.GetILGenerator()
        write il
        il.Emit OpCodes.Ret
        m

    let private nest (width: Width) (kernel: Kernel) il isWhole =
        let body = Lower.body width.Bits kernel
        let schedule = Schedule.make kernel body
        Nest(il, width, body, schedule, isWhole).Write()

    /// `void (nativeint* slots, int64 first, int64 last)`: computes points first <= i < last of the outermost axis that
    /// is not reduced (of the one point where all are). slots[i] is the address of slot i's element 0.
    let kernel (width: Width) (kernel: Kernel) : DynamicMethod =
        method "kernel" [| typeof<nativeint>; typeof<int64>; typeof<int64> |] (fun il ->
            nest width kernel il false)

    /// `void (nativeint* slots)`: all points. Constant bounds make better code of small kernels.
    let whole (width: Width) (kernel: Kernel) : DynamicMethod =
        method "kernel" [| typeof<nativeint> |] (fun il -> nest width kernel il true)

    /// The same, into a method whose first argument are the slots.
    let into (il: ILGenerator) (width: Width) (kernel: Kernel) = nest width kernel il true
