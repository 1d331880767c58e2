namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// Writes the loops of a scheduled kernel, and inside them its lane operations.
//
// Code lies at levels: level -1 before all loops, level i in loop i. An operation is computed at the level of the
// innermost loop that it varies along. At each level stands first what inner loops need, then the next loop; in the
// innermost kept loop first the accumulators, the reduced loops and the folding of lanes, then the stores and all that
// only they need.
//
// Rows, columns and steps that are computed together are replicas: each operation is written once for every
// combination of those that it varies along.

open System
open System.Collections.Generic
open System.Reflection
open System.Reflection.Emit
open Cotangent

/// How many lanes of a vector count: all; the first few; or those of a mask made at run time.
[<RequireQualifiedAccess; Struct>]
type internal Active =
    | All
    | First of int
    | Masked

/// Where the elements of an access lie: a pointer and a number of bytes.
[<Struct; NoComparison>]
type internal Place = { Pointer: LocalBuilder | null; Bytes: int64 }

/// Accesses that differ only in their offsets.
[<NoComparison>]
type internal Group = { Slot: int; First: int64; Strides: int64[] }

[<Sealed>]
type internal Nest(il: ILGenerator, width: Width, body: Body, s: Schedule, whole: bool) =
    let code = Instructions il
    let nodes = body.Nodes
    let rank = s.Sizes.Length
    let loads = body.Accesses.Length
    let lanes = body.Lanes
    let vectorKept = s.Vector >= 0 && s.Vector < s.Kept
    let sets = Schedule.dependences nodes s.AxisOf s.Strides s.Kept rank

    let position =
        let p = Array.zeroCreate rank

        for level in 0 .. rank - 1 do
            p[s.Order[level]] <- level

        p

    // Level and phase of each operation.

    let level set =
        let mutable l = -1

        for axis in 0 .. rank - 1 do
            if set &&& (1 <<< axis) <> 0 then l <- max l position[axis]

        l

    let folds = [|
        for i in 0 .. nodes.Length - 1 do
            if Schedule.isFold nodes[i].Op then i
    |]

    /// Whether an operation needs a fold's result.
    let late =
        let flags = Array.create nodes.Length false

        for i in 0 .. nodes.Length - 1 do
            let n = nodes[i]
            let operand a = a >= 0 && flags[a]

            flags[i] <- Schedule.isFold n.Op || operand n.A || operand n.B || operand n.C || operand n.D

        flags

    let home = Array.init nodes.Length (fun i -> if late[i] then s.Kept - 1 else level sets[i])

    /// Whether loops inside of an operation's own need it.
    let hoisted =
        let flags = Array.create nodes.Length false

        let need from i =
            if i >= 0 && nodes[i].Op <> Op.Constant && not late[i] && home[i] < from then
                flags[i] <- true

        for i in 0 .. nodes.Length - 1 do
            let n = nodes[i]
            let from = if Schedule.isFold n.Op then rank - 1 else home[i]
            need from n.A
            need from n.B
            need from n.C
            need from n.D

        for struct (_, _, i) in body.Stores do
            need (s.Kept - 1) i

        flags

    // Locals, used again when their value is no longer needed.

    let free = Dictionary<Type, Stack<LocalBuilder>>()

    let take (t: Type) =
        match free.TryGetValue t with
        | true, stack when stack.Count > 0 -> stack.Pop()
        | _ -> il.DeclareLocal t

    let giveBack (local: LocalBuilder) =
        match free.TryGetValue local.LocalType with
        | true, stack -> stack.Push local
        | _ ->
            let stack = Stack<LocalBuilder>()
            stack.Push local
            free.Add(local.LocalType, stack)

    let widthOf (n: Node) = Width.OfBits n.Bits
    let localFor i = take ((widthOf nodes[i]).Vector nodes[i].Element)

    // Replicas: what is computed together just now.

    let mutable rows = 1
    let mutable columns = [| Active.All |]
    let mutable steps = [| Active.All |]
    let innermost = if rank > s.Kept then s.Order[rank - 1] else -1
    let varies i axis = axis >= 0 && sets[i] &&& (1 <<< axis) <> 0

    /// An operation's replica, in which coordinates that it does not vary along are 0.
    let key i row column step =
        let row = if varies i s.RowAxis then row else 0
        let column = if vectorKept && varies i s.Vector then column else 0
        let step = if varies i innermost then step else 0
        ((int64 i * 64L + int64 row) * 64L + int64 column) * 64L + int64 step

    /// Values that lie in locals.
    let values = Dictionary<int64, LocalBuilder>()
    /// How often those of the present region are still needed.
    let uses = Dictionary<int64, int>()

    // Addresses.

    let size (dtype: DType) = int64 dtype.Size

    let dtypeOf a =
        if a < loads then
            let struct (_, dtype) = body.Accesses[a]
            dtype
        else
            let struct (_, dtype, _) = body.Stores[a - loads]
            dtype

    let accessOf a =
        if a < loads then
            let struct (access, _) = body.Accesses[a]
            access
        else
            let struct (access, _, _) = body.Stores[a - loads]
            access

    let groups = ResizeArray<Group>()

    /// Each access's group and its distance from the group's first element.
    let located =
        Array.init (loads + body.Stores.Length) (fun a ->
            let bytes = size (dtypeOf a)
            let strides = s.Strides[a] |> Array.map (fun stride -> int64 stride * bytes)
            let access = accessOf a
            let start = int64 access.Offset * bytes
            let mutable found = -1

            for g in 0 .. groups.Count - 1 do
                let group = groups[g]

                if found < 0 && group.Slot = access.Slot && Array.forall2 (=) group.Strides strides then
                    found <- g

            if found < 0 then
                groups.Add { Slot = access.Slot; First = start; Strides = strides }
                struct (groups.Count - 1, 0L)
            else
                struct (found, start - groups[found].First))

    let mutable places: Place[] = Array.create groups.Count { Pointer = null; Bytes = 0L }
    /// The present index along each axis: that of the first replica.
    let mutable indices: Place[] = Array.create rank { Pointer = null; Bytes = 0L }
    let low = if whole then null else il.DeclareLocal typeof<int64>
    let high = if whole then null else il.DeclareLocal typeof<int64>
    /// Masks of the last, incomplete vector, for elements of 4 and of 8 bytes.
    let masks: (LocalBuilder | null)[] = [| null; null |]
    /// What lies in memory while lanes are computed one after the other.
    let spills = Dictionary<struct (int * Element), LocalBuilder>()

    let real (local: LocalBuilder | null) =
        match local with
        | null -> invalidOp "Code for a value that is not there."
        | local -> local

    let add (bytes: int64) =
        if bytes <> 0L then
            if bytes = int64 (int bytes) then
                il.Emit(OpCodes.Ldc_I4, int bytes)
                il.Emit OpCodes.Conv_I
            else
                il.Emit(OpCodes.Ldc_I8, bytes)
                il.Emit OpCodes.Conv_I

            il.Emit OpCodes.Add

    /// Puts the address of a replica's element on the stack.
    let address a row column step lane =
        let struct (g, distance) = located[a]
        let place = places[g]
        let strides = groups[g].Strides
        let along axis count = if axis >= 0 then strides[axis] * int64 count else 0L
        let unit axis = if axis = s.Vector then lanes else 1

        il.Emit(OpCodes.Ldloc, real place.Pointer)

        add (
            place.Bytes
            + distance
            + along s.RowAxis row
            + (if vectorKept then along s.Vector (column * lanes) else 0L)
            + (if innermost >= 0 then along innermost (step * unit innermost) else 0L)
            + along s.Vector lane
        )

    let activity column step =
        if s.Vector < 0 then Active.First 1
        elif vectorKept then columns[column]
        else steps[step]

    let activeCount (active: Active) =
        match active with
        | Active.All
        | Active.Masked -> lanes
        | Active.First n -> n

    let mask (w: Width) (e: Element) (active: Active) =
        match active with
        | Active.All -> code.Constant(w, e.Whole, -1L)
        | Active.First n -> code.Constants(w, e.Whole, (fun i -> if i < n then -1L else 0L))
        | Active.Masked -> il.Emit(OpCodes.Ldloc, real masks[e.Size / 8])

    // Loads.

    /// One number for each lane, by an address for each.
    let assemble (w: Width) (e: Element) a row column step active (read: unit -> unit) =
        for lane in 0 .. lanes - 1 do
            if lane < activeCount active then
                address a row column step lane
                read ()
            else
                code.Zero e

        code.Call(w.Assemble e)

    let load (n: Node) row column step =
        let w, e, a = widthOf n, n.Element, int n.Immediate
        let stride = if s.Vector < 0 then 0 else s.Strides[a][s.Vector]
        let active = activity column step

        if stride = 0 then
            address a row column step 0
            code.LoadElement e
            code.Call(w.Broadcast e)
        elif stride <> 1 then
            assemble w e a row column step active (fun () -> code.LoadElement e)
        else
            match active with
            | Active.All ->
                address a row column step 0
                code.LoadVector(w, e)
            | Active.First _ when not w.HasMasks ->
                assemble w e a row column step active (fun () -> code.LoadElement e)
            | Active.First _
            | Active.Masked ->
                address a row column step 0
                mask w e active
                code.Cast(w, e.Whole, e.Real)
                if w.Bits = 512 then code.Constant(w, e.Real, 0L)
                code.Call(w.MaskLoad e.Real)
                code.Cast(w, e.Real, e)

    /// Bytes of 0 or 1 become lanes of zeros or ones.
    let loadBool (n: Node) row column step =
        let w, e, a = widthOf n, n.Element, int n.Immediate
        let stride = if s.Vector < 0 then 0 else s.Strides[a][s.Vector]

        let read () =
            il.Emit OpCodes.Ldind_U1
            if e.Size = 8 then il.Emit OpCodes.Conv_U8

        code.Constant(w, e, 0L)

        if stride = 0 then
            address a row column step 0
            read ()
            code.Call(w.Broadcast e)
        else
            assemble w e a row column step (activity column step) read

        code.Call(w.Of("Subtract", e, 2))

    /// The index along an axis.
    let index (n: Node) row column step =
        let w, e = widthOf n, n.Element
        let axis = s.AxisOf[int n.Immediate]

        if axis < 0 then
            code.Constant(w, e, 0L)
        else
            let moved =
                (if axis = s.RowAxis then row else 0)
                + (if axis = innermost then step * (if axis = s.Vector then lanes else 1)
                   elif axis = s.Vector then column * lanes
                   else 0)

            let fixedPart = indices[axis].Bytes + int64 moved

            match indices[axis].Pointer with
            | null -> code.Constant(w, e, fixedPart)
            | local ->
                il.Emit(OpCodes.Ldloc, local)
                if e.Size = 4 then il.Emit OpCodes.Conv_I4
                code.Call(w.Broadcast e)

                if fixedPart <> 0L then
                    code.Constant(w, e, fixedPart)
                    code.Call(w.Of("Add", e, 2))

            if axis = s.Vector then
                code.Constants(w, e, int64)
                code.Call(w.Of("Add", e, 2))

    // Trees of operations. What is needed once stands where it is needed, all else goes through a local.

    let operands (n: Node) (visit: int -> unit) =
        if n.A >= 0 then visit n.A
        if n.B >= 0 then visit n.B
        if n.C >= 0 then visit n.C
        if n.D >= 0 then visit n.D

    /// Counts how often values of this region are needed.
    let rec count i row column step =
        if nodes[i].Op <> Op.Constant then
            let k = key i row column step

            if not (values.ContainsKey k) then
                match uses.TryGetValue k with
                | true, n -> uses[k] <- n + 1
                | _ ->
                    uses[k] <- 1
                    let n = nodes[i]
                    operands n (fun operand -> count operand row column step)

                    // These go through locals.
                    if n.Op = Op.Guard then
                        count n.A row column step
                        count n.C row column step
                        count n.D row column step

    /// One use of a local is over.
    let used k =
        match uses.TryGetValue k with
        | true, n ->
            uses[k] <- n - 1

            if n = 1 then
                match values.TryGetValue k with
                | true, local ->
                    values.Remove k |> ignore
                    giveBack local
                | _ -> ()
        | _ -> ()

    let rec push i row column step =
        let n = nodes[i]
        let k = key i row column step

        match values.TryGetValue k with
        | true, local ->
            il.Emit(OpCodes.Ldloc, local)
            used k
        | _ ->
            match n.Op with
            | Op.Load -> load n row column step
            | Op.LoadBool -> loadBool n row column step
            | Op.Index -> index n row column step
            | _ -> code.Operation(nodes, n, (fun operand -> push operand row column step))

    let spill name (w: Width) e =
        let k = struct (w.Bits * 4 + name, e)

        match spills.TryGetValue k with
        | true, local -> local
        | _ ->
            let local = il.DeclareLocal(w.Vector e)
            spills.Add(k, local)
            local

    static let fill (name: string) =
        match
            typeof<ScalarLanes>
                .GetMethod(name, BindingFlags.Static ||| BindingFlags.Public ||| BindingFlags.NonPublic)
        with
        | null -> invalidOp name
        | m -> m

    static let fillSingle = lazy fill "FillSingle"
    static let fillDouble = lazy fill "FillDouble"

    let guard (n: Node) (local: LocalBuilder) row column step =
        let w, e = widthOf n, n.Element
        push n.B row column step
        il.Emit(OpCodes.Stloc, local)
        let skip = il.DefineLabel()
        let always = nodes[n.A].Op = Op.Constant

        if not always then
            push n.A row column step
            code.Constant(w, e.Whole, 0L)
            code.Call(w.Of("EqualsAll", e.Whole, 2))
            il.Emit(OpCodes.Brtrue, skip)

        let put name element (emit: unit -> unit) =
            let spilled = spill name w element
            emit ()
            il.Emit(OpCodes.Stloc, spilled)
            spilled

        let m = put 0 e.Whole (fun () -> push n.A row column step)
        let v = put 1 e (fun () -> il.Emit(OpCodes.Ldloc, local))
        let x = put 2 e (fun () -> push n.C row column step)
        let y = put 3 e (fun () -> push n.D row column step)

        il.Emit(OpCodes.Ldc_I4, int n.Immediate)
        il.Emit(OpCodes.Ldc_I4, lanes)

        for spilled in [| m; v; x; y |] do
            il.Emit(OpCodes.Ldloca, spilled)
            il.Emit OpCodes.Conv_U

        code.Call((if e.Size = 4 then fillSingle else fillDouble).Value)
        il.Emit(OpCodes.Ldloc, v)
        il.Emit(OpCodes.Stloc, local)
        il.MarkLabel skip
        used (key n.C row column step)
        used (key n.D row column step)

    /// Computes into a local.
    let assign i (local: LocalBuilder) row column step =
        if nodes[i].Op = Op.Guard then
            guard nodes[i] local row column step
        else
            push i row column step
            il.Emit(OpCodes.Stloc, local)

    /// Puts into locals what an operation needs and what belongs there.
    let rec prepare i row column step =
        if nodes[i].Op <> Op.Constant && not (values.ContainsKey(key i row column step)) then
            operands nodes[i] (fun operand -> ready operand row column step)

    and ready i row column step =
        if nodes[i].Op <> Op.Constant then
            let k = key i row column step

            if not (values.ContainsKey k) then
                prepare i row column step

                if uses[k] > 1 || nodes[i].Op = Op.Guard then
                    let local = localFor i
                    assign i local row column step
                    values.Add(k, local)

    // Regions.

    let hoist at =
        uses.Clear()
        let added = ResizeArray<int64>()

        let replicas (f: int -> int -> int -> int -> unit) =
            for i in 0 .. nodes.Length - 1 do
                if hoisted[i] && home[i] = at then
                    for row in 0 .. (if varies i s.RowAxis then rows else 1) - 1 do
                        for column in 0 .. (if vectorKept && varies i s.Vector then columns.Length else 1) - 1 do
                            f i row column 0

        replicas count

        replicas (fun i row column step ->
            let k = key i row column step

            if not (values.ContainsKey k) then
                prepare i row column step
                let local = localFor i
                assign i local row column step
                values.Add(k, local)

            // It stays until the region ends.
            uses.Remove k |> ignore
            added.Add k)

        added

    let store index row column =
        let struct (_, dtype, i) = body.Stores[index]
        let a = loads + index
        let n = nodes[i]
        let w, e = widthOf n, n.Element
        let stride = if s.Vector < 0 || not vectorKept then 0 else s.Strides[a][s.Vector]
        let active = if vectorKept then columns[column] else Active.First 1

        let single (local: LocalBuilder) lane =
            address a row column 0 lane
            il.Emit(OpCodes.Ldloc, local)
            code.Lane(w, e, lane)

            if dtype = DType.Bool then
                il.Emit OpCodes.Conv_I4
                il.Emit OpCodes.Ldc_I4_1
                il.Emit OpCodes.And
                il.Emit OpCodes.Stind_I1
            else
                code.StoreElement e

        let vector (local: LocalBuilder) =
            match active with
            | Active.All when stride = 1 && dtype <> DType.Bool ->
                address a row column 0 0
                il.Emit(OpCodes.Ldloc, local)
                code.StoreVector(w, e)
            | Active.First _
            | Active.Masked when stride = 1 && dtype <> DType.Bool && w.HasMasks && active <> Active.First 1 ->
                address a row column 0 0
                mask w e active
                code.Cast(w, e.Whole, e.Real)
                il.Emit(OpCodes.Ldloc, local)
                code.Cast(w, e, e.Real)
                code.Call(w.MaskStore e.Real)
            | _ ->
                for lane in 0 .. activeCount active - 1 do
                    single local lane

        vector

    /// The stores of one replica: all values first, since a store may overwrite what another's value is read from.
    let stores () =
        uses.Clear()

        for row in 0 .. rows - 1 do
            for column in 0 .. columns.Length - 1 do
                for struct (_, _, i) in body.Stores do
                    count i row column 0

        for row in 0 .. rows - 1 do
            for column in 0 .. columns.Length - 1 do
                let locals = Array.create<LocalBuilder | null> body.Stores.Length null

                for index in 0 .. body.Stores.Length - 1 do
                    let struct (_, _, i) = body.Stores[index]
                    ready i row column 0
                    let local = localFor i
                    push i row column 0
                    il.Emit(OpCodes.Stloc, local)
                    locals[index] <- local

                for index in 0 .. body.Stores.Length - 1 do
                    store index row column (real locals[index])
                    giveBack (real locals[index])

    let identity (op: Op) (e: Element) =
        match op with
        | Op.All -> -1L
        | Op.Largest ->
            match e with
            | Element.F32 -> int64 (BitConverter.SingleToInt32Bits Single.NegativeInfinity)
            | Element.F64 -> BitConverter.DoubleToInt64Bits Double.NegativeInfinity
            | Element.I32 -> int64 Int32.MinValue
            | Element.I64 -> Int64.MinValue
        | Op.Smallest ->
            match e with
            | Element.F32 -> int64 (BitConverter.SingleToInt32Bits Single.PositiveInfinity)
            | Element.F64 -> BitConverter.DoubleToInt64Bits Double.PositiveInfinity
            | Element.I32 -> int64 Int32.MaxValue
            | Element.I64 -> Int64.MaxValue
        | _ -> 0L

    /// Accumulators, by fold, row, column and chain.
    let accumulators = Dictionary<int64, LocalBuilder>()

    let accumulatorKey f row column chain =
        ((int64 f * 64L + int64 row) * 64L + int64 column) * 64L + int64 chain

    let eachAccumulator (f: int -> int -> int -> unit) =
        for row in 0 .. rows - 1 do
            for column in 0 .. columns.Length - 1 do
                for fold in folds do
                    if row = 0 || varies fold s.RowAxis then
                        if column = 0 || varies fold s.Vector then f fold row column

    /// One step of all folds.
    let accumulate () =
        uses.Clear()

        let each (f: int -> int -> int -> int -> unit) =
            for step in 0 .. steps.Length - 1 do
                eachAccumulator (fun fold row column -> f fold row column step)

        each (fun fold row column step -> count nodes[fold].A row column step)

        each (fun fold row column step ->
            let n = nodes[fold]
            let i = n.A
            let w, e = widthOf n, n.Element
            let local = accumulators[accumulatorKey fold row column (step % s.Chains)]
            let k = key i row column step
            let partial = not vectorKept && s.Vector >= 0 && steps[step] <> Active.All

            let isProduct =
                n.Op = Op.Sum
                && e.IsFloat
                && nodes[i].Op = Op.Multiply
                && not (values.ContainsKey k)
                && uses[k] = 1

            if isProduct then prepare i row column step else ready i row column step

            if partial then
                mask w e steps[step]
                code.Cast(w, e.Whole, e)

            if isProduct then
                push nodes[i].A row column step
                push nodes[i].B row column step
                il.Emit(OpCodes.Ldloc, local)
                code.Call(w.Of("MultiplyAddEstimate", e, 3))
            else
                push i row column step
                il.Emit(OpCodes.Ldloc, local)
                code.Fold(w, n.Op, e)

            if partial then
                il.Emit(OpCodes.Ldloc, local)
                code.Call(w.Of("ConditionalSelect", e, 3))

            il.Emit(OpCodes.Stloc, local))

    let startAccumulators () =
        eachAccumulator (fun fold row column ->
            let n = nodes[fold]

            for chain in 0 .. s.Chains - 1 do
                let local = localFor fold
                code.Constant(widthOf n, n.Element, identity n.Op n.Element)
                il.Emit(OpCodes.Stloc, local)
                accumulators[accumulatorKey fold row column chain] <- local)

    let finishAccumulators () =
        eachAccumulator (fun fold row column ->
            let n = nodes[fold]
            let w = widthOf n
            let total = accumulators[accumulatorKey fold row column 0]
            // Pairwise.
            let mutable distance = 1

            while distance < s.Chains do
                for chain in 0 .. 2 * distance .. s.Chains - 1 - distance do
                    let left = accumulators[accumulatorKey fold row column chain]
                    let right = accumulators[accumulatorKey fold row column (chain + distance)]
                    il.Emit(OpCodes.Ldloc, left)
                    il.Emit(OpCodes.Ldloc, right)
                    code.Fold(w, n.Op, n.Element)
                    il.Emit(OpCodes.Stloc, left)
                    giveBack right

                distance <- 2 * distance

            if s.Vector >= s.Kept then
                il.Emit(OpCodes.Ldloc, total)
                let taken = ResizeArray<LocalBuilder>()

                let temporary (w: Width) =
                    let local = take (w.Vector n.Element)
                    taken.Add local
                    local

                code.FoldLanes(w, n.Op, n.Element, temporary)
                il.Emit(OpCodes.Stloc, total)

                for local in taken do
                    giveBack local

            values.Add(key fold row column 0, total))

    let endAccumulators () =
        eachAccumulator (fun fold row column ->
            let k = key fold row column 0
            giveBack values[k]
            values.Remove k |> ignore)

    // Loops.

    let unit axis = if axis = s.Vector then lanes else 1

    let canMask =
        width.HasMasks
        && s.Vector >= 0
        && Seq.forall
            (fun a -> s.Strides[a][s.Vector] = 0 || s.Strides[a][s.Vector] = 1 && dtypeOf a <> DType.Bool)
            (seq { 0 .. loads + body.Stores.Length - 1 })

    let setReplicas axis (units: Active[]) =
        if axis = s.RowAxis then rows <- units.Length
        if axis = s.Vector && vectorKept then columns <- units
        if axis = innermost then steps <- units

    let resetReplicas axis = setReplicas axis [| Active.All |]

    /// Replaces pointers of accesses that vary along an axis by locals that can be moved.
    let startPointers axis (start: LocalBuilder | null) =
        let outer = Array.copy places

        for g in 0 .. groups.Count - 1 do
            let stride = groups[g].Strides[axis]

            if stride <> 0L then
                let local = take typeof<nativeint>
                il.Emit(OpCodes.Ldloc, real places[g].Pointer)
                add places[g].Bytes

                match start with
                | null -> ()
                | start ->
                    il.Emit(OpCodes.Ldloc, start)
                    il.Emit(OpCodes.Ldc_I8, stride)
                    il.Emit OpCodes.Mul
                    il.Emit OpCodes.Conv_I
                    il.Emit OpCodes.Add

                il.Emit(OpCodes.Stloc, local)
                places[g] <- { Pointer = local; Bytes = 0L }

        outer

    let movePointers axis count =
        for g in 0 .. groups.Count - 1 do
            let stride = groups[g].Strides[axis]

            if stride <> 0L then
                il.Emit(OpCodes.Ldloc, real places[g].Pointer)
                add (stride * int64 count)
                il.Emit(OpCodes.Stloc, real places[g].Pointer)

    let endPointers axis (outer: Place[]) =
        for g in 0 .. groups.Count - 1 do
            if groups[g].Strides[axis] <> 0L then
                match places[g].Pointer, outer[g].Pointer with
                | inner, before when not (obj.ReferenceEquals(inner, before)) -> giveBack (real inner)
                | _ -> ()

        places <- outer

    let addTo (local: LocalBuilder) (count: int64) =
        il.Emit(OpCodes.Ldloc, local)
        il.Emit(OpCodes.Ldc_I8, count)
        il.Emit OpCodes.Add
        il.Emit(OpCodes.Stloc, local)

    /// The masks of the lanes before `high`.
    let makeMasks (i: LocalBuilder) =
        for e in [| Element.I32; Element.I64 |] do
            let bits = lanes * e.Size * 8

            if Seq.exists (fun a -> int (size (dtypeOf a)) = e.Size) (seq { 0 .. located.Length - 1 }) then
                let w = Width.OfBits bits
                code.Constants(w, e, int64)
                il.Emit(OpCodes.Ldloc, real high)
                il.Emit(OpCodes.Ldloc, i)
                il.Emit OpCodes.Sub
                if e.Size = 4 then il.Emit OpCodes.Conv_I4
                code.Call(w.Broadcast e)
                code.Call(w.Of("LessThan", e, 2))
                let local = take (w.Vector e)
                il.Emit(OpCodes.Stloc, local)
                masks[e.Size / 8] <- local

    let endMasks () =
        for m in 0..1 do
            match masks[m] with
            | null -> ()
            | local ->
                giveBack local
                masks[m] <- null

    let factor axis =
        if axis = s.RowAxis then s.Rows
        elif axis = s.Vector && vectorKept then s.Columns
        elif axis = innermost then s.Steps
        else 1

    let rec loop level =
        let axis = s.Order[level]

        if axis = 0 && s.Kept > 0 && not whole then openLoop level axis else closedLoop level axis

    /// A loop whose bounds are constants.
    and closedLoop level axis =
        let n = s.Sizes[axis]
        let unit, factor = unit axis, factor axis
        let full, rest = n / unit, n % unit
        let last = if rest > 0 then [| Active.First rest |] else [||]
        let all count = Array.create count Active.All

        if full + last.Length <= factor then
            straight level axis (Array.append (all full) last)
        else
            let iterations = full / factor
            let outerPlaces, outerIndex = Array.copy places, indices[axis]

            if iterations = 1 then
                straight level axis (all factor)

                for g in 0 .. groups.Count - 1 do
                    let moved = groups[g].Strides[axis] * int64 (factor * unit)
                    places[g] <- { places[g] with Bytes = places[g].Bytes + moved }

                indices[axis] <- { Pointer = null; Bytes = int64 (factor * unit) }
                straight level axis (Array.append (all (full - factor)) last)
                places <- outerPlaces
            else
                let before = startPointers axis null
                let i = take typeof<int64>
                il.Emit(OpCodes.Ldc_I8, 0L)
                il.Emit(OpCodes.Stloc, i)
                indices[axis] <- { Pointer = i; Bytes = 0L }
                let top = il.DefineLabel()
                il.MarkLabel top
                straight level axis (all factor)
                movePointers axis (factor * unit)
                addTo i (int64 (factor * unit))
                il.Emit(OpCodes.Ldloc, i)
                il.Emit(OpCodes.Ldc_I8, int64 (iterations * factor * unit))
                il.Emit(OpCodes.Blt, top)
                giveBack i
                indices[axis] <- { Pointer = null; Bytes = int64 (iterations * factor * unit) }
                straight level axis (Array.append (all (full - iterations * factor)) last)
                endPointers axis before

            indices[axis] <- outerIndex

    /// The loop over axis 0 from `low` to `high`.
    and openLoop level axis =
        let unit, factor = unit axis, factor axis
        let before = startPointers axis low
        let i = take typeof<int64>
        il.Emit(OpCodes.Ldloc, real low)
        il.Emit(OpCodes.Stloc, i)
        indices[axis] <- { Pointer = i; Bytes = 0L }

        let repeat count (units: Active[]) =
            let top, check = il.DefineLabel(), il.DefineLabel()
            il.Emit(OpCodes.Br, check)
            il.MarkLabel top
            straight level axis units
            movePointers axis count
            addTo i (int64 count)
            il.MarkLabel check
            il.Emit(OpCodes.Ldloc, i)
            il.Emit(OpCodes.Ldc_I8, int64 count)
            il.Emit OpCodes.Add
            il.Emit(OpCodes.Ldloc, real high)
            il.Emit(OpCodes.Ble, top)

        if factor > 1 then repeat (factor * unit) (Array.create factor Active.All)
        repeat unit [| Active.All |]

        if unit > 1 then
            if canMask then
                let skip = il.DefineLabel()
                il.Emit(OpCodes.Ldloc, i)
                il.Emit(OpCodes.Ldloc, real high)
                il.Emit(OpCodes.Bge, skip)
                makeMasks i
                straight level axis [| Active.Masked |]
                endMasks ()
                il.MarkLabel skip
            else
                repeat 1 [| Active.First 1 |]

        giveBack i
        endPointers axis before
        indices[axis] <- { Pointer = null; Bytes = 0L }

    /// What is inside a loop, once, for these replicas.
    and straight level axis (units: Active[]) =
        if units.Length > 0 then
            setReplicas axis units
            inside level
            resetReplicas axis

    and inside level =
        let added = hoist level

        if level + 1 = s.Kept && level < s.Kept then points ()
        elif level + 1 < rank then loop (level + 1)
        else accumulate ()

        for k in added do
            giveBack values[k]
            values.Remove k |> ignore

    /// One point (or several together) of the kept axes.
    and points () =
        if folds.Length > 0 then
            startAccumulators ()
            loop s.Kept
            finishAccumulators ()
            stores ()
            endAccumulators ()
        else
            stores ()

    /// Writes the nest. The slots are the first argument; in parts, first and last point are the next two.
    member _.Write() =
        let skip = il.DefineLabel()

        if not whole then
            let bound argument (local: LocalBuilder | null) =
                il.Emit(OpCodes.Ldarg, int16 argument)
                il.Emit(OpCodes.Ldc_I8, int64 (max 1 s.Outermost))
                il.Emit OpCodes.Mul
                il.Emit(OpCodes.Stloc, real local)

            bound 1 low
            bound 2 high
            il.Emit(OpCodes.Ldloc, real low)
            il.Emit(OpCodes.Ldloc, real high)
            il.Emit(OpCodes.Bge, skip)

        // Nothing is stored at no points.
        let mutable empty = false

        for axis in 0 .. s.Kept - 1 do
            if s.Sizes[axis] = 0 then empty <- true

        if not empty then
            for g in 0 .. groups.Count - 1 do
                let local = take typeof<nativeint>
                il.Emit OpCodes.Ldarg_0
                add (int64 groups[g].Slot * int64 IntPtr.Size)
                il.Emit OpCodes.Ldind_I
                add groups[g].First
                il.Emit(OpCodes.Stloc, local)
                places[g] <- { Pointer = local; Bytes = 0L }

            inside -1

        il.MarkLabel skip
