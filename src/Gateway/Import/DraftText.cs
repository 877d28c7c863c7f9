using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gateway.Import;

/// <summary>Writes a draft as JSON with comments, small sections on one line.</summary>
internal static class DraftText
{
    private const int Width = 110;

    // Quotes, backslashes and controls are escaped; letters of all languages and < > & stay readable, as no browser reads this.
    private static readonly JsonSerializerOptions _texts = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="draft">The whole configuration.</param>
    /// <param name="head">Comments above it.</param>
    public static string Of(Draft draft, IEnumerable<string> head)
    {
        var text = new StringBuilder();
        foreach (var line in head)
        {
            text.Append("// ").Append(Printable(line)).Append('\n');
        }

        text.Append("{\n");
        WriteEntries(text, draft, "  ");
        return text.Append("}\n").ToString();
    }

    private static void WriteEntries(StringBuilder text, Draft draft, string indent)
    {
        var last = draft.Entries.LastOrDefault(entry => !entry.IsOff);
        foreach (var entry in draft.Entries)
        {
            foreach (var comment in entry.Comments)
            {
                text.Append(indent).Append("// ").Append(Printable(comment)).Append('\n');
            }

            var written = new StringBuilder(indent).Append(Quoted(entry.Key)).Append(": ");
            WriteValue(written, entry.Value, indent);
            if (entry.IsOff)
            {
                // With its comma, which a reader who takes the slashes away may leave where it is.
                written.Append(',');
                written.Replace("\n" + indent, "\n" + indent + "// ").Insert(indent.Length, "// ");
            }
            else if (entry != last)
            {
                written.Append(',');
            }

            text.Append(written).Append('\n');
        }
    }

    private static void WriteValue(StringBuilder text, object value, string indent)
    {
        if (OnOneLine(value) is { } line && indent.Length + line.Length <= Width)
        {
            text.Append(line);
        }
        else if (value is Draft section)
        {
            text.Append("{\n");
            WriteEntries(text, section, indent + "  ");
            text.Append(indent).Append('}');
        }
        else if (value is List<Draft> or List<string>)
        {
            var items = value is List<Draft> sections ? sections.Cast<object>().ToList() : [.. (List<string>)value];
            text.Append("[\n");
            for (var i = 0; i < items.Count; i++)
            {
                text.Append(indent).Append("  ");
                WriteValue(text, items[i], indent + "  ");
                text.Append(i == items.Count - 1 ? "\n" : ",\n");
            }

            text.Append(indent).Append(']');
        }
        else
        {
            text.Append(OnOneLine(value));
        }
    }

    /// <summary>The value on one line, or null when it has comments in it.</summary>
    private static string? OnOneLine(object value) => value switch
    {
        string s => Quoted(s),
        bool b => b ? "true" : "false",
        long n => n.ToString(CultureInfo.InvariantCulture),
        List<string> list => list.Count == 0 ? "[]" : $"[ {string.Join(", ", list.Select(Quoted))} ]",
        List<Draft> list when list.TrueForAll(item => OnOneLine(item) is not null) =>
            $"[ {string.Join(", ", list.Select(item => OnOneLine(item)))} ]",
        Draft { Entries.Count: 0 } => "{ }",
        Draft section when section.Entries.All(e => !e.IsOff && e.Comments.Count == 0 && OnOneLine(e.Value) is not null) =>
            $"{{ {string.Join(", ", section.Entries.Select(e => $"{Quoted(e.Key)}: {OnOneLine(e.Value)}"))} }}",
        _ => null,
    };

    private static string Quoted(string text) => JsonSerializer.Serialize(text, _texts);

    /// <summary>Without what would end a comment before its end.</summary>
    private static string Printable(string comment) =>
        string.Concat(comment.Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c));
}
