namespace Cotangent

/// Checks for the duration of a call. They cost time; use them to find a fault.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Debug =
    /// <summary>
    /// Runs a function; the first primitive that makes a NaN or an infinity, forward or on the way back, raises a
    /// NumberException that names it. Compiled functions inside run as plain ones.
    /// </summary>
    /// <exception cref="T:Cotangent.NumberException">A primitive makes a NaN or an infinity.</exception>
    /// <example><code>
    /// Debug.checkNumbers (fun () -> grad (fun x -> sum (log x)) (tensor [ 0.0 ])) // throws NumberException
    /// </code></example>
    let checkNumbers (body: unit -> 'a) : 'a =
        Given.check "body" body
        Ambient.duringNumberCheck body

    /// <summary>
    /// Runs a function; a random key used twice in it raises a KeyException. Compiled functions inside run as plain ones.
    /// </summary>
    /// <exception cref="T:Cotangent.KeyException">A key is used twice.</exception>
    /// <example><code>
    /// let key = Key.create 0L
    ///
    /// Debug.checkKeys (fun () ->
    ///     let a = Random.normal key DType.Float32 [ 2 ]
    ///     a + Random.normal key DType.Float32 [ 2 ]) // throws KeyException
    /// </code></example>
    let checkKeys (body: unit -> 'a) : 'a =
        Given.check "body" body
        Ambient.duringKeyCheck body
