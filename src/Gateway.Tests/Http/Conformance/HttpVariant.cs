namespace Gateway.Tests.Http.Conformance;

/// <summary>A way HTTP can be served.</summary>
/// <param name="Transport">The value of <c>Http:Transport</c>.</param>
/// <param name="Forwarder">The value of <c>Http:Forwarder</c>.</param>
/// <param name="PlainLane">The value of <c>Http:PlainLane</c>.</param>
public sealed record HttpVariant(string Transport, string Forwarder, bool PlainLane = false)
{
    /// <summary>All that must behave alike.</summary>
    public static IReadOnlyList<HttpVariant> All { get; } =
        [new("sockets", "yarp"), new("sockets", "gateway"), new("loops", "yarp"), new("loops", "gateway"), new("loops", "gateway", true)];

    /// <summary>Those with Gateway's own forwarder, which is stricter than YARP's.</summary>
    public static IReadOnlyList<HttpVariant> Own { get; } = [.. All.Where(stack => stack.Forwarder == "gateway")];

    /// <summary>Every stack with every one of these.</summary>
    public static IEnumerable<object[]> With(params object[] rows) =>
        from stack in All from row in rows select new[] { stack, row };

    /// <summary>A configuration for this stack.</summary>
    public string Configure(string json) =>
        json.Insert(json.IndexOf('{', StringComparison.Ordinal) + 1, $$""" "Http": { "Transport": "{{Transport}}", "Forwarder": "{{Forwarder}}", "PlainLane": {{(PlainLane ? "true" : "false")}} }, """);

    public override string ToString() => $"{Transport}/{Forwarder}{(PlainLane ? "/plain" : "")}";
}
