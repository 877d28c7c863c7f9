using System.Text.RegularExpressions;
using Gateway.Tests.Support;

namespace Gateway.Tests.Configuration;

/// <summary>Holds docs/configuration.md against the schema: every key with its values, default and meaning, and no key
/// that is gone.</summary>
public partial class ConfigurationPageTests
{
    [Fact]
    public void Page_HasEveryKeyOfTheSchema_AndNoOther()
    {
        var expected = SchemaTables.Rows().Select(row => $"{row.Path}: {row.Row}").ToHashSet();
        var written = Written().ToHashSet();

        Assert.Equal("", string.Join('\n', expected.Except(written).Select(row => $"missing {row}")));
        Assert.Equal("", string.Join('\n', written.Except(expected).Select(row => $"not in the schema {row}")));
    }

    /// <summary>The rows of the page, each under every path its heading names.</summary>
    private static IEnumerable<string> Written()
    {
        IReadOnlyList<string> paths = [];
        foreach (var line in File.ReadLines(Path.Combine(SourceTree.Root, "docs", "configuration.md")))
        {
            if (line.StartsWith('#'))
            {
                var named = Code().Matches(line).Select(match => match.Groups[1].Value).ToList();
                paths = named.Count == 0 ? [""] : named;
            }
            else if (line.StartsWith("| `", StringComparison.Ordinal))
            {
                foreach (var path in paths)
                {
                    yield return $"{path}: {line}";
                }
            }
        }
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();
}
