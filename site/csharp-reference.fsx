// The reference of the C# facade, from its assembly and its documentation comments: fsdocs reads F# alone. A page for
// each type, in the frame of the pages that fsdocs made.
//
//     dotnet fsi site/csharp-reference.fsx artifacts/docs

#I "csharp/bin/Release/net10.0"
#r "Cotangent.dll"
#r "Cotangent.CSharp.dll"
#load "page.fsx"

open System
open System.IO
open System.Net
open System.Reflection
open System.Runtime.CompilerServices
open System.Text.Json.Nodes
open System.Text.RegularExpressions
open System.Xml.Linq

let site = Path.GetFullPath fsi.CommandLineArgs[1]
let folder = Path.Combine(site, "reference-csharp")
let facade = typeof<Cotangent.Slice>.Assembly
let core = typeof<Cotangent.Tensor>.Assembly
let escape (text: string) = WebUtility.HtmlEncode text

// ---- Names of types ----

let plainName (t: Type) = t.Name.Split('`')[0]

let keywords =
    dict [
        typeof<int>, "int"
        typeof<int64>, "long"
        typeof<float>, "double"
        typeof<float32>, "float"
        typeof<bool>, "bool"
        typeof<string>, "string"
        typeof<obj>, "object"
        typeof<Void>, "void"
    ]

let fileOf (t: Type) =
    (plainName t).ToLowerInvariant()
    + (if t.IsGenericType then $"-{t.GetGenericArguments().Length}" else "")

/// Where a type is described: in this reference, or in that of the F# library.
let address (t: Type) =
    if t.Assembly = facade && not t.IsNested then
        Some $"{fileOf t}.html"
    elif t.Assembly = core && t.IsPublic then
        let name = (if t.IsGenericType then t.GetGenericTypeDefinition() else t).FullName
        Some $"""../reference/{name.ToLowerInvariant().Replace('.', '-').Replace('`', '-')}.html"""
    else
        None

let linked (t: Type) (text: string) =
    match address t with
    | Some page -> $"<a href=\"{page}\">{escape text}</a>"
    | None -> escape text

/// A type as C# writes it, with its nullability and the names of tuple items.
let rec typeName (nullability: NullabilityInfo | null) (names: string list) (t: Type) : string * string list =
    let optional =
        match nullability with
        | null -> ""
        | n when not t.IsValueType && n.ReadState = NullabilityState.Nullable -> "?"
        | _ -> ""

    let inner i =
        match nullability with
        | null -> null
        | n when i < n.GenericTypeArguments.Length -> n.GenericTypeArguments[i]
        | _ -> null

    let many separator names (types: Type[]) =
        let parts, rest =
            types |> Array.indexed |> Array.mapFold (fun names (i, t) -> typeName (inner i) names t) names

        String.concat separator parts, rest

    match keywords.TryGetValue t with
    | true, keyword -> keyword + optional, names
    | false, _ ->
        if t.IsGenericParameter then
            // What a type parameter allows is no part of the signature.
            t.Name, names
        elif t.IsArray then
            let element =
                match nullability with
                | null -> null
                | n -> n.ElementType

            let name, rest = typeName element names (t.GetElementType())
            let commas = String.replicate (t.GetArrayRank() - 1) ","
            $"{name}[{commas}]{optional}", rest
        elif t.IsGenericType && t.GetGenericTypeDefinition() = typedefof<Nullable<_>> then
            let name, rest = typeName null names (t.GetGenericArguments()[0])
            name + "?", rest
        elif typeof<ITuple>.IsAssignableFrom t && t.IsValueType then
            let items = t.GetGenericArguments()
            let own, rest = List.splitAt (min items.Length names.Length) names

            let parts, rest =
                items |> Array.indexed |> Array.mapFold (fun names (i, t) -> typeName (inner i) names t) rest

            let item i (part: string) =
                match List.tryItem i own with
                | Some name when not (isNull name) -> $"{part} {name}"
                | _ -> part

            $"""({parts |> Array.mapi item |> String.concat ", "})""", rest
        elif t.IsGenericType then
            let arguments, rest = many ", " names (t.GetGenericArguments())
            $"{linked t (plainName t)}&lt;{arguments}&gt;{optional}", rest
        else
            linked t (plainName t) + optional, names

