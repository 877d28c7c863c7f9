using System.Buffers.Binary;
using System.Text;
using Gateway.Clusters;
using Gateway.Probing.Answers;
using Gateway.Probing.Connections;

namespace Gateway.Probing.Kinds;

/// <summary>Begins a session with a PostgreSQL server and looks at what it answers, as pg_isready does.</summary>
/// <remarks>
/// PostgreSQL manual, "Message Formats". Whoever asks for a password ('R') is at work, and so is one that does not know the
/// user or the database ('E' with another code): it has looked them up. Codes of class 57P (starting up, shutting
/// down) and 53 (out of connections, memory or disk) are a server that cannot serve.
/// </remarks>
internal sealed class PostgresProber(ProbeOptions options) : IProber
{
    private const int ProtocolVersion3 = 3 << 16;
    private const int HeaderBytes = 5;
    private const int MaxMessage = 8192;

    private static readonly byte[] _terminate = [(byte)'X', 0, 0, 0, 4];

    private readonly byte[] _startup = Startup(options.User);

    public Task<ProbeResult> ProbeAsync(ProbeTarget target, CancellationToken deadline) =>
        ProbeConnection.TalkAsync(target, null, null, stream => BeginAsync(stream, deadline), deadline);

    /// <summary>The code (SQLSTATE) in the body of an ErrorResponse: fields of a letter and a text each.</summary>
    internal static string CodeIn(ReadOnlySpan<byte> error)
    {
        while (error.Length > 1 && error.IndexOf((byte)0) is > 0 and var end)
        {
            if (error[0] == 'C')
            {
                return Encoding.ASCII.GetString(error[1..end]);
            }

            error = error[(end + 1)..];
        }

        return "";
    }

    private async Task<ProbeResult> BeginAsync(Stream stream, CancellationToken deadline)
    {
        await stream.WriteAsync(_startup, deadline);
        var result = await JudgeAsync(stream, deadline);
        if (result.Passed)
        {
            await stream.WriteAsync(_terminate, deadline);
        }

        return result;
    }

    private static async Task<ProbeResult> JudgeAsync(Stream stream, CancellationToken deadline)
    {
        var header = new byte[HeaderBytes];
        if (await stream.ReadAtLeastAsync(header, HeaderBytes, throwOnEndOfStream: false, deadline) < HeaderBytes)
        {
            return new ProbeResult(ProbeOutcome.Closed, "no answer");
        }

        var length = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(1)) - 4;
        if (header[0] is not ((byte)'R' or (byte)'E') || length is < 0 or > MaxMessage)
        {
            return new ProbeResult(ProbeOutcome.UnexpectedAnswer, $"'{Excerpt.Of(header)}'");
        }

        var body = new byte[length];
        await stream.ReadExactlyAsync(body, deadline);
        var code = header[0] == 'R' ? "" : CodeIn(body);
        return code.StartsWith("57P", StringComparison.Ordinal) || code.StartsWith("53", StringComparison.Ordinal)
            ? new ProbeResult(ProbeOutcome.UnexpectedAnswer, $"SQLSTATE {Excerpt.Of(code)}")
            : new ProbeResult(ProbeOutcome.Passed);
    }

    private static byte[] Startup(string user)
    {
        byte[] fields = [.. "user\0"u8, .. Encoding.UTF8.GetBytes(user), 0, .. "application_name\0Gateway\0"u8, 0];
        var message = new byte[8 + fields.Length];
        BinaryPrimitives.WriteInt32BigEndian(message, message.Length);
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(4), ProtocolVersion3);
        fields.CopyTo(message, 8);
        return message;
    }
}
