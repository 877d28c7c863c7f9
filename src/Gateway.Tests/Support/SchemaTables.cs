using Gateway.Configuration;

namespace Gateway.Tests.Support;

/// <summary>The tables of docs/configuration.md as the schema would write them.</summary>
internal static class SchemaTables
{
    /// <summary>Each section of values with its heading's path and its rows.</summary>
    public static IEnumerable<(string Path, string Row)> Rows() =>
        SchemaKeys.Values(Schema.Gateway).Select(key => (Parent(key.Pattern), Row(key.Pattern)));

    private static string Parent(string pattern)
    {
        var end = pattern.LastIndexOf(':');
        return end < 0 ? "" : pattern[..end].Replace(":*", ":<id>", StringComparison.Ordinal).Replace(":0", "[]", StringComparison.Ordinal);
    }

    private static string Row(string pattern)
    {
        var schema = pattern.Split(':').Aggregate(Schema.Gateway, (at, key) => at.Child(key)!);
        var byDefault = schema.Default is { } value ? $"`{value}`" : "";
        return $"| `{pattern[(pattern.LastIndexOf(':') + 1)..]}` | {Values(schema)} | {byDefault} | {schema.Description} |";
    }

    private static string Values(Schema schema) => schema switch
    {
        { IsForbidden: true } => schema.Rule!,
        { Items: { } items } => $"list: {Values(items)}",
        { Type: "object", Others: { } others } => $"by id: {Values(others)}",
        { Type: "boolean" } => "`true`, `false`",
        { Enum.Count: > 0 } => string.Join(", ", schema.Enum.Select(value => $"`{value}`")),
        { Type: "integer", Maximum: >= int.MaxValue, Minimum: <= int.MinValue } => "whole number",
        { Type: "integer", Maximum: >= int.MaxValue } => $"whole number, at least {schema.Minimum}",
        { Type: "integer" } => $"whole number, {schema.Minimum} to {schema.Maximum}",
        { ExclusiveMinimum: { } above } => $"number greater than {above}",
        { Type: "number" } => $"number, {schema.Minimum} to {schema.Maximum}",
        { Format: "timespan", Shortest: { } least, Longest: { } most, MayBeUnlimited: true } =>
            $"time, {least:g} to {most:g}, or `-00:00:00.001` for no limit",
        { Format: "timespan", Shortest: { } least, Longest: { } most } => $"time, {least:g} to {most:g}",
        { Format: "timespan", Longest: { } most } => $"time, at most {most:g}",
        { Format: "timespan" } => "time",
        { Format: "endpoint" } => "address:port",
        { Format: "listen" } => "address:port",
        { Format: "address" } => "address",
        { Format: "network" } => "network",
        { Format: "uri" } => "URI",
        _ => "text",
    };
}
