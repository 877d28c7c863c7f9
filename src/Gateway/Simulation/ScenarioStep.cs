using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Simulation;

/// <summary>One thing that happens in a scenario, and what was recorded after it.</summary>
internal sealed record ScenarioStep
{
    public required string Op { get; init; }

    public int Conn { get; init; }

    public string? Src { get; init; }

    public string? Dst { get; init; }

    public bool Hold { get; init; } = true;

    /// <summary>The server recorded: a name, null for none, or undefined when nothing was recorded.</summary>
    public JsonElement Got { get; init; }

    public string? Name { get; init; }

    public int? Weight { get; init; }

    [JsonPropertyName("u")]
    public int UpperThreshold { get; init; }

    [JsonPropertyName("l")]
    public int LowerThreshold { get; init; }

    public ScenarioServer? Server { get; init; }

    public string? Scheduler { get; init; }

    public IReadOnlyList<string>? Flags { get; init; }

    public double Seconds { get; init; }

    public string? Client { get; init; }

    /// <summary>Connections whose entries were waited for to expire.</summary>
    public IReadOnlyList<int> Conns { get; init; } = [];

    /// <summary>Connections whose entries expired meanwhile.</summary>
    public IReadOnlyList<int> Expired { get; init; } = [];

    public IReadOnlyList<string>? Order { get; init; }

    /// <summary>Per server: active, inactive, and with persistence its templates.</summary>
    public IReadOnlyDictionary<string, int[]>? Counts { get; init; }

    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, int[]>>? OtherCounts { get; init; }

    public IReadOnlyList<ScenarioTemplate>? Templates { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Rest { get; init; }

    /// <summary>The kernel settings this step changes: <c>{"net.ipv4.vs.NAME": value}</c> under any key of the step, or a
    /// name and a value beside each other.</summary>
    public IEnumerable<(string Name, int Value)> Settings()
    {
        var prefix = SimulatedService.SettingPrefix;
        var rest = Rest ?? [];
        foreach (var (key, value) in rest)
        {
            var properties = value.ValueKind == JsonValueKind.Object
                ? value.EnumerateObject().Select(property => (property.Name, property.Value))
                : [(key, value)];
            foreach (var (name, setting) in properties.Where(p => p.Item1.StartsWith(prefix, StringComparison.Ordinal)))
            {
                yield return (name[prefix.Length..], Number(setting));
            }
        }

        var named = rest.Values.Where(value => value.ValueKind == JsonValueKind.String)
            .Select(value => value.GetString()!).Append(Name ?? "")
            .FirstOrDefault(text => text.StartsWith(prefix, StringComparison.Ordinal));
        if (named is not null && rest.TryGetValue("value", out var number))
        {
            yield return (named[prefix.Length..], Number(number));
        }
    }

    private static int Number(JsonElement value) => value.ValueKind == JsonValueKind.String
        ? int.Parse(value.GetString()!, System.Globalization.CultureInfo.InvariantCulture)
        : value.GetInt32();
}
