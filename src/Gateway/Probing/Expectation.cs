using System.Text;
using System.Text.RegularExpressions;

namespace Gateway.Probing;

/// <summary>What an answer must be like; judges what has come so far, and can therefore stop at the first byte that is
/// wrong or the last one that is needed. Immutable.</summary>
internal abstract class Expectation
{
    /// <summary>No more of an answer than this is read.</summary>
    public const int LimitBytes = 64 * 1024;

    /// <summary>The dialect of regular expressions: without backtracking, so that no answer can make the search take
    /// longer than its length allows.</summary>
    private const RegexOptions Dialect = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    /// <summary>At least one byte.</summary>
    public static Expectation Anything { get; } = new AnyAnswer();

    public static Expectation Prefix(string text) => new PrefixOfAnswer(Encoding.UTF8.GetBytes(text));

    public static Expectation Containing(string text) => new PartOfAnswer(Encoding.UTF8.GetBytes(text));

    /// <exception cref="ArgumentException">Not a regular expression.</exception>
    /// <exception cref="NotSupportedException">One that needs backtracking.</exception>
    public static Expectation Matching(string pattern) => new PatternInAnswer(new Regex(pattern, Dialect));

    /// <summary>Why <paramref name="pattern"/> cannot be searched for, or null when it can.</summary>
    public static string? PatternError(string pattern)
    {
        try
        {
            _ = new Regex(pattern, Dialect);
            return null;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return e.Message;
        }
    }

    /// <summary>
    /// Judges the whole <paramref name="answer"/> so far. Null means that more bytes may decide, which it never returns
    /// when the answer has <paramref name="ended"/>.
    /// </summary>
    public abstract ProbeResult? Judge(ReadOnlySpan<byte> answer, bool ended);

    private static ProbeResult Missing(ReadOnlySpan<byte> answer) => answer.IsEmpty
        ? new ProbeResult(ProbeOutcome.Closed, "no answer")
        : new ProbeResult(ProbeOutcome.UnexpectedAnswer, $"not in '{Excerpt.Of(answer)}'");

    private sealed class AnyAnswer : Expectation
    {
        public override ProbeResult? Judge(ReadOnlySpan<byte> answer, bool ended) =>
            !answer.IsEmpty ? new ProbeResult(ProbeOutcome.Passed) : ended ? Missing(answer) : null;
    }

    private sealed class PrefixOfAnswer(byte[] prefix) : Expectation
    {
        public override ProbeResult? Judge(ReadOnlySpan<byte> answer, bool ended)
        {
            var common = prefix.AsSpan().CommonPrefixLength(answer);
            if (common == prefix.Length)
            {
                return new ProbeResult(ProbeOutcome.Passed);
            }

            if (common < answer.Length)
            {
                return new ProbeResult(ProbeOutcome.UnexpectedAnswer, $"'{Excerpt.Of(answer)}'");
            }

            return !ended ? null
                : answer.IsEmpty ? Missing(answer)
                : new ProbeResult(ProbeOutcome.TooShort, $"{answer.Length} of {prefix.Length} bytes");
        }
    }

    private sealed class PartOfAnswer(byte[] part) : Expectation
    {
        public override ProbeResult? Judge(ReadOnlySpan<byte> answer, bool ended) =>
            answer.IndexOf(part) >= 0 ? new ProbeResult(ProbeOutcome.Passed) : ended ? Missing(answer) : null;
    }

    private sealed class PatternInAnswer(Regex pattern) : Expectation
    {
        public override ProbeResult? Judge(ReadOnlySpan<byte> answer, bool ended)
        {
            if (answer.IsEmpty)
            {
                return ended ? Missing(answer) : null;
            }

            return pattern.IsMatch(Encoding.UTF8.GetString(answer)) ? new ProbeResult(ProbeOutcome.Passed)
                : ended ? Missing(answer)
                : null;
        }
    }
}
