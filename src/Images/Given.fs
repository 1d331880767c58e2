namespace Cotangent.Images

open System
open Cotangent

/// Arguments that F# code always gives, and other languages may leave null.
module internal Given =
    /// Names the argument that is null.
    let inline check (name: string) (value: 'a) =
        if isNull (box value) then raise (ArgumentNullException name)

    let positive (operation: string) (what: string) (value: int) =
        if value < 1 then
            raise (ValueException $"{operation}: {what} is {value}; it must be 1 or more.")

    let finite (operation: string) (what: string) (value: float) =
        if not (Double.IsFinite value) then
            raise (ValueException $"{operation}: {what} is {value}; it must be a finite number.")

    let notNegative (operation: string) (what: string) (value: float) =
        if not (Double.IsFinite value && value >= 0.0) then
            raise (ValueException $"{operation}: {what} is {value}; it must be a finite number, 0 or more.")

    let probability (operation: string) (p: float) =
        if not (p >= 0.0 && p <= 1.0) then
            raise (ValueException $"{operation}: {p} is not a probability; it must lie between 0 and 1.")

    /// Two bounds in order, the lower one above 0.
    let range (operation: string) (what: string) (low: float) (high: float) =
        if not (low > 0.0 && low <= high && Double.IsFinite high) then
            raise (
                ValueException
                    $"{operation}: {what} from {low} to {high}; two finite numbers above 0 are wanted, the smaller first."
            )
