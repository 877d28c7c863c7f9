using System.Text;
using System.Text.RegularExpressions;

namespace Gateway.Probing.Answers;

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

    public static Expectation Prefix(HexPattern pattern) => new PatternPrefixOfAnswer(pattern);

    public static Expectation Containing(string text) => new PartOfAnswer(Encoding.UTF8.GetBytes(text));

    /// <exception cref="ArgumentException">Not a regular expression.</exception>
    /// <exception cref="NotSupportedException">One that needs backtracking.</exception>
    /// <param name="pattern">What is searched for.</param>
    /// <param name="complete">What an answer matches to which nothing is to come that matters; null is none.</param>
    public static Expectation Matching(string pattern, string? complete = null) =>
        new PatternInAnswer(new Regex(pattern, Dialect), complete is null ? null : new Regex(complete, Dialect));

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

    /// <summary>How many bytes of an answer that passed were needed; what follows is the next step's.</summary>
    public virtual int Used(ReadOnlySpan<byte> answer) => answer.Length;

    private static ProbeResult Missing(ReadOnlySpan<byte> answer) => answer.IsEmpty
        ? new ProbeResult(ProbeOutcome.Closed, "no answer")
        : new ProbeResult(ProbeOutcome.UnexpectedAnswer, $"not in '{Excerpt.Of(answer)}'");

    private sealed class AnyAnswer : Expectation
    {
        public override ProbeResult? Judge(ReadOnlySpan<byte> answer, bool ended) =>
            !answer.IsEmpty ? new ProbeResult(ProbeOutcome.Passed) : ended ? Missing(answer) : null;
    }

    // Decided by the first byte that differs, or by the last that is needed.
    private static ProbeResult? JudgePrefix(int common, int wanted, ReadOnlySpan<byte> answer, bool ended)
    {
        if (common == wanted)
        {
            return new ProbeResult(ProbeOutcome.Passed);
        }

        if (common < answer.Length)
        {
            return new ProbeResult(ProbeOutcome.UnexpectedAnswer, $"'{Excerpt.Of(answer)}'");
        }

        return !ended ? null
            : answer.IsEmpty ? Missing(answer)
            : new ProbeResult(ProbeOutcome.TooShort, $"{answer.Length} of {wanted} bytes");
    }

    private sealed class PrefixOfAnswer(byte[] prefix) : Expectation
    {
        public override ProbeResult? Judge(ReadOnlySpan<byte> answer, bool ended) =>
            JudgePrefix(prefix.AsSpan().CommonPrefixLength(answer), prefix.Length, answer, ended);

        public override int Used(ReadOnlySpan<byte> answer) => prefix.Length;
    }

    private sealed class PatternPrefixOfAnswer(HexPattern pattern) : Expectation
    {
        public override ProbeResult? Judge(ReadOnlySpan<byte> answer, bool ended) =>
            JudgePrefix(pattern.CommonPrefixLength(answer), pattern.Length, answer, ended);

        public override int Used(ReadOnlySpan<byte> answer) => pattern.Length;
    }

    private sealed class PartOfAnswer(byte[] part) : Expectation
    {
        public override ProbeResult? Judge(ReadOnlySpan<byte> answer, bool ended) =>
            answer.IndexOf(part) >= 0 ? new ProbeResult(ProbeOutcome.Passed) : ended ? Missing(answer) : null;
    }

    private sealed class PatternInAnswer(Regex pattern, Regex? complete) : Expectation
    {
        public override ProbeResult? Judge(ReadOnlySpan<byte> answer, bool ended)
        {
            if (answer.IsEmpty)
            {
                return ended ? Missing(answer) : null;
            }

            var text = Encoding.UTF8.GetString(answer);
            return pattern.IsMatch(text) ? new ProbeResult(ProbeOutcome.Passed)
                : ended || complete?.IsMatch(text) == true ? Missing(answer)
                : null;
        }

        public override int Used(ReadOnlySpan<byte> answer)
        {
            var match = pattern.Match(Encoding.UTF8.GetString(answer));
            return BytesOf(answer, match.Index + match.Length);
        }

        // Walked, because bytes that are not UTF-8 are U+FFFD in the text, which says nothing of how many there were.
        private static int BytesOf(ReadOnlySpan<byte> answer, int chars)
        {
            var bytes = 0;
            for (var read = 0; read < chars;)
            {
                Rune.DecodeFromUtf8(answer[bytes..], out var rune, out var length);
                bytes += length;
                read += rune.Utf16SequenceLength;
            }

            return bytes;
        }
    }
}