let tupleNames (attributes: CustomAttributeData seq) =
    attributes
    |> Seq.tryFind (fun a -> a.AttributeType = typeof<TupleElementNamesAttribute>)
    |> Option.map (fun a ->
        let names =
            a.ConstructorArguments[0].Value
            :?> Collections.ObjectModel.ReadOnlyCollection<CustomAttributeTypedArgument>

        [ for name in names -> name.Value :?> string ])
    |> Option.defaultValue []

let nullabilities = NullabilityInfoContext()

let parameterType (p: ParameterInfo) =
    fst (typeName (nullabilities.Create p) (tupleNames p.CustomAttributes) p.ParameterType)

// ---- Signatures ----

let literal (p: ParameterInfo) =
    match p.RawDefaultValue with
    | null when p.ParameterType.IsValueType && isNull (Nullable.GetUnderlyingType p.ParameterType) ->
        "default"
    | null -> "null"
    | :? bool as b -> if b then "true" else "false"
    | :? string as s -> $"\"{s}\""
    | :? DBNull -> "default"
    | value -> Convert.ToString(value, Globalization.CultureInfo.InvariantCulture)

let parameter (p: ParameterInfo) =
    let collects =
        p.CustomAttributes
        |> Seq.exists (fun a ->
            a.AttributeType.Name = "ParamCollectionAttribute"
            || a.AttributeType = typeof<ParamArrayAttribute>)

    let prefix = if collects then "params " else ""
    let suffix = if p.HasDefaultValue then $" = {literal p}" else ""
    $"{prefix}{parameterType p} {p.Name}{suffix}"

/// On one line if they fit, else one below the other.
let listed (opening: string) (closing: string) (parts: string seq) =
    let parts = List.ofSeq parts

    let width =
        Regex.Replace(opening + String.concat ", " parts, "<[^>]*>", "")
        |> WebUtility.HtmlDecode
        |> String.length

    if width < 76 || parts.IsEmpty then
        opening + String.concat ", " parts + closing
    else
        let lines = String.concat ",\n    " parts
        $"{opening}\n    {lines}\n{closing}"

let operators =
    dict [
        "op_LessThan", "<"
        "op_LessThanOrEqual", "<="
        "op_GreaterThan", ">"
        "op_GreaterThanOrEqual", ">="
        "op_BitwiseAnd", "&"
        "op_BitwiseOr", "|"
        "op_ExclusiveOr", "^"
        "op_LogicalNot", "!"
    ]

type Entry = {
    Name: string
    Signature: string
    /// The name in the documentation file.
    Id: string
    Parameters: ParameterInfo[]
}

let rec idType (t: Type) : string =
    if t.IsGenericParameter then
        (if isNull t.DeclaringMethod then "`" else "``") + string t.GenericParameterPosition
    elif t.IsArray then
        let rank = t.GetArrayRank()
        let bounds = if rank = 1 then "" else String.Join(",", Array.replicate rank "0:")
        $"{idType (t.GetElementType())}[{bounds}]"
    elif t.IsByRef then
        idType (t.GetElementType()) + "@"
    elif t.IsGenericType then
        let name = (t.GetGenericTypeDefinition().FullName.Split('`')[0]).Replace('+', '.')
        $$"""{{name}}{{{t.GetGenericArguments() |> Array.map idType |> String.concat ","}}}"""
    else
        t.FullName.Replace('+', '.')

let idOf (m: MethodBase) =
    let name = m.Name.Replace('.', '#')
    let arity = if m.IsGenericMethod then $"``{m.GetGenericArguments().Length}" else ""
    let parameters = m.GetParameters() |> Array.map (fun p -> idType p.ParameterType) |> String.concat ","
    let list = if parameters = "" then "" else $"({parameters})"

    let result =
        match m with
        | :? MethodInfo as m when m.Name = "op_Implicit" -> "~" + idType m.ReturnType
        | _ -> ""

    $"M:{m.DeclaringType.FullName.Replace('+', '.')}.{name}{arity}{list}{result}"

let resultType (m: MethodInfo) =
    fst (
        typeName
            (nullabilities.Create m.ReturnParameter)
            (tupleNames m.ReturnParameter.CustomAttributes)
            m.ReturnType
    )

let generics (m: MethodInfo) =
    if m.IsGenericMethod then
        m.GetGenericArguments() |> Array.map _.Name |> String.concat ", " |> sprintf "&lt;%s&gt;"
    else
        ""

let isExtension (m: MethodInfo) = m.IsDefined(typeof<ExtensionAttribute>, false)

