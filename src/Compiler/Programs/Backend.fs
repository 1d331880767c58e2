namespace Cotangent.Compiler

open Cotangent

/// A target with what makes programs run there.
[<NoComparison; NoEquality>]
type internal Backend = {
    Target: Target
    /// Whether this step is the target's own to run: a loop nest that it can hold, a draw in the midst of nests. All others
    /// are calls of engines.
    Runs: Slot[] -> Step -> bool
    /// Consecutive steps of its own, made ready.
    Prepare: Slot[] -> Step[] -> Runner[]
    /// The memory of one run at a time.
    Workspace: Slot[] -> MemoryPlan -> Workspace
}
