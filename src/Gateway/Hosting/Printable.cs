using System.Text.Json.Nodes;

namespace Gateway.Hosting;

/// <summary>Text for a terminal, with control characters as code points (<c>\u001b</c>): what a stranger sends can neither begin
/// a line of its own nor give orders to the terminal of whoever reads it.</summary>
internal static class Printable
{
    /// <summary>The text as it can be shown in one line.</summary>
    public static string Of(string text) => text.Any(char.IsControl) ? string.Concat(text.Select(Shown)) : text;

    /// <summary>The same of every text of an answer, whatever its depth; names of members stay.</summary>
    public static JsonNode Of(JsonNode node) => node switch
    {
        JsonObject members => new JsonObject(members.Select(member => KeyValuePair.Create(member.Key, member.Value is { } value ? Of(value) : null))),
        JsonArray items => new JsonArray([.. items.Select(item => item is null ? null : Of(item))]),
        JsonValue value when value.TryGetValue<string>(out var text) => JsonValue.Create(Of(text)),
        _ => node.DeepClone(),
    };

    private static string Shown(char character) => char.IsControl(character) ? $"\\u{(int)character:x4}" : character.ToString();
}