/// What a static method of an extension block extends, or whose static method it is.
let staticReceiver (owner: Type) (m: MethodInfo) =
    let types (m: MethodInfo) = m.GetParameters() |> Array.map (fun p -> idType p.ParameterType)

    owner.GetNestedTypes()
    |> Array.filter (fun t -> t.Name.StartsWith "<G>")
    |> Array.tryPick (fun group ->
        let same (g: MethodInfo) = g.IsStatic && g.Name = m.Name && types g = types m

        if Array.exists same (group.GetMethods()) then
            group.GetNestedTypes()
            |> Array.tryPick (fun marker -> marker.GetMethod "<Extension>$" |> Option.ofObj)
            |> Option.map (fun marker -> (Array.head (marker.GetParameters())).ParameterType)
        else
            None)

let methodEntry (owner: Type) (m: MethodInfo) : Entry =
    let parameters = m.GetParameters()
    let result = resultType m

    let head, shown =
        if isExtension m then
            let receiver = parameters[0]
            $"{result} {receiver.Name}.<b>{m.Name}</b>{generics m}(", parameters[1..]
        else
            let owner =
                match staticReceiver owner m with
                | Some receiver -> receiver
                | None -> owner

            let prefix = if m.IsStatic then plainName owner + "." else ""
            $"{result} {prefix}<b>{m.Name}</b>{generics m}(", parameters

    let signature =
        match operators.TryGetValue m.Name with
        | true, symbol when parameters.Length = 1 ->
            $"{result} {escape symbol}{parameterType parameters[0]} {parameters[0].Name}"
        | true, symbol ->
            let operand (p: ParameterInfo) = $"{parameterType p} {p.Name}"
            $"{result} {operand parameters[0]} {escape symbol} {operand parameters[1]}"
        | false, _ when m.Name = "op_Implicit" ->
            $"implicit {result}({parameterType parameters[0]} {parameters[0].Name})"
        | false, _ -> listed head ")" (shown |> Array.map parameter)

    let name =
        match operators.TryGetValue m.Name with
        | true, symbol -> symbol
        | false, _ -> if m.Name = "op_Implicit" then "implicit conversion" else m.Name

    { Name = name; Signature = signature; Id = idOf m; Parameters = shown }

let propertyEntry (p: PropertyInfo) : Entry =
    let kind = fst (typeName (nullabilities.Create p) (tupleNames p.CustomAttributes) p.PropertyType)
    let fixedly = not (isNull p.GetMethod) && p.GetMethod.IsStatic

    let access =
        match p.SetMethod with
        | null -> "{ get; }"
        | set when set.ReturnParameter.GetRequiredCustomModifiers().Length > 0 -> "{ get; init; }"
        | _ -> "{ get; set; }"

    let indices = p.GetIndexParameters()
    let prefix = if fixedly then plainName p.DeclaringType + "." else ""

    let signature =
        if indices.Length > 0 then
            let list = indices |> Array.map parameter |> String.concat ", "
            $"{kind} <b>this</b>[{list}]"
        else
            $"{kind} {prefix}<b>{p.Name}</b> {access}"

    let list =
        if indices.Length = 0 then
            ""
        else
            "(" + (indices |> Array.map (fun i -> idType i.ParameterType) |> String.concat ",") + ")"

    {
        Name = (if indices.Length > 0 then "this[]" else p.Name)
        Signature = signature
        Id = $"P:{p.DeclaringType.FullName.Replace('+', '.')}.{p.Name}{list}"
        Parameters = indices
    }

// ---- Documentation comments as HTML ----

let comments =
    let file = Path.ChangeExtension(facade.Location, ".xml")

    XDocument.Load(file, LoadOptions.PreserveWhitespace).Descendants "member"
    |> Seq.map (fun m -> m.Attribute("name").Value, m)
    |> dict

/// Extension blocks keep their comments under names of the compiler's.
let rec comment id : XElement option =
    match comments.TryGetValue id with
    | true, m ->
        match m.Element "inheritdoc" with
        | null -> Some m
        | inherited -> comment (inherited.Attribute("cref").Value)
    | false, _ -> None

let byName = facade.GetExportedTypes() |> Array.append (core.GetExportedTypes())

