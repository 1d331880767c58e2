namespace Cotangent.Compiler

open Cotangent
open Cotangent.Engines
open Cotangent.Inlined // in place of functions of Array and List

/// The memory that a graph takes where its primitives run one by one and each value is let go after its last use: on a
/// device other than the CPU.
module internal DeviceFootprint =
    let private bytes (node: Node) = int64 (Shape.count node.Shape) * int64 node.DType.Size

    /// Whether the value is a view of its input's memory. What has items has no memory of its own.
    let private isView (node: Node) =
        match node.Operation with
        | Operation.Primitive _ when node.HasItems -> true
        | Operation.Primitive p -> (Facts.kind p).IsView
        | Operation.Control _ -> true
        | Operation.Input _
        | Operation.Constant _
        | Operation.Item _ -> false

    /// The node whose memory each node's value lies in.
    let private owners (g: Graph) =
        let owner = Array.init g.Nodes.Length id

        for i in 0 .. g.Nodes.Length - 1 do
            if isView g.Nodes[i] && g.Nodes[i].Inputs.Length > 0 then
                owner[i] <- owner[g.Nodes[i].Inputs[0]]

        owner

    /// The most bytes that values hold at one time on top of the inputs; the first so many inputs are freed when they have
    /// been read.
    let rec private between (g: Graph) (donated: int) : int64 =
        let owner = owners g
        let last = GraphWalk.lastReaders owner g

        let frees = Array.create g.Nodes.Length []

        for j in 0 .. g.Nodes.Length - 1 do
            if last[j] >= 0 && last[j] < System.Int32.MaxValue then
                frees[last[j]] <- j :: frees[last[j]]

        let mutable now = 0L
        let mutable most = 0L

        for i in 0 .. g.Nodes.Length - 1 do
            let node = g.Nodes[i]

            match node.Operation with
            | Operation.Input _
            | Operation.Constant _ -> ()
            | Operation.Primitive _ -> if owner[i] = i then now <- now + bytes node
            | Operation.Item _ -> now <- now + bytes node
            | Operation.Control control ->
                let inner = Graph.bodies control |> List.map (fun (_, body) -> between body 0)
                most <- max most (now + List.max inner)

            most <- max most now

            for j in frees[i] do
                match g.Nodes[j].Operation with
                | Operation.Input n -> if n < donated then now <- now - bytes g.Nodes[j]
                | Operation.Constant _
                | Operation.Control _ -> ()
                | Operation.Primitive _
                | Operation.Item _ -> now <- now - bytes g.Nodes[j]

        most

    /// What a call takes on the graph's device.
    let memory (g: Graph) (donated: int) : ProgramMemory =
        let results =
            g.Outputs
            |> Array.distinct
            |> Array.sumBy (fun i -> if isView g.Nodes[i] then 0L else bytes g.Nodes[i])

        {
            Arguments = g.Inputs |> Array.sumBy (fun i -> bytes g.Nodes[i])
            Results = results
            InPlace = 0L
            Between = max 0L (between g donated - results)
            Largest =
                g.Nodes
                |> Array.filter (fun node ->
                    match node.Operation with
                    | Operation.Primitive _ -> not (isView node)
                    | Operation.Input _
                    | Operation.Constant _
                    | Operation.Control _
                    | Operation.Item _ -> false)
                |> Array.map (fun node -> SlotTable.Describe node, bytes node)
                |> MemoryNeeds.largest
        }

    /// Throws a MemoryException where that is more than the device has.
    let require (name: string) (g: Graph) (donated: int) =
        match g.Nodes |> Array.tryFind (fun node -> node.Device <> Device.Cpu) with
        | None -> ()
        | Some node ->
            let needs = memory g donated

            match Engines.room node.Device (MemoryNeeds.wanted needs) with
            | ValueNone -> ()
            | ValueSome free -> MemoryNeeds.require name needs (string node.Device) free
