using System.Text;
using Gateway.Clusters;

namespace Gateway.Probing.Answers;

/// <summary>One step of a conversation: bytes to send, and what must come back.</summary>
/// <param name="Send">Empty sends nothing.</param>
/// <param name="Expected">Null expects nothing.</param>
internal sealed record Exchange(byte[] Send, Expectation? Expected)
{
    public static Exchange Of(ProbeStep step) => new(BytesOf(step.Send, step.SendHex), ExpectationOf(step));

    /// <summary>What stands in the probe itself.</summary>
    public static Exchange Of(ProbeOptions options) => Of(new ProbeStep
    {
        Send = options.Send,
        SendHex = options.SendHex,
        Expect = options.Expect,
        ExpectHex = options.ExpectHex,
        Regex = options.Regex,
    });

    /// <summary>The steps of a probe: what stands in the probe itself, then its list.</summary>
    public static IReadOnlyList<Exchange> AllOf(ProbeOptions options)
    {
        var first = Of(options);
        var further = options.Steps.Select(Of);
        return first is { Send.Length: 0, Expected: null } ? [.. further] : [first, .. further];
    }

    public static byte[] BytesOf(string text, string hex) =>
        hex.Length > 0 ? HexPattern.Parse(hex).ToBytes() : Encoding.UTF8.GetBytes(text);

    private static Expectation? ExpectationOf(ProbeStep step) => step switch
    {
        { ExpectHex.Length: > 0 } => Expectation.Prefix(HexPattern.Parse(step.ExpectHex)),
        { Expect: "" } => null,
        { Regex: true } => Expectation.Matching(step.Expect),
        { Expect: "*" } => Expectation.Anything,
        _ => Expectation.Prefix(step.Expect),
    };
}
