using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;

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
    private readonly StringBuilder _line = new();

    public void Write(in AccessRecord record, IBufferWriter<byte> to)
    {
        Span<byte> time = stackalloc byte[AccessFields.TimeLength];
        _line.Clear();
        _line.Append(Encoding.ASCII.GetString(time[..AccessFields.WriteTime(record.Time, time)])).Append(' ');
        _line.Append(Words.Of(record.Kind)).Append(' ');
        AppendEndPoint(record.Client, record.ClientPort).Append(' ');
        _ = record.Local is null ? AppendName(record.Listener) : AppendEndPoint(record.Local, record.LocalPort);
        _line.Append(' ');
        AppendName(record.Route).Append(' ');
        AppendName(record.Cluster).Append('/');
        AppendName(record.Destination).Append(' ');
        AppendRequest(record);
        _line.Append(' ').Append(record.Status == 0 ? "-" : record.Status.ToString(CultureInfo.InvariantCulture));
        _line.Append(CultureInfo.InvariantCulture, $" {record.BytesIn}/{record.BytesOut} ");
        AppendTime(record.Queue).Append('/');
        AppendTime(record.Connect).Append('/');
        AppendTime(record.FirstByte).Append('/');
        AppendTime(record.Total);
        _line.Append(CultureInfo.InvariantCulture, $" {record.Attempts} {Words.Of(record.End)} ");
        _line.Append(record.TraceId == default(ActivityTraceId) ? "-" : record.TraceId.ToHexString()).Append('\n');
        foreach (var chunk in _line.GetChunks())
        {
            Encoding.ASCII.GetBytes(chunk.Span, to);
        }
    }

    private StringBuilder AppendEndPoint(IPAddress? address, int port)
    {
        if (address is null)
        {
            return _line.Append('-');
        }

        Span<byte> text = stackalloc byte[AccessFields.EndPointLength];
        return _line.Append(Encoding.ASCII.GetString(text[..AccessFields.WriteEndPoint(address, port, text)]));
    }

    private void AppendRequest(in AccessRecord record)
    {
        if (record.Method is null)
        {
            _line.Append('-');
            return;
        }

        _line.Append('"');
        AppendName(record.Method).Append(' ');
        AppendName(record.Host).Append(' ');
        AppendName(record.Path);
        if (query && !string.IsNullOrEmpty(record.Query))
        {
            AppendName(record.Query);
        }

        _line.Append('"');
    }

    private StringBuilder AppendTime(TimeSpan time) =>
        _line.Append(CultureInfo.InvariantCulture, $"{AccessFields.Milliseconds(time)}");

    private StringBuilder AppendName(string? name)
    {
        if (string.IsNullOrEmpty(name))
        {
            return _line.Append('-');
        }

        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in name.EnumerateRunes())
        {
            if (rune.Value is > ' ' and < 0x7f and not ('"' or '\\'))
            {
                _line.Append((char)rune.Value);
                continue;
            }

            foreach (var octet in utf8[..rune.EncodeToUtf8(utf8)])
            {
                _line.Append(CultureInfo.InvariantCulture, $"\\x{octet:x2}");
            }
        }

        return _line;
    }
}
