namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// Machine code of kernels, made at run time.

open System
open System.Reflection.Emit
open Cotangent.Lanes

/// Writes kernels into one method, whose first argument is the address of a table of slots: slots[i] is the address of
/// slot i's element 0. Some 500 vector operations are as many as a method should have; the compiler of .NET gives up
/// optimising much larger ones.
[<Sealed>]
type internal Emitter(il: ILGenerator, width: Width) =
    let constants = il.DeclareLocal typeof<nativeint>
    let code = Instructions(il, constants)

    do code.LoadConstants()

    let slots () = il.Emit OpCodes.Ldarg_0

    let scheduled (kernel: LoopNest) : struct (Body * NestSchedule) =
        let body = LaneCode.body width.Bits kernel
        Uniform.shorten width body (NestSchedule.make width kernel body)

    /// Computes all points of a kernel.
    member _.Kernel(kernel: LoopNest) =
        let struct (body, schedule) = scheduled kernel
        NestWriter(code, width, body, schedule, ValueNone).Write slots

    /// Computes points first <= i < last of the outermost axis that is not reduced, or the one point where all are:
    /// arguments 1 and 2, of type int64.
    member _.Part(kernel: LoopNest) =
        let struct (body, schedule) = scheduled kernel

        let bound (argument: int) =
            let local = code.Take typeof<int64>
            il.Emit(OpCodes.Ldarg, int16 argument)
            il.Emit(OpCodes.Ldc_I8, int64 (max 1 schedule.Axes.Outermost))
            il.Emit OpCodes.Mul
            code.Store local
            local

        let first, last = bound 1, bound 2
        let skip = il.DefineLabel()
        code.Load first
        code.Load last
        il.Emit(OpCodes.Bge, skip)
        NestWriter(code, width, body, schedule, ValueSome(first, last)).Write slots
        il.MarkLabel skip

[<RequireQualifiedAccess>]
module internal Emit =

    /// Why a kernel can't be emitted, or None.
    let refuses (width: Width) (kernel: LoopNest) : string option = LaneCode.refuses width.Bits kernel

    /// A method without a result and with locals that are not cleared.
    let private emptyMethod (parameters: Type[]) =
        let m = DynamicMethod("kernel", typeof<Void>, parameters, typeof<ScalarLanes>.Module, true)
        m.InitLocals <- false
        m

    /// `void (nativeint* slots, int64 first, int64 last)`: computes points first <= i < last of the outermost axis that
    /// is not reduced (of the one point where all are). slots[i] is the address of slot i's element 0.
    let kernel (width: Width) (kernel: LoopNest) : DynamicMethod =
        let m = emptyMethod [| typeof<nativeint>; typeof<int64>; typeof<int64> |]
        let il = m.GetILGenerator()
        Emitter(il, width).Part kernel
        il.Emit OpCodes.Ret
        m

    /// `void (nativeint* slots)`: all points of some kernels, one after the other. Constant bounds make better code of
    /// small kernels, and a call costs as much as ten of their instructions.
    let whole (width: Width) (kernels: LoopNest seq) : DynamicMethod =
        let m = emptyMethod [| typeof<nativeint> |]
        let il = m.GetILGenerator()
        let emitter = Emitter(il, width)

        for kernel in kernels do
            emitter.Kernel kernel

        il.Emit OpCodes.Ret
        m
