using System.Globalization;

namespace Gateway.Configuration;

/// <summary>Walks a configuration along the schema and reports every key that is unknown and every value that has the
/// wrong type or range.</summary>
/// <remarks>Values are judged as text, as .NET configuration holds them: <c>"3"</c> is a number and <c>"true"</c> a
/// flag, so that an environment variable is judged as the file is.</remarks>
internal sealed class SchemaCheck(List<ConfigurationError> errors)
{
    public void Check(ConfigurationNode node, Schema schema, string path)
    {
        if (schema.IsForbidden)
        {
            Report(node, path, schema, "is not supported");
        }
        else if (node.Kind == NodeKind.Null)
        {
            // Elsewhere it has been taken out, as if the key were not there.
            Report(node, path, schema, "is null in a list", "Remove it.");
        }
        else if (node.Text == Secrets.Hidden)
        {
            Report(node, path, schema, "stands for a value that was not shown", "Write the value itself.");
        }
        else if (schema is { TakesSingle: true, Items: { } single } && !node.IsSection)
        {
            CheckValue(node, single, path);
        }
        else if (schema.IsSection && !node.IsSection)
        {
            CheckValueForSection(node, schema, path);
        }
        else if (schema.Type == "object" && node.Kind == NodeKind.Array)
        {
            Report(node, path, schema, "is a list, not a section", "Write { \"name\": … } instead of [ … ].");
        }
        else if (schema.Type == "array" && !IsList(node))
        {
            Report(node, path, schema, "is a section, not a list", "Write [ … ] instead of { … }.");
        }
        else if (schema.IsSection)
        {
            CheckChildren(node, schema, path);
        }
        else if (schema.Type != "any" && node.IsSection)
        {
            Report(node, path, schema, "is a section, not a single value");
        }
        else if (schema.Type != "any")
        {
            CheckValue(node, schema, path);
        }
    }

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}:{key}";

    /// <summary>An array, or what environment variables make of one: a section whose keys are numbers.</summary>
    private static bool IsList(ConfigurationNode node) =>
        node.Kind == NodeKind.Array || node.Children.All(child => child.Key.All(char.IsAsciiDigit));

    private void CheckValueForSection(ConfigurationNode node, Schema schema, string path)
    {
        // An empty text is what .NET leaves of an empty section.
        if (node.Text is not { Length: > 0 })
        {
            CheckChildren(node, schema, path);
        }
        else
        {
            var (rule, remedy) = schema.Type == "array"
                ? ("is a single value, not a list", $"Write [ \"{node.Text}\" ].")
                : ("is a single value, not a section", null);
            Report(node, path, schema, rule, remedy);
        }
    }

    private void CheckChildren(ConfigurationNode node, Schema schema, string path)
    {
        foreach (var (key, child) in node.Children)
        {
            if (schema.Child(key) is { } known)
            {
                Check(child, known, Join(path, key));
            }
            else if (schema.IsClosed)
            {
                errors.Add(new(Join(path, key), null, "is not a known key",
                    NearestKey.Suggest(key, [.. schema.Properties.Where(p => !p.Value.IsForbidden).Select(p => p.Key)]),
                    child.Origin));
            }
        }

        foreach (var key in schema.Required.Where(key => node.Find(key) is null))
        {
            errors.Add(new(Join(path, key), null, "is missing",
                schema.Properties[key].Remedy ?? "Add the key.", node.Origin));
        }
    }

    private void CheckValue(ConfigurationNode node, Schema schema, string path)
    {
        var text = node.Text!;
        var fits = schema.Type switch
        {
            "boolean" => bool.TryParse(text, out _),
            "integer" => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
                && InRange(whole, schema),
            "number" => decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                && InRange(number, schema),
            _ => FitsText(text, schema),
        };
        if (!fits)
        {
            Report(node, path, schema, Expectation(schema));
        }
    }

    private static bool InRange(decimal value, Schema schema) =>
        !(value < schema.Minimum || value > schema.Maximum || value <= schema.ExclusiveMinimum);

    private static bool FitsText(string text, Schema schema) =>
        (schema.Enum.Count == 0 || schema.Enum.Contains(text, StringComparer.OrdinalIgnoreCase))
        && (schema.Pattern is null || schema.Pattern.IsMatch(text))
        && (schema.Format != "timespan" || IsTime(text, schema))
        && (schema.Format != "endpoint" || ListenAddress.Parse(text) is not null)
        && (schema.Format != "listen" || ListenAddresses.Parse(text).Count > 0)
        && (schema.Format != "address" || NetworkList.ParseAddress(text) is not null)
        && (schema.Format != "network" || NetworkList.Parse(text) is not null)
        && (schema.Format != "uri" || Uri.TryCreate(text, UriKind.Absolute, out _));

    private static bool IsTime(string text, Schema schema) =>
        TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time)
        && ((schema.MayBeUnlimited && time == Timeout.InfiniteTimeSpan) || !(time < schema.Shortest || time > schema.Longest));

    /// <summary>What was expected, as the end of a sentence that begins with the value.</summary>
    private static string Expectation(Schema schema) => schema switch
    {
        { Rule: { } rule } => rule,
        { Type: "boolean" } => "is neither true nor false",
        { Type: "integer" } => "is not a whole number" + Range(schema.Minimum, schema.Maximum),
        { Type: "number", ExclusiveMinimum: { } above } => $"is not a number greater than {above}",
        { Type: "number" } => "is not a number" + Range(schema.Minimum, schema.Maximum),
        { Enum.Count: > 0 } => $"is none of {string.Join(", ", schema.Enum)}",
        { Format: "timespan" } => "is not a time span" + Range(schema.Shortest, schema.Longest),
        { Format: "uri" } => "is not an absolute URI",
        _ => $"does not match {schema.Pattern}",
    };

    private static string Range<T>(T? least, T? most)
        where T : struct => (least, most) switch
        {
            (not null, not null) => $" from {least} to {most}",
            (not null, null) => $" of at least {least}",
            (null, not null) => $" of at most {most}",
            _ => "",
        };

    private void Report(ConfigurationNode node, string path, Schema schema, string rule, string? remedy = null) =>
        errors.Add(new(path, node.IsSection ? null : node.Written, schema.IsForbidden ? schema.Rule ?? rule : rule,
            remedy ?? schema.Remedy ?? DefaultRemedy(schema, node), node.Origin));

    private static string DefaultRemedy(Schema schema, ConfigurationNode node) => schema switch
    {
        { IsForbidden: true } => "Remove the key.",
        { Type: "boolean" } => "Write true or false.",
        { Enum.Count: > 0 } when node.Text is { } text => NearestKey.Suggest(text, schema.Enum),
        { Format: "timespan" } => "Write hours:minutes:seconds, such as 00:00:30 for half a minute.",
        { Type: "array" } => "Write [ … ].",
        { Type: "object" } => "Write { … }.",
        _ => "Write a value that fits, or remove the key to get the default.",
    };
}
