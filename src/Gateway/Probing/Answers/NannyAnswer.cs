using System.Text;
using Gateway.Clusters;

namespace Gateway.Probing.Answers;

/// <summary>What piranha's nanny makes of an answer, bug for bug: for those whose checks rely on it.</summary>
/// <remarks>
/// nanny reads once, at most 254 bytes, and no more than the expected text has. Fewer bytes than that are a failure, an
/// answer in two segments therefore too. <c>*</c> is passed by anything, even by a connection that was closed without a byte.
/// A regular expression sees the text up to the first zero byte. Over UDP without an expected text any datagram will do.
/// <example>Expect <c>HTTP</c>, answer <c>HT</c> and then <c>TP</c>: fails here, passes without
/// <see cref="ProbeOptions.Strict"/>.</example>
/// </remarks>
internal sealed class NannyAnswer
{
    private const int Longest = 254;

    private readonly byte[] _expect;
    private readonly Expectation? _pattern;
    private readonly bool _isUdp;

    public NannyAnswer(ProbeOptions options)
    {
        _isUdp = options.Kind == "udp";
        _expect = Encoding.UTF8.GetBytes(options.Expect).AsSpan(..Math.Min(Longest, Encoding.UTF8.GetByteCount(options.Expect))).ToArray();
        _pattern = options.Regex ? Expectation.Matching(options.Expect) : null;
    }

    /// <summary>Whether nanny reads at all.</summary>
    public bool IsRead => _isUdp || _expect.Length > 0;

    /// <summary>How much nanny reads in its one read.</summary>
    public int Wanted => _pattern is not null ? Longest : Math.Max(1, _expect.Length);

    /// <summary>Judges what the one read brought; nothing is the end of the connection.</summary>
    public ProbeResult Judge(ReadOnlySpan<byte> answer)
    {
        if (_pattern is not null)
        {
            var end = answer.IndexOf((byte)0);
            return _pattern.Judge(end < 0 ? answer : answer[..end], ended: true)!.Value;
        }

        return _expect.Length == 0 || _expect.AsSpan().SequenceEqual("*"u8) ? new ProbeResult(ProbeOutcome.Passed)
            : answer.Length < _expect.Length
                ? new ProbeResult(ProbeOutcome.TooShort, $"{answer.Length} of {_expect.Length} bytes in the first read")
            : answer.StartsWith(_expect) ? new ProbeResult(ProbeOutcome.Passed)
            : new ProbeResult(ProbeOutcome.UnexpectedAnswer, $"'{Excerpt.Of(answer)}'");
    }
}
