using System.Text;
using Gateway.Clusters;
using Gateway.Probing.Answers;
using Gateway.Probing.Connections;

namespace Gateway.Probing.Kinds;

/// <summary>Asks an agent on the destination for its state and its share of traffic: over TCP in the words of HAProxy's
/// agent-check, or, with a path, over HTTP for Kemp's number.</summary>
/// <remarks>An agent that cannot be asked says nothing: its last word stays. Whether a destination works is for the other
/// probes to find out.</remarks>
internal sealed class AgentProber : IProber
{
    private const int MaxLine = 1024;

    private readonly byte[] _send;
    private readonly HttpProber? _http;
    private readonly ProbeOptions _options;

    public AgentProber(ProbeOptions options)
    {
        _options = options;
        _send = Encoding.UTF8.GetBytes(options.Send);
        _http = options.Path == "/" ? null : new HttpProber(options);
    }

    public Task<ProbeResult> ProbeAsync(ProbeTarget target, CancellationToken deadline) => ProbeConnection.TalkAsync(
        target, null, null,
        stream => _http is null
            ? AskAsync(stream, deadline)
            : _http.AskAsync(stream, target, HttpRequestText.HostOf(_options, target, 80), JudgeLoadAsync, deadline),
        deadline);

    private static async Task<ProbeResult> JudgeLoadAsync(int status, Stream body, CancellationToken deadline) =>
        status != 200
            ? new ProbeResult(ProbeOutcome.UnexpectedStatus, $"{status}")
            : Judge(await ReadLineAsync(body, deadline), AgentReply.ParseLoad);

    private async Task<ProbeResult> AskAsync(Stream stream, CancellationToken deadline)
    {
        if (_send.Length > 0)
        {
            await stream.WriteAsync(_send, deadline);
        }

        return Judge(await ReadLineAsync(stream, deadline), AgentReply.Parse);
    }

    private static ProbeResult Judge(string line, Func<string, AgentReply?> parse) =>
        line.Length == 0 ? new ProbeResult(ProbeOutcome.Closed, "no answer")
        : parse(line) is { } reply ? new ProbeResult(ProbeOutcome.Passed) { Agent = reply }
        : new ProbeResult(ProbeOutcome.UnexpectedAnswer, $"'{Excerpt.Of(line)}'");

    // Up to the first line end, or all that came before the connection was closed.
    private static async Task<string> ReadLineAsync(Stream stream, CancellationToken deadline)
    {
        var line = new byte[MaxLine];
        var length = 0;
        var end = -1;
        while (end < 0 && length < MaxLine && await stream.ReadAsync(line.AsMemory(length), deadline) is > 0 and var read)
        {
            length += read;
            end = line.AsSpan(0, length).IndexOfAny((byte)'\n', (byte)'\r');
        }

        return Encoding.UTF8.GetString(line, 0, end < 0 ? length : end);
    }
}
