namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// Inputs of shape (examples, channels, …).
module internal Channels =
    let private described axes channels =
        let rest =
            match axes with
            | 1 -> ", length"
            | 2 -> ", height, width"
            | 3 -> ", depth, height, width"
            | _ -> ", …"

        $"{channels} channels{rest}"

    /// What may be behind a wrong shape.
    let private hint axes channels (x: Tensor) =
        let at = -(axes + 1)

        if x.Rank > axes && x.Rank > 1 && x.Dims[x.Rank - 1] = channels && channels <> 1 then
            $" Are channels last? `t.MoveAxis(-1, {at})` brings them forward."
        elif channels = 1 && x.Rank >= axes then
            $" Does an axis for the one channel lack? `t.Unsqueeze({at})` adds it."
        else
            ""

    /// Channels come before the spatial axes, of which there are so many; any axes may come before.
    let requireBefore (operation: string) axes channels (x: Tensor) =
        Given.check "x" x

        if x.Rank <= axes || x.Dims[x.Rank - axes - 1] <> channels then
            raise (
                ShapeException
                    $"{operation}: the input has shape {Shape.show x.Dims}; this layer wants (examples, {described axes channels}), or one example without the first axis.{hint axes channels x}"
            )

    /// Channels are axis 1, after that of examples.
    let requireSecond (operation: string) channels leastRank (x: Tensor) =
        Given.check "x" x

        if x.Rank < leastRank || x.Dims[1] <> channels then
            let rest = if leastRank = 2 then "…" else "and spatial sizes"

            let hint =
                if x.Rank > 0 && x.Dims[0] = channels then
                    " One example gets its axis by `t.Unsqueeze(0)`."
                elif x.Rank > 1 && x.Dims[x.Rank - 1] = channels then
                    " Are channels last? `t.MoveAxis(-1, 1)` brings them forward."
                else
                    ""

            raise (
                ShapeException
                    $"{operation}: the input has shape {Shape.show x.Dims}; this layer wants (examples, {channels} channels, {rest}).{hint}"
            )

    /// Numbers of channels that broadcast over so many axes after them.
    let along axes (t: Tensor) = t.Reshape(Array.append [| t.Size |] (Array.create axes 1))

    /// x times gains plus biases, channel by channel.
    let affine (weight: Tensor | null) (bias: Tensor | null) axes (x: Tensor) : Tensor =
        let scaled =
            match weight with
            | null -> x
            | weight -> x * along axes weight

        match bias with
        | null -> scaled
        | bias -> scaled + along axes bias
