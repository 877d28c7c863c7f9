using Gateway.Configuration;
using Gateway.Tests.Support;

namespace Gateway.Tests.Configuration;

/// <summary>One row for each error of each key, and one for each key with values that are right.</summary>
public class ConfigurationRowsTests
{
    private static readonly Dictionary<string, string> _short = new()
    {
        ["@R"] = "ReverseProxy:Routes:web",
        ["@C"] = "ReverseProxy:Clusters:web",
        ["@D"] = "ReverseProxy:Clusters:web:Destinations:a",
        ["@V"] = "VirtualServers:smtp",
        ["@E"] = "Kestrel:Endpoints:Http",
        ["@L"] = "Kestrel:Limits",
    };

    public static TheoryData<string> Rejections => [.. Rows("rejects.txt")];

    public static TheoryData<string> Acceptances => [.. Rows("accepts.txt")];

    [Theory]
    [MemberData(nameof(Rejections))]
    public void Rejects_Row(string row)
    {
        var (key, cells) = Split(row);

        var result = Given(row, cells[0]).Load();

        var error = Assert.Single(result.Errors, e => string.Equals(e.Key, key, StringComparison.OrdinalIgnoreCase));
        Assert.Contains(cells[1], error.ToString(), StringComparison.Ordinal);
        Assert.StartsWith("test.json:1:", error.ToString(), StringComparison.Ordinal);
        Assert.NotEmpty(error.Remedy);
        Assert.Null(result.Configuration);
    }

    [Theory]
    [MemberData(nameof(Acceptances))]
    public void Accepts_Row(string row)
    {
        var (key, cells) = Split(row);
        foreach (var value in cells)
        {
            var result = Given(row, value).Load();

            Assert.DoesNotContain(result.Errors, e => e.Key.StartsWith(key, StringComparison.OrdinalIgnoreCase));
        }
    }

    [Fact]
    public void Rows_EveryConstrainedKey_HasARejection()
    {
        var rejected = Rows("rejects.txt").Select(row => Split(row).Key).Where(Knows)
            .Select(key => SchemaKeys.PatternOf(key, Schema.Gateway)).ToHashSet();

        var missing = SchemaKeys.Values(Schema.Gateway)
            .Where(key => key.Schema is { Type: "integer" or "number" or "boolean" } or { Enum.Count: > 0 }
                or { Pattern: not null } or { Format: not null } or { IsForbidden: true })
            .Select(key => key.Pattern).Where(pattern => !rejected.Contains(pattern));

        Assert.Empty(missing);
    }

    [Fact]
    public void Rows_EveryKey_HasAnAcceptance()
    {
        var accepted = Rows("accepts.txt").Select(row => SchemaKeys.PatternOf(Split(row).Key, Schema.Gateway)).ToHashSet();

        var missing = SchemaKeys.Values(Schema.Gateway)
            .Where(key => !key.Schema.IsForbidden && !accepted.Contains(key.Pattern)).Select(key => key.Pattern);

        Assert.Empty(missing);
    }

    [Fact]
    public void Rejects_AnUnknownKeyInEverySection()
    {
        var sections = SchemaKeys.All(Schema.Gateway).Where(key => key.Schema.IsClosed).Select(key => key.Pattern).ToList();
        foreach (var section in sections)
        {
            var key = section.Replace("*", "any", StringComparison.Ordinal) + ":Xyzzy";

            var errors = new ConfigurationText().With(key, "1").Load().Errors;

            Assert.Contains(errors, e => e.Key == key && e.Rule == "is not a known key");
        }

        Assert.True(sections.Count > 20, "the schema has fewer closed sections than it should");
    }

    [Fact]
    public void Rejects_AValueWhereASectionBelongs_AndASectionWhereAValueBelongs()
    {
        foreach (var (pattern, schema) in SchemaKeys.All(Schema.Gateway).Where(key => !key.Schema.IsForbidden))
        {
            var key = pattern.Replace("*", "any", StringComparison.Ordinal);
            var json = schema.IsSection ? "\"text\"" : """{ "a": 1 }""";

            var errors = new ConfigurationText().With(key, json).Load().Errors;

            Assert.True(schema.Type == "any" || errors.Any(e => e.Key == key), $"{key} takes {json}");
        }
    }

    private static bool Knows(string key) => !key.EndsWith("Wieght", StringComparison.Ordinal) && key != "VirtualServer";

    private static IEnumerable<string> Rows(string file) =>
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Golden", "Configuration", file)).Where(line => line[0] != '#')
            .SelectMany(OfEachProbe);

    // A probe stands at two places.
    private static string[] OfEachProbe(string row) => row.Contains("@P", StringComparison.Ordinal)
        ? [row.Replace("@P", "@C:Probe", StringComparison.Ordinal), row.Replace("@P", "@C:Probes:0", StringComparison.Ordinal)]
        : [row];

    private static (string Key, string[] Cells) Split(string row)
    {
        var cells = row.Split(" | ");
        return (Expand(cells[0].Split(" & ")[^1]), cells[1..]);
    }

    private static ConfigurationText Given(string row, string value)
    {
        var text = new ConfigurationText();
        var assignments = row.Split(" | ")[0].Split(" & ");
        foreach (var assignment in assignments[..^1])
        {
            var equals = assignment.IndexOf('=', StringComparison.Ordinal);
            text.With(Expand(assignment[..equals]), assignment[(equals + 1)..]);
        }

        return text.With(Expand(assignments[^1]), value);
    }

    private static string Expand(string key) => key[0] == '@' ? _short[key[..2]] + key[2..] : key;
}
