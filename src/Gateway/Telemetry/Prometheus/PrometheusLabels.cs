using System.Globalization;
using System.Text;
using OpenTelemetry;

namespace Gateway.Telemetry.Prometheus;

/// <summary>Writes tags as labels: <c>cluster="web",reason="connect_refused"</c>.</summary>
internal static class PrometheusLabels
{
    /// <summary>The text between the braces. Keys that are the same once cleaned are one label, their values joined by
    /// <c>;</c>, as the OpenTelemetry specification asks.</summary>
    public static string Render(ReadOnlyTagCollection tags)
    {
        var pairs = new List<KeyValuePair<string, object?>>(tags.Count);
        foreach (var tag in tags)
        {
            pairs.Add(tag);
        }

        return Render(pairs);
    }

    public static string Render(IReadOnlyList<KeyValuePair<string, object?>> tags)
    {
        var labels = new List<(string Name, string Value)>(tags.Count);
        foreach (var (key, value) in tags)
        {
            var name = PrometheusName.Label(key);
            var text = Text(value);
            var same = labels.FindIndex(label => label.Name == name);
            if (same < 0)
            {
                labels.Add((name, text));
            }
            else
            {
                labels[same] = (name, $"{labels[same].Value};{text}");
            }
        }

        var line = new StringBuilder();
        foreach (var (name, value) in labels)
        {
            line.Append(line.Length > 0 ? "," : "").Append(name).Append("=\"");
            Escape(line, value, quotes: true);
            line.Append('"');
        }

        return line.ToString();
    }

    /// <summary>Appends <paramref name="text"/> so that it cannot end its line, or its quotes.</summary>
    public static void Escape(StringBuilder to, string text, bool quotes)
    {
        foreach (var c in text)
        {
            _ = c switch
            {
                '\\' => to.Append("\\\\"),
                '\n' => to.Append("\\n"),
                '"' when quotes => to.Append("\\\""),
                _ => to.Append(c),
            };
        }
    }

    private static string Text(object? value) => value switch
    {
        null => "",
        bool b => b ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
