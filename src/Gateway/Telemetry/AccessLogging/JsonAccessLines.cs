using System.Buffers;
using System.Diagnostics;
using System.Text.Encodings.Web;

namespace Gateway.Telemetry.AccessLogging;

/// <summary>Writes access records as JSON, one object a line.</summary>
/// <remarks>
/// Fields without a value are left out. Times are in milliseconds. Every character that could end the line or its
/// string, or that a terminal would obey, is escaped by <see cref="JavaScriptEncoder"/>.
/// </remarks>
internal sealed class JsonAccessLines(bool query) : IAccessLines
{
    // All that the encoder leaves as it is, of ASCII: nearly every text is of nothing else.
    private static readonly SearchValues<char> _asIs = SearchValues.Create(
        [.. Enumerable.Range(' ', 0x7f - ' ').Select(c => (char)c).Where(c => c is not ('"' or '\\'))]);

    public void Write(in AccessRecord record, LineWriter to)
    {
        to.Put("{\"time\":\""u8);
        to.Put(record.Time);
        to.Put("\",\"kind\":\""u8);
        to.Put(Words.Of(record.Kind));
        to.Put((byte)'"');
        if (record.Client is { } client)
        {
            to.Put(",\"client\":\""u8);
            to.Put(client);
            to.Put("\",\"client_port\":"u8);
            to.Put(record.ClientPort);
        }

        if (record.Local is { } local)
        {
            to.Put(",\"listener\":\""u8);
            to.PutEndPoint(local, record.LocalPort);
            to.Put((byte)'"');
        }
        else
        {
            PutText(to, ",\"listener\":\""u8, record.Listener);
        }

        PutText(to, ",\"route\":\""u8, record.Route);
        PutText(to, ",\"cluster\":\""u8, record.Cluster);
        PutText(to, ",\"destination\":\""u8, record.Destination);
        PutText(to, ",\"method\":\""u8, record.Method);
        PutText(to, ",\"host\":\""u8, record.Host);
        PutText(to, ",\"path\":\""u8, record.Path);
        PutText(to, ",\"query\":\""u8, query ? record.Query : null);
        if (record.Status != 0)
        {
            PutNumber(to, ",\"status\":"u8, record.Status);
        }

        PutNumber(to, ",\"bytes_in\":"u8, record.BytesIn);
        PutNumber(to, ",\"bytes_out\":"u8, record.BytesOut);
        PutTime(to, ",\"queue_ms\":"u8, record.Queue);
        PutTime(to, ",\"connect_ms\":"u8, record.Connect);
        PutTime(to, ",\"first_byte_ms\":"u8, record.FirstByte);
        PutTime(to, ",\"total_ms\":"u8, record.Total);
        PutNumber(to, ",\"attempts\":"u8, record.Attempts);
        to.Put(",\"end\":\""u8);
        to.Put(Words.Of(record.End));
        to.Put((byte)'"');
        if (record.TraceId != default(ActivityTraceId))
        {
            PutText(to, ",\"trace_id\":\""u8, record.TraceId.ToHexString());
        }

        to.Put("}\n"u8);
    }

    private static void PutText(LineWriter to, ReadOnlySpan<byte> name, string? value)
    {
        if (value is null)
        {
            return;
        }

        to.Put(name);
        to.Put(value.AsSpan().ContainsAnyExcept(_asIs) ? JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(value) : value);
        to.Put((byte)'"');
    }

    private static void PutNumber(LineWriter to, ReadOnlySpan<byte> name, long value)
    {
        to.Put(name);
        to.Put(value);
    }

    private static void PutTime(LineWriter to, ReadOnlySpan<byte> name, TimeSpan time)
    {
        to.Put(name);
        to.PutMilliseconds(time);
    }
}
