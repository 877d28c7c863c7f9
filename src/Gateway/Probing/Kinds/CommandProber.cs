using System.Globalization;
using System.Text;
using Gateway.Clusters;
using Gateway.Probing.Answers;
using Gateway.Processes;

namespace Gateway.Probing.Kinds;

/// <summary>Runs a command and looks at its exit code and, if told to, at what it prints.</summary>
/// <remarks>
/// Exit code 0 is good, as for nanny's send_program and keepalived's MISC_CHECK; with an expected text the output must be it,
/// but for line ends at its end. With <see cref="ProbeOptions.WeightFromExit"/>, as keepalived's misc_dynamic: 0 is good
/// with the weight as configured, 1 bad, and 2 to 255 good with a weight two less than the code.
/// With <see cref="ProbeOptions.Strict"/> the table is nanny's: only the output counts, without its last byte, and a command
/// that printed nothing is good if, and only if, a text is expected.
/// The words <c>%h</c> and <c>%p</c> are replaced by address and port; they are in GATEWAY_ADDRESS and GATEWAY_PORT too.
/// </remarks>
internal sealed class CommandProber(ProbeOptions options) : IProber
{
    private const int MaxOutput = 4096;

    public async Task<ProbeResult> ProbeAsync(ProbeTarget target, CancellationToken deadline)
    {
        var (host, port) = target.Parts;
        var words = options.Command.Select(word => word == "%h" ? host : word == "%p" ? port : word).ToArray();
        var environment = new Dictionary<string, string> { ["GATEWAY_ADDRESS"] = host, ["GATEWAY_PORT"] = port };
        var exit = await ChildProcess.RunAsync(words, environment, MaxOutput, deadline);
        return !exit.IsStarted ? new ProbeResult(ProbeOutcome.LocalFailure, exit.Problem!)
            : exit.Problem is not null && deadline.IsCancellationRequested
                ? new ProbeResult(ProbeOutcome.TimedOut, exit.Problem)
            : options.Strict ? JudgeAsNanny(exit)
            : Judge(exit);
    }

    private ProbeResult Judge(ChildExit exit)
    {
        if (exit.Code is not { } code)
        {
            return new ProbeResult(ProbeOutcome.CommandFailed, exit.Problem!);
        }

        var weight = options.WeightFromExit && code >= 2 ? code - 2 : (int?)null;
        if (code != 0 && weight is null)
        {
            return new ProbeResult(ProbeOutcome.CommandFailed, string.Create(CultureInfo.InvariantCulture, $"exit code {code}"));
        }

        var result = options.Expect.Length == 0 ? new ProbeResult(ProbeOutcome.Passed) : JudgeOutput(exit.Output);
        return result with { Weight = options.WeightFromExit ? weight ?? ProbeResult.ConfiguredWeight : null };
    }

    private ProbeResult JudgeOutput(ReadOnlySpan<byte> output) =>
        output.TrimEnd("\r\n"u8).SequenceEqual(Encoding.UTF8.GetBytes(options.Expect))
            ? new ProbeResult(ProbeOutcome.Passed)
            : new ProbeResult(ProbeOutcome.CommandFailed, $"printed '{Excerpt.Of(output)}'");

    // Without an exit code of 0 nanny has no output.
    private ProbeResult JudgeAsNanny(ChildExit exit)
    {
        var output = exit.Code == 0 ? exit.Output.AsSpan() : [];
        var isGood = output.IsEmpty || options.Expect.Length == 0
            ? output.IsEmpty && options.Expect.Length > 0
            : output[..^1].SequenceEqual(Encoding.UTF8.GetBytes(options.Expect));
        return isGood
            ? new ProbeResult(ProbeOutcome.Passed)
            : new ProbeResult(ProbeOutcome.CommandFailed, output.IsEmpty ? "printed nothing" : $"printed '{Excerpt.Of(output)}'");
    }
}