let seeAlso (cref: string) =
    let name = cref[2..].Split('(')[0]
    let short = name.Split('.') |> Array.last |> fun n -> n.Split('`')[0]
    let owner = if cref.StartsWith "T:" then name else name[.. name.LastIndexOf '.' - 1]

    match byName |> Array.tryFind (fun t -> t.FullName = owner) |> Option.bind address with
    | Some page when cref.StartsWith "T:" -> $"<a href=\"{page}\"><code>{escape short}</code></a>"
    | Some page -> $"<a href=\"{page}\"><code>{escape short}</code></a>"
    | None -> $"<code>{escape short}</code>"

let dedented (code: string) =
    let lines = code.TrimEnd().Split '\n' |> Array.skipWhile String.IsNullOrWhiteSpace
    Page.dedent lines

let rec inlineHtml (nodes: XNode seq) : string =
    nodes
    |> Seq.map (fun node ->
        match node with
        | :? XText as text -> escape (Regex.Replace(text.Value, @"\s+", " "))
        | :? XElement as e ->
            match e.Name.LocalName with
            | "c"
            | "paramref" ->
                let text = if e.Name.LocalName = "c" then e.Value else e.Attribute("name").Value
                $"<code>{escape text}</code>"
            | "see" -> seeAlso (e.Attribute("cref").Value)
            | "para" -> $"</p><p>{inlineHtml (e.Nodes())}"
            | _ -> inlineHtml (e.Nodes())
        | _ -> "")
    |> String.concat ""

let paragraph (e: XElement | null) =
    match e with
    | null -> ""
    | e -> $"<p>{(inlineHtml (e.Nodes())).Trim()}</p>"

/// What a comment says below the signature.
let described (doc: XElement option) =
    match doc with
    | None -> ""
    | Some doc ->
        let named (kind: string) title (name: XElement -> string) =
            let items = doc.Elements kind |> Seq.toList

            if items.IsEmpty then
                ""
            else
                let rows = [
                    for e in items -> $"<dt>{name e}</dt><dd>{(inlineHtml (e.Nodes())).Trim()}</dd>"
                ]

                $"""<p class="label">{title}</p><dl>{String.concat "" rows}</dl>"""

        let examples =
            [
                for e in doc.Elements "example" do
                    match e.Element "code" with
                    | null -> ()
                    | code -> Page.code "csharp" (dedented code.Value)
            ]
            |> String.concat ""

        paragraph (doc.Element "summary")
        + paragraph (doc.Element "remarks")
        + named "param" "Parameters" (fun e -> $"""<code>{e.Attribute("name").Value}</code>""")
        + paragraph (doc.Element "returns")
        + named "exception" "Exceptions" (fun e -> seeAlso (e.Attribute("cref").Value))
        + examples

let summary id =
    match comment id with
    | None -> ""
    | Some doc ->
        match doc.Element "summary" with
        | null -> ""
        | e -> (inlineHtml (e.Nodes())).Trim()

// ---- Pages ----

let isRecord (t: Type) = not (isNull (t.GetMethod "<Clone>$"))

let declaration (t: Type) =
    let name =
        plainName t
        + (if t.IsGenericType then
               "<" + (t.GetGenericArguments() |> Array.map _.Name |> String.concat ", ") + ">"
           else
               "")

    let kind =
        if t.IsSubclassOf typeof<Delegate> then
            "delegate"
        elif t.IsValueType then
            "readonly struct"
        elif t.IsAbstract && t.IsSealed then
            "static class"
        elif isRecord t then
            if t.IsAbstract then "abstract record" else "sealed record"
        elif t.IsAbstract then
            "abstract class"
        else
            "sealed class"

    kind, name

let here =
    BindingFlags.Public ||| BindingFlags.Static ||| BindingFlags.Instance ||| BindingFlags.DeclaredOnly

/// Members that the compiler makes for records are no part of the reference.
let written (m: MemberInfo) =
    not (m.IsDefined(typeof<CompilerGeneratedAttribute>, false))
    && not (m.Name.StartsWith '<')
    && not (
        Array.contains m.Name [|
            "Equals"
            "GetHashCode"
            "ToString"
            "Deconstruct"
            "EqualityContract"
            "op_Equality"
            "op_Inequality"
        |]
    )

let blockProperties (t: Type) =
    t.GetNestedTypes()
    |> Array.filter (fun g -> g.Name.StartsWith "<G>")
    |> Array.collect (fun group -> group.GetProperties here)

