namespace Cotangent.Engines

open Cotangent

/// What evaluates primitives on numbers. Unary and Binary stand apart because eager code calls them most: they
/// spare the array of inputs.
[<AbstractClass>]
type internal Engine(name: string) =
    member _.Name = name
    abstract Unary: Unary * Buffer -> Buffer
    abstract Binary: Binary * Buffer * Buffer -> Buffer

    /// Any primitive of one result but Custom, which engines never see.
    abstract Evaluate: Primitive * Buffer[] * Device -> Buffer

    /// All results of any primitive.
    abstract EvaluateAll: Primitive * Buffer[] * Device -> Buffer[]

    /// The numbers in main memory; the same object if they are there.
    abstract ToHost: Buffer -> HostBuffer

    /// The numbers on a device that this engine serves.
    abstract OfHost: HostBuffer * Device -> Buffer
