using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gateway.Telemetry.AccessLogging;

/// <summary>Writes access records as JSON, one object a line. Not thread-safe.</summary>
/// <remarks>
/// Fields without a value are left out. Times are in milliseconds. Every character that could end the line or its
/// string, or that a terminal would obey, is escaped by <see cref="Utf8JsonWriter"/>.
/// </remarks>
internal sealed class JsonAccessLines(bool query) : IAccessLines, IDisposable
{
    private readonly Utf8JsonWriter _json = new(
        Stream.Null, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });

    public void Write(in AccessRecord record, IBufferWriter<byte> to)
    {
        _json.Reset(to);
        _json.WriteStartObject();
        Span<byte> time = stackalloc byte[AccessFields.TimeLength];
        _json.WriteString("time"u8, time[..AccessFields.WriteTime(record.Time, time)]);
        _json.WriteString("kind"u8, Words.Of(record.Kind));
        WriteClient(record.Client, record.ClientPort);
        WriteListener(record);
        WriteText("route"u8, record.Route);
        WriteText("cluster"u8, record.Cluster);
        WriteText("destination"u8, record.Destination);
        WriteText("method"u8, record.Method);
        WriteText("host"u8, record.Host);
        WriteText("path"u8, record.Path);
        WriteText("query"u8, query ? record.Query : null);
        if (record.Status != 0)
        {
            _json.WriteNumber("status"u8, record.Status);
        }

        _json.WriteNumber("bytes_in"u8, record.BytesIn);
        _json.WriteNumber("bytes_out"u8, record.BytesOut);
        _json.WriteNumber("queue_ms"u8, AccessFields.Milliseconds(record.Queue));
        _json.WriteNumber("connect_ms"u8, AccessFields.Milliseconds(record.Connect));
        _json.WriteNumber("first_byte_ms"u8, AccessFields.Milliseconds(record.FirstByte));
        _json.WriteNumber("total_ms"u8, AccessFields.Milliseconds(record.Total));
        _json.WriteNumber("attempts"u8, record.Attempts);
        _json.WriteString("end"u8, Words.Of(record.End));
        if (record.TraceId != default(ActivityTraceId))
        {
            _json.WriteString("trace_id"u8, record.TraceId.ToHexString());
        }

        _json.WriteEndObject();
        _json.Flush();
        to.Write("\n"u8);
    }

    public void Dispose() => _json.Dispose();

    private void WriteClient(IPAddress? client, int port)
    {
        if (client is null)
        {
            return;
        }

        Span<byte> text = stackalloc byte[AccessFields.AddressLength];
        if (AccessFields.Plain(client).TryFormat(text, out var length))
        {
            _json.WriteString("client"u8, text[..length]);
            _json.WriteNumber("client_port"u8, port);
        }
    }

    private void WriteListener(in AccessRecord record)
    {
        if (record.Local is null)
        {
            WriteText("listener"u8, record.Listener);
            return;
        }

        Span<byte> text = stackalloc byte[AccessFields.EndPointLength];
        _json.WriteString("listener"u8, text[..AccessFields.WriteEndPoint(record.Local, record.LocalPort, text)]);
    }

    private void WriteText(ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            _json.WriteString(name, value);
        }
    }
}