let entries (t: Type) =
    let properties = t.GetProperties here |> Array.filter written |> Array.map propertyEntry

    let extended =
        blockProperties t
        |> Array.map (fun p ->
            let entry = propertyEntry p
            { entry with Signature = entry.Signature.Replace($" <b>{p.Name}</b> ", $" t.<b>{p.Name}</b> ") })

    let methods =
        if t.IsSubclassOf typeof<Delegate> then
            [| { methodEntry t (t.GetMethod "Invoke") with Name = "call"; Id = "" } |]
        else
            t.GetMethods here
            |> Array.filter (fun m -> written m && not (m.Name.StartsWith "get_" || m.Name.StartsWith "set_"))
            |> Array.map (methodEntry t)

    let constructors =
        if isRecord t then
            t.GetConstructors()
            |> Array.filter (fun c ->
                c.GetParameters().Length > 0 && (Array.head (c.GetParameters())).ParameterType <> t)
            |> Array.map (fun c -> {
                Name = "new"
                Signature =
                    listed $"new <b>{plainName t}</b>(" ")" (c.GetParameters() |> Array.map parameter)
                Id = ""
                Parameters = c.GetParameters()
            })
        else
            [||]

    Array.concat [ constructors; properties; extended; methods ]

/// Members with the anchors of their places on the page: overloads get numbers.
let anchored (t: Type) =
    let seen = Collections.Generic.Dictionary<string, int>()

    entries t
    |> Array.map (fun entry ->
        let name = Regex.Replace(entry.Name, "[^A-Za-z0-9]", "-")

        let n =
            match seen.TryGetValue name with
            | true, n -> n + 1
            | false, _ -> 1

        seen[name] <- n
        (if n = 1 then name else $"{name}-{n}"), entry)

/// The first overload of each name.
let named (t: Type) = anchored t |> Array.distinctBy (fun (_, entry) -> entry.Name)

let members (t: Type) =
    anchored t
    |> Array.map (fun (id, entry) ->
        $"""<section class="member"><h3 id="{id}" class="signature"><a href="#{id}"><code>{entry.Signature}</code></a></h3>
<div class="about">{described (comment entry.Id)}</div></section>""")
    |> String.concat "\n"

/// A page of fsdocs with another text, title and contents.
let frame =
    let model = File.ReadAllText(Path.Combine(site, "reference", "index.html"))

    fun (title: string) (description: string) (places: (string * string) seq) (content: string) ->
        let title = escape title

        let swap (pattern: string) (text: string) html =
            Regex.Replace(html, pattern, MatchEvaluator(fun _ -> text), RegexOptions.Singleline)

        model
        |> swap "<title>.*?</title>" $"<title>{title} | Cotangent</title>"
        |> swap "<meta property=\"og:title\"[^>]*>" $"<meta property=\"og:title\" content=\"{title}\">"
        |> swap
            "<meta name=\"description\"[^>]*>"
            $"<meta name=\"description\" content=\"{escape description}\">"
        |> swap
            "<main id=\"content\">.*</main>"
            $"<main id=\"content\" class=\"reference\">\n{content}\n</main>"
        |> swap
            "<aside id=\"toc\">.*?</aside>"
            ("<aside id=\"toc\"><p>On this page</p><ul>"
             + String.concat "" [
                 for id, name in places -> $"<li class=\"level-2\"><a href=\"#{id}\">{escape name}</a></li>"
             ]
             + "</ul></aside>")

let types =
    facade.GetExportedTypes()
    |> Array.filter (fun t -> not t.IsNested && not (t.Name.StartsWith '<'))
    |> Array.sortBy (fun t -> t.FullName)

let plain (html: string) = WebUtility.HtmlDecode(Regex.Replace(html, "<[^>]*>", ""))

let page (t: Type) =
    let kind, name = declaration t
    let id = "T:" + t.FullName
    let nested = t.GetNestedTypes() |> Array.filter (fun n -> not (n.Name.StartsWith '<'))

    let parts =
        nested
        |> Array.map (fun n ->
            let kind, name = declaration n
            let about = described (comment ("T:" + n.FullName.Replace('+', '.')))
            $"<h2 id=\"{plainName n}\">{plainName t}.{escape name} <small>{kind}</small></h2>{about}{members n}")
        |> String.concat "\n"

    let html =
        $"<h1>{escape name} <small>{kind}</small></h1>\n{described (comment id)}\n{members t}\n{parts}"

    File.WriteAllText(
        Path.Combine(folder, fileOf t + ".html"),
        frame
            $"{name} (C#)"
            (plain (summary id))
            [
                for id, entry in named t -> id, entry.Name
                for n in nested -> plainName n, $"{plainName t}.{plainName n}"
            ]
            html
    )

