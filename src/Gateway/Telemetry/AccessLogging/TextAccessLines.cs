using System.Buffers;
using System.Diagnostics;
using System.Net;

namespace Gateway.Telemetry.AccessLogging;

/// <summary>Writes access records as fields separated by single spaces, always the same number of them.</summary>
/// <remarks>
/// <c>time kind client listener route cluster/destination "METHOD host path" status in/out queue/connect/first/total
/// attempts end trace</c>. A field without a value is <c>-</c>. Example:
/// <code>2030-01-01T00:00:00.000Z http 192.0.2.7:50112 0.0.0.0:8080 web app/a "GET example.org /cart" 200 412/5120
/// 0/0.4/12.1/12.9 1 completed -</code>
/// What a client wrote cannot forge a field or a line: in names a space, in the quoted field a quote, and everywhere a
/// backslash and what is outside of printable ASCII are written as <c>\xHH</c>, byte by byte of UTF-8.
/// </remarks>
internal sealed class TextAccessLines(bool query) : IAccessLines
{
    private static readonly SearchValues<char> _asIs = SearchValues.Create(
        [.. Enumerable.Range('!', 0x7f - '!').Select(c => (char)c).Where(c => c is not ('"' or '\\'))]);

    public void Write(in AccessRecord record, LineWriter to)
    {
        to.Put(record.Time);
        to.Put((byte)' ');
        to.Put(Words.Of(record.Kind));
        to.Put((byte)' ');
        PutEndPoint(to, record.Client, record.ClientPort);
        to.Put((byte)' ');
        if (record.Local is null)
        {
            PutName(to, record.Listener);
        }
        else
        {
            PutEndPoint(to, record.Local, record.LocalPort);
        }

        to.Put((byte)' ');
        PutName(to, record.Route);
        to.Put((byte)' ');
        PutName(to, record.Cluster);
        to.Put((byte)'/');
        PutName(to, record.Destination);
        to.Put((byte)' ');
        PutRequest(to, record);
        to.Put((byte)' ');
        if (record.Status == 0)
        {
            to.Put((byte)'-');
        }
        else
        {
            to.Put(record.Status);
        }

        to.Put((byte)' ');
        to.Put(record.BytesIn);
        to.Put((byte)'/');
        to.Put(record.BytesOut);
        to.Put((byte)' ');
        to.PutMilliseconds(record.Queue);
        to.Put((byte)'/');
        to.PutMilliseconds(record.Connect);
        to.Put((byte)'/');
        to.PutMilliseconds(record.FirstByte);
        to.Put((byte)'/');
        to.PutMilliseconds(record.Total);
        to.Put((byte)' ');
        to.Put(record.Attempts);
        to.Put((byte)' ');
        to.Put(Words.Of(record.End));
        to.Put((byte)' ');
        PutName(to, record.TraceId == default(ActivityTraceId) ? null : record.TraceId.ToHexString());
        to.Put((byte)'\n');
    }

    private static void PutEndPoint(LineWriter to, IPAddress? address, int port)
    {
        if (address is null)
        {
            to.Put((byte)'-');
        }
        else
        {
            to.PutEndPoint(address, port);
        }
    }

    private void PutRequest(LineWriter to, in AccessRecord record)
    {
        if (record.Method is null)
        {
            to.Put((byte)'-');
            return;
        }

        to.Put((byte)'"');
        PutName(to, record.Method);
        to.Put((byte)' ');
        PutName(to, record.Host);
        to.Put((byte)' ');
        PutName(to, record.Path);
        if (query && !string.IsNullOrEmpty(record.Query))
        {
            PutName(to, record.Query);
        }

        to.Put((byte)'"');
    }

    private static void PutName(LineWriter to, string? name)
    {
        if (string.IsNullOrEmpty(name))
        {
            to.Put((byte)'-');
        }
        else if (name.AsSpan().ContainsAnyExcept(_asIs))
        {
            PutEscaped(to, name);
        }
        else
        {
            to.Put(name);
        }
    }

    private static void PutEscaped(LineWriter to, string name)
    {
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in name.EnumerateRunes())
        {
            var octets = utf8[..rune.EncodeToUtf8(utf8)];
            if (octets is [var one] && _asIs.Contains((char)one))
            {
                to.Put(one);
                continue;
            }

            foreach (var octet in octets)
            {
                to.Put("\\x"u8);
                to.Put(HexDigit(octet >> 4));
                to.Put(HexDigit(octet & 0xf));
            }
        }
    }

    private static byte HexDigit(int value) => "0123456789abcdef"u8[value];
}