/// The folder of src/CSharp in which a type is defined tells its topic.
let topics =
    let source = Path.Combine(Page.repository, "src", "CSharp")

    let files =
        Directory.GetFiles(source, "*.cs", SearchOption.AllDirectories)
        |> Array.filter (fun f -> not (f.Contains "/obj/" || f.Contains "/bin/"))

    let texts =
        files |> Array.map (fun file -> Path.GetFileName(Path.GetDirectoryName file), File.ReadAllText file)

    fun (t: Type) ->
        texts
        |> Array.tryFind (fun (_, text) ->
            Regex.IsMatch(text, $@"\b(class|record|struct|delegate Tensor) {plainName t}\b"))
        |> Option.map fst
        |> Option.defaultWith (fun () -> failwith $"{t.Name} is in no file of {source}.")

let shown = [ "Transformations"; "Tensors"; "Layers"; "Training"; "Optimizers"; "Checkpoints" ]

let forgotten = types |> Array.map topics |> Array.distinct |> Array.except shown

if forgotten.Length > 0 then failwith $"Folders without a heading: %A{forgotten}."

let index () =
    let row (t: Type) =
        let kind, name = declaration t
        let about = summary ("T:" + t.FullName)
        $"<tr><td><a href=\"{fileOf t}.html\"><code>{escape name}</code></a></td><td>{about}</td></tr>"

    let group topic =
        let rows = types |> Array.filter (fun t -> topics t = topic) |> Array.map row |> String.concat "\n"
        $"<h2 id=\"{topic}\">{topic}</h2><table><tbody>{rows}</tbody></table>"

    let html =
        "<h1>C# reference</h1><p>The package <code>Cotangent.CSharp</code>, namespace <code>Cotangent</code>. It adds to the types of the F# library, "
        + "which C# uses as they are: "
        + String.concat ", " [
            for t in
                [
                    typeof<Cotangent.Tensor>
                    typeof<Cotangent.DType>
                    typeof<Cotangent.Key>
                    typeof<Cotangent.Activation>
                    typeof<Cotangent.TensorPart>
                    typeof<Cotangent.CotangentException>
                ] -> $"<code>{linked t t.Name}</code>"
        ]
        + ". Methods of <code>Tensor</code> are extension methods, grouped below by topic. Quick start: <a href=\"../quickstart-csharp.html\">C#</a>.</p>"
        + String.concat "\n" (List.map group shown)

    File.WriteAllText(
        Path.Combine(folder, "index.html"),
        frame
            "C# reference"
            "The API reference of the C# facade Cotangent.CSharp."
            [ for topic in shown -> topic, topic ]
            html
    )

/// Into the index that the search reads.
let search () =
    let file = Path.Combine(site, "index.json")
    let entries = JsonNode.Parse(File.ReadAllText file).AsArray()

    let add (uri: string) (title: string) (content: string) =
        let entry = JsonObject()
        entry["uri"] <- JsonValue.Create $"@root@/reference-csharp/{uri}"
        entry["title"] <- JsonValue.Create title
        entry["content"] <- JsonValue.Create content
        entry["headings"] <- JsonArray()
        entry["type"] <- JsonValue.Create "apiDocs"
        entries.Add entry

    for t in types do
        add $"{fileOf t}.html" $"{snd (declaration t)} (C#)" (plain (summary ("T:" + t.FullName)))

        for id, entry in named t do
            add $"{fileOf t}.html#{id}" $"{plainName t}.{entry.Name} (C#)" (plain (summary entry.Id))

    File.WriteAllText(file, entries.ToJsonString())

let undocumented = [
    for t in types do
        if summary ("T:" + t.FullName) = "" then t.Name

        for entry in entries t do
            if entry.Id <> "" && (comment entry.Id).IsNone then $"{t.Name}.{entry.Name}: {entry.Id}"
]

if not undocumented.IsEmpty then
    for name in undocumented do
        eprintfn "%s has no documentation comment" name

    exit 1

Directory.CreateDirectory folder |> ignore
Array.iter page types
index ()
search ()
printfn "C# reference: %d types" types.Length
